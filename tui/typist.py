"""When somebody last typed, by which work that would delay a key finds its moment."""

from __future__ import annotations

import math
from collections.abc import Callable
from time import monotonic

from ..core.courtesy import GIVES_WAY_S

PAINTED_S = GIVES_WAY_S
"""After this time a key is painted, and the next one most likely still far away."""


class Typist:
    """Told of each key at once, on the thread that reads the terminal; asked on the loop."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        """Nobody has typed yet; `clock` tells seconds."""
        self._clock = clock
        self._typed = -math.inf

    def typed(self) -> None:
        """A key was pressed."""
        self._typed = self._clock()

    @property
    def idle_s(self) -> float:
        """Seconds since the last key."""
        return self._clock() - self._typed

    @property
    def waits(self) -> bool:
        """Whether a key may still wait for its paint."""
        return self.idle_s < PAINTED_S
