"""Whether somebody types just now, so that the loop they share with ten thousand connections is theirs first."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

GIVES_WAY_S = 0.05
"""How long a key is given: it should be painted within this time."""
ATTENDED_S = 5.0
"""How long after a key another one is likely."""
ATTENDED = 4
"""Requests that go a step further in one iteration of the loop while somebody types."""
PAINTING = 1
"""The same while a key waits for its paint, which takes ten iterations."""


class Courtesy:
    """Asked for by a front end, on any thread; looked at by whoever takes up much of the loop."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        """Nobody has typed yet; `clock` tells seconds."""
        self._clock = clock
        self._typed = float("-inf")

    def give_way(self) -> None:
        """A key was pressed: do little else in each iteration of the loop until it is painted."""
        self._typed = self._clock()

    def at_once(self, most: int) -> int:
        """How many of the `most` requests that could go a step further in this iteration of the loop should do so."""
        idle_s = self.idle_s
        if idle_s >= ATTENDED_S:
            return most
        return min(PAINTING if idle_s < GIVES_WAY_S else ATTENDED, most)

    @property
    def idle_s(self) -> float:
        """How long ago the last key was pressed."""
        return self._clock() - self._typed
