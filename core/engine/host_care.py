"""What the run does as its servers ask: rests, keeps off those that do not answer, and calms storms of retries."""

from __future__ import annotations

from collections.abc import Callable

from ..limits.hosts import HostLimits
from ..model import FailureKind, Outcome, Reply
from ..past import EventKind
from ..policies.breaker import Breakers, sign
from ..policies.cooling import LONGEST_S, Refusals, rest
from ..policies.governor import Signal
from ..policies.retry_budget import Grant, RetryBudgets
from .governors import Governors
from .reply_fields import told_allowance
from .ticket import Flight

_MOST_HOSTS = 10_000
_TOLD_REST_S = 5.0
"""A shorter rest is not worth an event."""
_REFUSALS = frozenset({429, 503})
_TIMEOUTS = frozenset({FailureKind.TIMEOUT, FailureKind.CONNECT_TIMEOUT})


class HostCare:
    """Sees every attempt that lands, and sets what its host may have."""

    def __init__(
        self,
        limits: HostLimits,
        governors: Governors,
        breakers: Breakers,
        say: Callable[[EventKind, str], None],
        changed: Callable[[str], None],
    ) -> None:
        """`changed` is called with a host that may start something now."""
        self._limits = limits
        self._governors = governors
        self._breakers = breakers
        self._budgets = RetryBudgets()
        self._say = say
        self._changed = changed
        self._refusals: dict[str, Refusals] = {}

    def final(self, host: str) -> bool:
        """Whether an attempt that fails now is the last of its request, because its host is given up."""
        return self._breakers.final(host)

    def retry(self, host: str, kind: FailureKind | None, cap_s: float, chance: float) -> Grant:
        """Pay for a retry from the host's budget; `cap_s` is the longest backoff, `chance` uniform in [0, 1)."""
        grant = self._budgets.retry(host, kind, cap_s=cap_s, chance=chance)
        if grant.fact is not None:
            self._say(EventKind.COOLING, grant.fact)
        return grant

    def succeeded(self, host: str, cost: int) -> None:
        """A request succeeded; `cost` is what its last retry was paid with."""
        self._budgets.succeeded(host, cost)

    def landed(
        self, flight: Flight, outcome: Outcome, asked_s: float | None, now: float, *, refused: bool
    ) -> None:
        """Take in one attempt; `asked_s` is what its Retry-After asked for, `refused` what a rule says of it."""
        host = flight.ticket.host
        refused = refused or outcome.status in _REFUSALS
        if isinstance(outcome, Reply):
            self._heed(host, outcome, asked_s, now, refused=refused)
        own = self._limits.of(host)
        fact = self._breakers.ended(host, sign(outcome), flight.started, now)
        if fact is not None:
            self._say(EventKind.COOLING, fact)
        if fact is not None or (own is not None and own.confined is not None):
            self._limits.confine(host, self._breakers.limit(host), now)
            self._limits.cool(host, now + self._breakers.allows(host, now), now)
            self._changed(host)
        self._governors.landed(host, _signal(outcome, refused=refused), flight.elapsed_s, now)

    def forgive(self, now: float) -> None:
        """Nobody was to blame: an outage is over, or a user goes on whatever happened."""
        self._breakers.clear()
        self._budgets.clear()
        for host in self._limits.release_all(now):
            self._changed(host)

    def _heed(self, host: str, reply: Reply, asked_s: float | None, now: float, *, refused: bool) -> None:
        """Rest a host as long as it asks for, where it refuses much or has told how little it will still take."""
        rest_s = 0.0
        if refused or host in self._refusals:
            rest_s = self._refusals_of(host).ended(refused=refused, asked_s=asked_s) or 0.0
        left = told_allowance(reply)
        if left is not None:
            in_flight = self._limits.in_use(host)
            rest_s = max(rest_s, rest(left, in_flight))
            if self._limits.ration(host, left.remaining - in_flight, now + min(left.reset_s, LONGEST_S), now):
                self._changed(host)
        if rest_s and self._limits.cool(host, now + rest_s, now) and rest_s >= _TOLD_REST_S:
            self._say(EventKind.COOLING, f"{host} rests for {rest_s:.0f} s, because it asks for that.")

    def _refusals_of(self, host: str) -> Refusals:
        found = self._refusals.get(host)
        if found is None:
            if len(self._refusals) >= _MOST_HOSTS:
                del self._refusals[next(iter(self._refusals))]
            found = self._refusals[host] = Refusals()
        return found


def _signal(outcome: Outcome, *, refused: bool) -> Signal:
    if isinstance(outcome, Reply):
        return Signal.REFUSED if refused else Signal.ACCEPTED
    if outcome.kind in _TIMEOUTS:
        return Signal.TIMED_OUT
    return Signal.ACCEPTED if outcome.status is not None else Signal.LOST
