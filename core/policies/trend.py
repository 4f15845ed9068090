"""How often something has happened lately, counted by the minute."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from math import sqrt

from msgspec import Struct

MINUTE_S = 60
MINUTES_KEPT = 60
"""Minutes that are remembered behind the newest."""
WINDOW = 5
"""Minutes that are compared with as many before them; silence of this length means that it is over."""
_CLEARLY = 1.5


class Direction(StrEnum):
    """Where it goes."""

    NEW = "new"
    """Nothing happened in the window before this one."""
    RISING = "rising"
    STEADY = "steady"
    FALLING = "falling"
    OVER = "over"
    """Nothing has happened for a whole window."""


class Trend(Struct, frozen=True):
    """Counts of the minutes in which something happened, bounded however often and long it does."""

    minutes: tuple[tuple[int, int], ...] = ()
    """Minute since the epoch and count, the oldest first."""

    def counting(self, at: float, count: int = 1) -> Trend:
        """The same after `count` more at a moment; a clock that was set back counts on in the newest minute."""
        minute = int(at // MINUTE_S)
        if self.minutes and minute <= self.minutes[-1][0]:
            newest, before = self.minutes[-1]
            return Trend((*self.minutes[:-1], (newest, before + count)))
        kept = (one for one in self.minutes if one[0] > minute - MINUTES_KEPT)
        return Trend((*kept, (minute, count)))

    def counts(self, now: float, length: int) -> tuple[int, ...]:
        """How often in each of the last `length` minutes, the one under way last."""
        found = dict(self.minutes)
        last = int(now // MINUTE_S)
        return tuple(found.get(minute, 0) for minute in range(last - length + 1, last + 1))

    def direction(self, now: float) -> Direction:
        """The last minutes against those before; a difference that chance may make counts for nothing."""
        counts = self.counts(now, 2 * WINDOW)
        before, lately = sum(counts[:WINDOW]), sum(counts[WINDOW:])
        if not lately:
            return Direction.OVER
        if not before:
            return Direction.NEW
        # The minute under way is not over: what the window before had in as much time.
        expected = before * (WINDOW - 1 + now % MINUTE_S / MINUTE_S) / WINDOW
        if abs(lately - expected) > 2 * sqrt(expected + 1):
            if lately > _CLEARLY * expected:
                return Direction.RISING
            if lately * _CLEARLY < expected:
                return Direction.FALLING
        return Direction.STEADY


NO_TREND = Trend()
"""Of what has not happened, or was not counted by the minute."""


def trend_of(pairs: Iterable[tuple[int, int]]) -> Trend:
    """A trend of minutes in any order; those that are too old against the newest are left out."""
    found = sorted(pairs)
    return Trend(tuple(one for one in found if one[0] > found[-1][0] - MINUTES_KEPT))
