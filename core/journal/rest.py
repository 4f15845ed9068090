"""How long to leave a thread to others after work that was done for one reader of a journal."""

from __future__ import annotations

from collections.abc import Callable

SHARE = 0.1
"""Part of its thread that building lists anew may take."""


class Rest:
    """Spaces pieces of work by how long they take."""

    def __init__(self, now: Callable[[], float]) -> None:
        """`now` is a clock in seconds. The first piece may begin at once."""
        self._now = now
        self._until = now()

    @property
    def left_s(self) -> float:
        """Seconds until the next piece may begin; 0 when it may."""
        return max(0.0, self._until - self._now())

    def after(self, took_s: float) -> None:
        """A piece that took so many seconds has ended now."""
        self._until = self._now() + took_s * (1 / SHARE - 1)
