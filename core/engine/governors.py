"""Automatic limits: a governor for each host, fed by the attempts that land, and what it decides put in force."""

from __future__ import annotations

from collections.abc import Callable

from ..limits.hosts import HostLimits
from ..past import EventKind
from ..policies.governor import Bounds, Decision, Governor, Signal

START = 4
"""Requests in flight to a host of which nothing is known yet."""
_MOST_HOSTS = 5000
_FEW = 16
"""Hosts whose limits are added up each time; those of more are as of the last `tick`."""


class Governors:
    """The governors of all hosts; those of hosts with nothing in flight may be forgotten and learned anew."""

    def __init__(
        self,
        limits: HostLimits,
        bounds: Bounds,
        say: Callable[[EventKind, str], None],
        changed: Callable[[str], None],
    ) -> None:
        """`bounds` are those of every governor; `changed` is called with a host that may start something now."""
        self._limits = limits
        self._bounds = bounds
        self._say = say
        self._changed = changed
        self._governors: dict[str, Governor] = {}
        self._on = False
        self._granted = bounds.clamp(START)

    @property
    def on(self) -> bool:
        """Whether limits are found automatically."""
        return self._on

    @property
    def granted(self) -> int:
        """Requests that all hosts with something in flight may have together, or had when last there were any."""
        if len(self._limits.busy) <= _FEW:
            self._add_up()
        return self._granted

    def switch(self, on: bool, now: float, *, keep_paces: bool = False) -> None:
        """Govern every host, from what it has in flight; or give all of them the run's own limits again.

        `keep_paces` leaves each host at the pace that was found for it.
        """
        self._on = on
        self._granted = self._bounds.clamp(START)
        self._limits.set_concurrency(self._bounds.clamp(START) if on else None)
        self._governors.clear()
        for host in {*self._limits.limited, *self._limits.busy}:
            if on and self._limits.in_use(host):
                self._governor(host, now)
            elif on:
                self._release(host, now)
            else:
                limit = self._limits.of(host) if keep_paces else None
                pace = limit.pacer.per_second if limit is not None else None
                self._limits.restrict(host, None, pace, now)
                self._changed(host)

    def set_rate(self, per_second: float | None, now: float) -> None:
        """Another rate for every host, which no pace that is found exceeds; None for no such rate."""
        self._limits.set_rate(per_second, now)
        for host, governor in self._governors.items():
            self._limits.restrict(host, governor.limit, governor.pace, now)
        for host in tuple(self._limits.limited):
            self._changed(host)

    def landed(self, host: str, signal: Signal, elapsed_s: float, now: float) -> None:
        """Take in one attempt, whose slot has been given back already."""
        if self._on:
            governor = self._governor(host, now)
            before = governor.limit
            decision = governor.ended(now, signal, elapsed_s, self._limits.in_use(host) + 1)
            self._follow(host, governor, before, decision, now)

    def tick(self, now: float) -> None:
        """Let time act on hosts that have something in flight; a few times a second."""
        self._add_up()
        for host in tuple(self._limits.busy) if self._on else ():
            governor = self._governors.get(host)
            if governor is not None:
                before = governor.limit
                decision = governor.tick(now, self._limits.in_use(host))
                self._follow(host, governor, before, decision, now)

    def _add_up(self) -> None:
        found = (self._governors.get(host) for host in self._limits.busy)
        limits = [governor.limit for governor in found if governor is not None]
        if limits:
            self._granted = max(self._bounds.clamp(START), sum(limits))

    def _follow(
        self, host: str, governor: Governor, before: int, decision: Decision | None, now: float
    ) -> None:
        if decision is None:
            return
        self._apply(host, governor, now)
        if not decision.passing:
            change = f"{before}→{decision.limit}" if decision.limit != before else f"{decision.limit}"
            self._say(EventKind.GOVERNOR, f"{host} {change}: {decision.reason}.")

    def _apply(self, host: str, governor: Governor, now: float) -> None:
        self._limits.restrict(host, governor.limit, governor.pace, now)
        self._changed(host)

    def _governor(self, host: str, now: float) -> Governor:
        governor = self._governors.get(host)
        if governor is None:
            if len(self._governors) >= _MOST_HOSTS:
                self._forget(now)
            governor = Governor(now, self._bounds, max(START, self._limits.in_use(host)))
            self._governors[host] = governor
            self._apply(host, governor, now)
        return governor

    def _forget(self, now: float) -> None:
        """Drop the older half of those with nothing in flight, and what they found."""
        idle = [host for host in self._governors if not self._limits.in_use(host)]
        for host in idle[: len(idle) // 2 + 1]:
            del self._governors[host]
            self._release(host, now)

    def _release(self, host: str, now: float) -> None:
        """Let a host begin as one of which nothing is known."""
        self._limits.restrict(host, self._bounds.clamp(START), None, now)
        self._changed(host)
