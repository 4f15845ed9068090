"""Breaks in long work on a thread, so that the loop beside it is never kept from running."""

from __future__ import annotations

import time

_EVERY = 100
"""Steps between looks at the clock."""
_WORK_S = 0.003
_REST_S = 0.001


class StoppedError(Exception):
    """Nobody wants the result of this work any more."""


class Pauses:
    """Gives the interpreter up for a moment whenever a thread has worked for some milliseconds.

    A thread that computes takes the interpreter's lock back at once, and each step of the loop that let it go for a
    system call would wait for it again.
    """

    def __init__(self) -> None:
        self._left = _EVERY
        self._since = time.monotonic()
        self._stopped = False

    def stop(self) -> None:
        """Let the work end with `StoppedError` at its next step."""
        self._stopped = True

    def tick(self) -> None:
        """One step is done; raises StoppedError when the work is not wanted any more."""
        self._left -= 1
        if self._left:
            return
        self._left = _EVERY
        if self._stopped:
            raise StoppedError
        now = time.monotonic()
        if now - self._since > _WORK_S:
            time.sleep(_REST_S)
            self._since = time.monotonic()
