"""What goes into a governor and what comes out of it."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class Signal(Enum):
    """What the end of one attempt says of the server's load."""

    ACCEPTED = "accepted"
    """Answered, whatever the answer."""
    REFUSED = "refused"
    """Turned away for want of room: 429, 503, or a body that says the quota is used up."""
    TIMED_OUT = "timed out"
    LOST = "lost"
    """Says nothing of the load: cancelled, a local fault, a name that does not resolve."""


class Bounds(Struct, frozen=True):
    """The least and the most requests in flight that a governor may choose."""

    least: int = 1
    most: int = 1000

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.most:
            raise ValueError(
                f"bounds of concurrency must be 1 <= least <= most, not {self.least}, {self.most}"
            )

    def clamp(self, limit: float) -> int:
        """The nearest whole limit within the bounds."""
        return max(self.least, min(self.most, round(limit)))


class Decision(Struct, frozen=True):
    """A changed limit or pace, and why."""

    limit: int
    """Requests in flight."""
    pace: float | None
    """Requests started a second; None where nothing has been refused."""
    reason: str
    """Part of a sentence, without the name of the host and the numbers that changed."""
    passing: bool = False
    """A step of a measurement under way: to be applied, and not worth an event of its own."""


def per_s(rate: float) -> str:
    """A rate to be read: three digits that matter, and no exponent (`1,020/s`)."""
    return f"{rate:,.0f}/s" if rate >= 100 else f"{rate:.3g}/s"
