"""What the run does as its servers ask: rests, and, where it governs itself, as much at once as each host bears."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..handle import EventKind
from ..limits.hosts import HostLimits
from ..model import FailureKind, Outcome, Reply
from ..policies.cooling import Refusals, rest
from ..policies.governor import Bounds, Decision, Governor, Signal
from .reply_fields import told_allowance

_MOST_HOSTS = 5000
_TOLD_REST_S = 5.0
"""A shorter rest is not worth an event."""
_REFUSALS = frozenset({429, 503})
_TIMEOUTS = frozenset({FailureKind.TIMEOUT, FailureKind.CONNECT_TIMEOUT})


START = 4
"""Requests in flight to a host of which a governor knows nothing yet."""


@dataclass(slots=True)
class _Host:
    refusals: Refusals = field(default_factory=Refusals)
    governor: Governor | None = None


class HostCare:
    """Sees every attempt that lands, and sets what its host may have."""

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
        self._hosts: dict[str, _Host] = {}
        self._auto = False

    @property
    def auto(self) -> bool:
        """Whether each host's limits are found automatically."""
        return self._auto

    @property
    def granted(self) -> int:
        """Requests that all governed hosts with something in flight may have together; `START` at least."""
        governors = (self._hosts[host].governor for host in self._limits.busy if host in self._hosts)
        return max(START, sum(governor.limit for governor in governors if governor is not None))

    def set_auto(self, on: bool, now: float) -> None:
        """Govern every host, from where it was left; or give all of them the run's own limits again."""
        self._auto = on
        self._limits.set_concurrency(self._bounds.clamp(START) if on else None)
        for host, known in self._hosts.items():
            if known.governor is not None:
                self._apply(host, known.governor if on else None, now)
        if on:
            for host in self._limits.busy:
                self._governor(host, self._host(host), now)

    def landed(
        self, host: str, outcome: Outcome, elapsed_s: float, asked_s: float | None, now: float
    ) -> None:
        """Take in one attempt; `asked_s` is what its Retry-After asked for."""
        known = self._host(host)
        in_flight = self._limits.in_use(host)
        if isinstance(outcome, Reply):
            refused = outcome.status in _REFUSALS
            rest_s = known.refusals.ended(refused=refused, asked_s=asked_s)
            left = told_allowance(outcome)
            if left is not None:
                rest_s = max(rest_s or 0.0, rest(left, in_flight))
            if rest_s:
                self._rest(host, rest_s, now)
        if self._auto:
            governor = self._governor(host, known, now)
            before = governor.limit
            decision = governor.ended(now, _signal(outcome), elapsed_s, in_flight + 1)
            self._follow(host, governor, before, decision, now)

    def tick(self, now: float) -> None:
        """Let time act on the governors of hosts that have something in flight; a few times a second."""
        if not self._auto:
            return
        for host in tuple(self._limits.busy):
            known = self._hosts.get(host)
            if known is not None and known.governor is not None:
                before = known.governor.limit
                decision = known.governor.tick(now, self._limits.in_use(host))
                self._follow(host, known.governor, before, decision, now)

    def _follow(
        self, host: str, governor: Governor, before: int, decision: Decision | None, now: float
    ) -> None:
        if decision is None:
            return
        self._apply(host, governor, now)
        if not decision.passing:
            change = f"{before}→{decision.limit}" if decision.limit != before else f"{decision.limit}"
            self._say(EventKind.GOVERNOR, f"{host} {change}: {decision.reason}.")

    def _apply(self, host: str, governor: Governor | None, now: float) -> None:
        if governor is None:
            self._limits.restrict(host, None, None, now)
        else:
            self._limits.restrict(host, governor.limit, governor.pace, now)
        self._changed(host)

    def _rest(self, host: str, seconds: float, now: float) -> None:
        if self._limits.cool(host, now + seconds, now) and seconds >= _TOLD_REST_S:
            self._say(EventKind.COOLING, f"{host} rests for {seconds:.0f} s, because it asks for that.")

    def _governor(self, host: str, known: _Host, now: float) -> Governor:
        if known.governor is None:
            known.governor = Governor(now, self._bounds, max(START, self._limits.in_use(host)))
            self._apply(host, known.governor, now)
        return known.governor

    def _host(self, host: str) -> _Host:
        known = self._hosts.get(host)
        if known is None:
            if len(self._hosts) >= _MOST_HOSTS:
                self._forget()
            known = self._hosts[host] = _Host()
        return known

    def _forget(self) -> None:
        """Drop the older half of those with nothing in flight; a host that comes back is learned anew."""
        idle = [host for host in self._hosts if not self._limits.in_use(host)]
        for host in idle[: len(idle) // 2 + 1]:
            del self._hosts[host]


def _signal(outcome: Outcome) -> Signal:
    if isinstance(outcome, Reply):
        return Signal.REFUSED if outcome.status in _REFUSALS else Signal.ACCEPTED
    if outcome.kind in _TIMEOUTS:
        return Signal.TIMED_OUT
    return Signal.ACCEPTED if outcome.status is not None else Signal.LOST
