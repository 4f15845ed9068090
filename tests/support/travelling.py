"""An event loop that does not wait: while nothing happens, its clock leaps to the next timer.

Timeouts and waits of minutes pass in moments, and times read from the loop's clock are those of a machine without
load. For runs whose server lives on the same loop. While threads work for the loop, its clock goes as any other.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar

T = TypeVar("T")
_PATIENCE_S = 0.001
"""Real time without an event after which the clock leaps."""


class _Selector(selectors.DefaultSelector):
    ahead_s = 0.0
    """How far the loop's clock is ahead of the machine's."""
    at_work = 0
    """Pieces of work that threads do for the loop."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= _PATIENCE_S or self.at_work:
            return super().select(timeout)
        events = super().select(_PATIENCE_S)
        if not events:
            self.ahead_s += timeout - _PATIENCE_S
        return events

    def work_ends(self, _: asyncio.Future[Any]) -> None:
        self.at_work -= 1


class TravellingLoop(asyncio.SelectorEventLoop):
    """The standard loop with a clock that runs ahead."""

    def __init__(self) -> None:
        self._selecting = _Selector()
        super().__init__(self._selecting)

    def time(self) -> float:
        return super().time() + self._selecting.ahead_s

    def run_in_executor(
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self._selecting.at_work += 1
        future.add_done_callback(self._selecting.work_ends)
        return future


def travel(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end on a loop of that kind."""
    with asyncio.Runner(loop_factory=TravellingLoop) as runner:
        return runner.run(work)
