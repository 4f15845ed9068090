"""What goes into the rules, and what comes out of them."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from ...model import FailureKind


class Ruling(Enum):
    """What the rules make of one reply."""

    BY_STATUS = "by status"
    """No rule decides: its status does, as without any rules."""
    SUCCESS = "success"
    """Whatever its status is."""
    FAIL = "fail"
    """Failed for good, whatever its status is."""
    RETRY = "retry"
    """A failed attempt, to be made again within the retry budget whatever the method is; the server has refused."""
    STOP = "stop"
    """Failed for good, and the run is to stop."""
    ERROR = "error"
    """A rule could not be evaluated on a reply that would be a success without it."""


class Judgement(Struct, frozen=True):
    """A ruling, and why: `message` is printable, and empty for BY_STATUS and SUCCESS.

    It quotes the user's rule, never the reply.
    """

    ruling: Ruling
    message: str = ""

    @property
    def kind(self) -> FailureKind | None:
        """The kind of failure that this makes of a reply; None where it does not say."""
        if self.ruling is Ruling.ERROR:
            return FailureKind.RULE
        return FailureKind.REJECTED if self.message else None


class Judged(Struct, frozen=True):
    """One reply as it came, for the rules to look at."""

    status: int
    headers: bytes
    """Raw field lines joined by CRLF, as in `Reply`."""
    body: bytes
    """The decoded content, or its beginning: `Rules.reads` octets are enough."""
    size: int
    """Length of the whole decoded content in bytes."""
    elapsed_ms: float
    """Duration of the attempt."""
