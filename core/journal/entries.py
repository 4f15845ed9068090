"""What goes into the journal, and what comes out to be sent."""

from __future__ import annotations

from msgspec import Struct

from ..model import ConnectTimes, FailureKind, Hop, Reply, State
from .edits import Edit

LOST_MESSAGE = "the journal was damaged: this request may have been sent, and what came of it is lost"
"""What a request ends with that must not be sent again by itself, and whose record was lost."""


class Accepted(Struct, frozen=True, gc=False):
    """A row of the input, ready to be stored; texts hold no secret."""

    id: int
    state: State
    """QUEUED; or INVALID, or FAILED with an unknown outcome, with a message."""
    line: int
    method: str
    url: str
    host: str
    row: str
    spec: str | None
    sealed: int
    message: str | None = None


class Leased(Struct, frozen=True, gc=False):
    """A request that the journal now holds as in flight, so that it may be sent."""

    id: int
    attempt: int
    """The number of the attempt it is leased for, 1-based."""
    tries: int
    """Charged attempts before this one."""
    line: int
    method: str
    url: str
    host: str
    row: str
    spec: str | None
    sealed: int
    lease: int
    """Number of the lease it came with; grows with each."""
    edit: Edit | None = None
    """How a user has edited it."""


class Ended(Struct, frozen=True, gc=False):
    """One attempt that has ended, and the state its request takes."""

    id: int
    attempt: int
    tries: int
    """Charged attempts, this one included where it is charged."""
    state: State
    started: float
    """Wall clock, seconds since the epoch."""
    elapsed_ms: float
    status: int | None
    kind: FailureKind | None
    message: str | None
    reply: Reply | None
    hops: tuple[Hop, ...]
    wire_bytes: int
    times: ConnectTimes | None = None
    """What making a connection took; None where none was made."""


class Noted(Struct, frozen=True, gc=False):
    """Something that happened to the run as a whole."""

    session: int
    at: float
    """Wall clock, seconds since the epoch."""
    kind: str
    """A value of core/past.py EventKind."""
    text: str
    """Printable, secrets masked."""
