"""When a host that refuses requests should rest as a whole; pure."""

from __future__ import annotations

from collections import deque

from .rate_fields import Allowance

_WEIGHT = 0.05
_MUCH = 0.6
"""Share of the last requests refused (an exponential mean over about twenty) that means all of the host."""
_FEW = 5
LONGEST_S = 3600.0
"""Seconds after which a host that asks for more rest is asked again."""
_SCARCE = 0.1
"""Share of a period's allowance below which what is left is spread over the rest of the period."""
_LEAST_SCARCE = 3


class Refusals:
    """What share of its requests a host has refused lately. A stray 429 rests one request, not its host.

    Where refusals ask for different waits, the shortest of the last few is the host's; each request keeps its own.
    """

    __slots__ = ("_asked", "share")

    def __init__(self) -> None:
        self.share = 0.0
        self._asked: deque[float] = deque(maxlen=_FEW)

    def ended(self, *, refused: bool, asked_s: float | None) -> float | None:
        """Take in one reply; for how many seconds the host should rest, where it refuses much and says how long."""
        self.share += _WEIGHT * (refused - self.share)
        if not refused or asked_s is None:
            return None
        self._asked.append(asked_s)
        return min(*self._asked, LONGEST_S) if self.share >= _MUCH else None


def rest(left: Allowance, in_flight: int) -> float:
    """Seconds a host should rest after it has said what it will still take.

    None of it left: until it counts anew. Little left: what is in flight already is taken off, and the rest is
    spread evenly, so that its end is not met at full speed.
    """
    reset_s = min(left.reset_s, LONGEST_S)
    open_slots = left.remaining - in_flight
    if open_slots <= 0:
        return reset_s if left.remaining == 0 else min(reset_s, reset_s / left.remaining)
    scarce = max(_LEAST_SCARCE, _SCARCE * left.limit if left.limit is not None else 0)
    return reset_s / (open_slots + 1) if open_slots <= scarce else 0.0
