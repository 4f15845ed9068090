"""Takes away what painting leaves in memory, at moments when nobody would notice."""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import monotonic

from .typist import Typist

EVERY_S = 10.0
"""Each layout leaves 80 objects that refer to one another in circles: ten changes of tab a second, 800 of them."""
QUIET_S = 1.0
"""Who has typed within this time may type again at any moment."""
OLDER_EVERY = 20
"""Each so often, what has outlived one generation is looked at too, and with the same share of these the oldest."""


class Tidying:
    """Has circles of objects collected now and then, because the interpreter would do it in the middle of a word.

    It would also wait until there are so many that this takes a tenth of a second. What is young is looked at,
    whatever is in flight included: 5 ms with 100 requests, 60 ms with 2,000.
    """

    def __init__(
        self,
        typist: Typist,
        clock: Callable[[], float] = monotonic,
        collect: Callable[[int], object] = gc.collect,
    ) -> None:
        """`clock` tells seconds; `collect` gets the oldest generation that is to be looked at."""
        self._typist = typist
        self._clock = clock
        self._collect = collect
        self._tidied = clock()
        self._times = 0

    def after_key(self) -> None:
        """Tidy if it is time to, a key having been painted, and no other one waits."""
        if not self._typist.waits:
            self._tidy()

    def look(self) -> None:
        """Tidy if it is time to and nobody types."""
        if self._typist.idle_s >= QUIET_S:
            self._tidy()

    def _tidy(self) -> None:
        if (now := self._clock()) - self._tidied < EVERY_S:
            return
        self._tidied = now
        self._times += 1
        older = self._times % OLDER_EVERY == 0
        self._collect(older + (self._times % OLDER_EVERY**2 == 0))
