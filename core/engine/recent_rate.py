"""How often something happened of late, at a constant cost for each time and in constant memory."""

from __future__ import annotations

from array import array

WINDOW_S = 10
"""Seconds looked back on; the one under way counts as far as it has come."""


class RecentRate:
    """A ring of whole seconds; times are seconds on one monotonic clock and never go back."""

    __slots__ = ("_began", "_counts", "_second")

    def __init__(self) -> None:
        self._counts = array("L", [0] * (WINDOW_S + 1))
        self._second = 0
        self._began: float | None = None

    def count(self, now: float) -> None:
        """It happened once more."""
        if self._began is None:
            self._began, self._second = now, int(now)
        elif int(now) != self._second:
            self._advance(int(now))
        self._counts[self._second % len(self._counts)] += 1

    def per_s(self, now: float) -> float:
        """Times a second over the last `WINDOW_S` seconds, or since the first time where that is less long ago."""
        if self._began is None:
            return 0.0
        if int(now) != self._second:
            self._advance(int(now))
        span = min(now - self._began, WINDOW_S + now - int(now))
        return sum(self._counts) / max(span, 1.0)

    def _advance(self, second: int) -> None:
        for passed in range(max(self._second + 1, second - WINDOW_S), second + 1):
            self._counts[passed % len(self._counts)] = 0
        self._second = second
