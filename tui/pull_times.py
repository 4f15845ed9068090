"""When the dashboard looks at the run: four times a second, and in somebody's typing right after a key."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from .typist import Typist

PULL_S = 0.25
"""A snapshot is pulled four times a second; a command paints at once."""
TYPING_S = 0.3
"""Who has typed within this time most likely types on."""
_LATEST_S = 2 * PULL_S


class PullTimes:
    """Keeps what a pull and its paint take, 10 to 15 ms, out of the way of keys.

    A key that comes meanwhile would wait for both. Right after a key's own paint the next one is farthest away.
    """

    def __init__(self, typist: Typist, clock: Callable[[], float] = monotonic) -> None:
        """`clock` tells seconds."""
        self._typist = typist
        self._clock = clock
        self._pulled = clock()

    def pulled(self) -> None:
        """The run was looked at, for whatever reason."""
        self._pulled = self._clock()

    @property
    def now(self) -> bool:
        """Whether to look at one of the regular moments, which are `PULL_S` apart."""
        since = self._clock() - self._pulled
        return since >= _LATEST_S or (since >= PULL_S / 2 and self._typist.idle_s >= TYPING_S)

    @property
    def after_key(self) -> bool:
        """Whether to look when a key has been painted."""
        return self._clock() - self._pulled >= PULL_S / 2 and not self._typist.waits
