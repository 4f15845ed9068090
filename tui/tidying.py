"""Takes away what painting leaves in memory, at moments when nobody would notice."""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import monotonic

EVERY_S = 5.0
"""Painting four times a second leaves some thousand objects a second that refer to one another in circles."""
QUIET_S = 0.1
"""After this time a key is painted, and the next one is most likely not there yet."""
OLDER_EVERY = 20
"""Each so often, what has outlived one generation is looked at too, and with the same share of these the oldest."""


class Tidying:
    """Has circles of objects collected now and then, because the interpreter would do it in the middle of a word.

    It would also wait until there are so many that this takes a tenth of a second. What is young is looked at, whatever is
    in flight included: 5 ms with 100 requests, 40 ms with 2,000.
    """

    def __init__(
        self, clock: Callable[[], float] = monotonic, collect: Callable[[int], object] = gc.collect
    ) -> None:
        """`clock` tells seconds; `collect` gets the oldest generation that is to be looked at."""
        self._clock = clock
        self._collect = collect
        self._typed = 0.0
        self._tidied = clock()
        self._times = 0

    def typed(self) -> None:
        """Somebody types; may be called on any thread."""
        self._typed = self._clock()

    def look(self) -> None:
        """Tidy if it is time to and nobody types; cheap otherwise."""
        now = self._clock()
        if now - self._tidied >= EVERY_S and now - self._typed >= QUIET_S:
            self._tidied = now
            self._times += 1
            older = self._times % OLDER_EVERY == 0
            self._collect(older + (self._times % OLDER_EVERY**2 == 0))
