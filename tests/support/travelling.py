"""An event loop that does not wait: while nothing happens, its clock runs ahead to the next timer.

Timeouts and waits of minutes pass in moments, and times read from the loop's clock are those of a machine without
load. For runs whose server lives on the same loop. Work on threads takes real time, which is long on this clock.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
_PATIENCE_S = 0.001
"""Real time without an event after which the clock leaps."""
_LEAP_S = 0.25
"""The most it leaps at once, so that a thread is given a few milliseconds before seconds have passed."""


class _Selector(selectors.DefaultSelector):
    ahead_s = 0.0
    """How far the loop's clock is ahead of the machine's."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= _PATIENCE_S:
            return super().select(timeout)
        events = super().select(_PATIENCE_S)
        if not events:
            self.ahead_s += min(timeout - _PATIENCE_S, _LEAP_S)
        return events


class TravellingLoop(asyncio.SelectorEventLoop):
    """The standard loop with a clock that runs ahead."""

    def __init__(self) -> None:
        self._selecting = _Selector()
        super().__init__(self._selecting)

    def time(self) -> float:
        return super().time() + self._selecting.ahead_s


def travel(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end on a loop of that kind."""
    with asyncio.Runner(loop_factory=TravellingLoop) as runner:
        return runner.run(work)
