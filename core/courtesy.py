"""Whether somebody types just now, so that the loop they share with ten thousand connections is theirs first."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

GIVES_WAY_S = 0.05
"""How long a key is given: it should be painted within this time."""


class Courtesy:
    """Asked for by a front end, on any thread; looked at by whoever takes up much of the loop."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        """Nobody has typed yet; `clock` tells seconds."""
        self._clock = clock
        self._until = 0.0
        self.asked = False
        """Whether somebody has typed, and `due` has not said since that the time is over. Costs nothing to look at."""

    def give_way(self) -> None:
        """A key was pressed: do little else in each iteration of the loop until it is painted."""
        self._until = self._clock() + GIVES_WAY_S
        self.asked = True

    @property
    def due(self) -> bool:
        """Whether a key may still wait for its paint."""
        if self.asked and self._clock() >= self._until:
            self.asked = False
            # A key that came between these two lines is not forgotten.
            self.asked = self._clock() < self._until
        return self.asked
