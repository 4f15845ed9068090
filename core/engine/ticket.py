"""A request on its way through the engine."""

from __future__ import annotations

from msgspec import Struct, field

from ..model import Progress, Request
from ..policies.rules.judgement import Judgement
from ..transport.base import Cancellable


class Ticket(Struct):
    """A leased request: what to send, and what has been charged for it so far."""

    id: int
    request: Request
    url: str
    """Masked."""
    host: str
    attempt: int
    """The number of the attempt it is leased for, 1-based."""
    tries: int
    """Charged attempts before this one."""
    lease: int
    """Number of the journal's lease it came with."""
    suspected: bool = False
    """It was refused with 401, and is sent once more to see whether its credentials have expired."""
    cost: int = 0
    """What its retry took from its host's budget; given back if it succeeds."""
    outdated: bool = False
    """It was sent with credentials that have been replaced since; another attempt is made anew."""


class Flight(Struct):
    """One attempt under way; it holds a slot."""

    ticket: Ticket
    started: float
    """On the loop's clock, which may be as coarse as a millisecond."""
    started_at: float
    """Wall clock, seconds since the epoch."""
    elapsed_s: float = 0.0
    """How long the attempt took, once it has ended."""
    judgement: Judgement | None = None
    """What the user's rules say of its reply."""
    progress: Progress = field(default_factory=Progress)
    under_way: Cancellable | None = None
    """What is being done for it just now."""
    sent: bool = False
    """It may be on the wire."""
    cancelled: bool = False
    abandoned: bool = False
    """It is cancelled because nobody waits for it any more, not because a user wants this request gone."""
    broken_off: bool = False
    """Nobody waits because a user broke the attempt off; else because the run is left."""

    def cancel(self, *, abandoned: bool, broken_off: bool = False) -> None:
        """Have the attempt end without an outcome; a request that a user wants gone is never queued again for it."""
        self.abandoned = abandoned and (self.abandoned or not self.cancelled)
        self.cancelled = True
        self.broken_off = broken_off
        if self.under_way is not None:
            self.under_way.cancel()
