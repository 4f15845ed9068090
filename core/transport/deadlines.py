"""One timeout for many attempts, at a sixth of the price of `asyncio.timeout`, which arms a timer for each.

Where all have the same time, deadlines come in the order in which they were set, so that one timer, for the first
of them, will do.
"""

from __future__ import annotations

import asyncio
from typing import Protocol


class Expiring(Protocol):
    """What must be over in time."""

    def expire(self) -> None:
        """The time is up."""
        ...


class Deadlines:
    """Gives everybody the same time."""

    def __init__(self, seconds: float) -> None:
        """For the running loop."""
        self._loop = asyncio.get_running_loop()
        self._seconds = seconds
        self._open: dict[Expiring, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def enter(self, one: Expiring) -> None:
        """It begins, and is told when its time is up."""
        self._open[one] = at = self._loop.time() + self._seconds
        if self._timer is None:
            self._timer = self._loop.call_at(at, self._expire)

    def leave(self, one: Expiring) -> None:
        """It is over, in time or not."""
        self._open.pop(one, None)

    def close(self) -> None:
        """Let no timer outlive whoever set it."""
        if self._timer is not None:
            self._timer.cancel()

    def _expire(self) -> None:
        self._timer = None
        now = self._loop.time()
        due: list[Expiring] = []
        for one, at in self._open.items():
            if at > now:
                self._timer = self._loop.call_at(at, self._expire)
                break
            due.append(one)
        for one in due:
            if self._open.pop(one, None) is not None:
                one.expire()
