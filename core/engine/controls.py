"""What a user may set while the run goes on: concurrency, rate, and whether the run finds its limits itself."""

from __future__ import annotations

import asyncio

from ..limits.gate import Gate
from ..past import EventKind
from ..policies.governor import Bounds
from .events import EventLog
from .governors import Governors
from .scheduler import Scheduler


class Controls:
    """Takes effect at once, and says so in the events."""

    def __init__(
        self, gate: Gate, scheduler: Scheduler, governors: Governors, events: EventLog, bounds: Bounds
    ) -> None:
        """`bounds` are those of the automatic limits."""
        self._gate = gate
        self._scheduler = scheduler
        self._governors = governors
        self._events = events
        self._bounds = bounds
        self._loop = asyncio.get_running_loop()

    @property
    def auto(self) -> bool:
        """Whether limits are found automatically."""
        return self._governors.on

    @property
    def limit(self) -> int:
        """What may be in flight: as a user set it, or as much as the governed hosts bear."""
        return min(self._gate.limit, self._governors.granted) if self._governors.on else self._gate.limit

    def set_concurrency(self, limit: int) -> None:
        """Set the limit by hand (1 at least): a lower one drains, a higher one takes effect at once."""
        before, governed = self.limit, self._governors.on
        if governed:
            self._governors.switch(False, self._loop.time(), keep_paces=True)
        self._gate.limit = limit
        if self._gate.limit == before and not governed:
            return
        draining = self._gate.in_use - self._gate.limit
        rest = f"; {draining} in flight above it drain" if draining > 0 else ""
        off = ", which turns the governor off; each host keeps its pace" if governed else ""
        self._events.say(
            EventKind.CONCURRENCY, f"Concurrency {before}→{self._gate.limit} by hand{off}{rest}."
        )
        self._scheduler.pump()

    def set_auto(self, on: bool) -> None:
        """Let limits be found, or keep the one that was found last."""
        if on == self._governors.on:
            return
        limit = self.limit
        self._governors.switch(on, self._loop.time())
        self._gate.limit = self._bounds.most if on else limit
        text = (
            "Governor on: the limit of each host is found automatically."
            if on
            else f"Governor off: {limit} stay."
        )
        self._events.say(EventKind.GOVERNOR, text)
        self._scheduler.pump()

    def set_rate(self, per_second: float | None) -> None:
        """Limit how many requests start a second; None lifts the limit, and that of each host."""
        self._scheduler.rate = per_second
        if per_second is None and not self._governors.on:
            self._governors.set_rate(None, self._loop.time())
            self._scheduler.pump()
        self._tell_rate("Rate limit", per_second)

    def set_rate_per_host(self, per_second: float | None) -> None:
        """The same for each host, in place of the paces that a governor has left."""
        now = self._loop.time()
        self._governors.set_rate(per_second, now)
        self._tell_rate("Rate limit of each host", per_second)
        self._scheduler.pump()

    def _tell_rate(self, what: str, per_second: float | None) -> None:
        text = f"{what} {per_second:g} requests/s by hand." if per_second else f"{what} lifted by hand."
        self._events.say(EventKind.RATE, text)
