"""A circuit breaker for each host: one that does not answer is left alone, asked now and then, at last given up. Pure.

The states of Nygard, "Release It!" (2nd ed., "Circuit Breaker"), as in Hystrix and Polly, and one more:

CLOSED     all may start.
OPEN       after ten failures in a row, over ten seconds at least, nothing starts for 2 s; with each probe that fails
           twice as long, 60 s at most.
HALF OPEN  the rest is over: one request at a time. An answer closes the breaker, a failure opens it for longer.
GIVEN UP   a minute and three failed probes without an answer: requests start again, a few at once, with one attempt
           each, until one is answered. Each request must be sent once and every row must end, and a run must not take
           hours because a host is gone.

While no other host answers either, nothing is won by ending rows quickly: then a host is given up after ten minutes,
in which most deployments and restarts are over.

A breaker delays; it fails nothing. Failures are what waiting may mend: no connection, no answer in time, a 5xx. Any
other status closes it. A moment's failures say little: servers that refuse what exceeds a rate by 503 (nginx does)
refuse many in a row and accept others a moment later, and a short list of dead URLs is better ended than spared.
"""

from __future__ import annotations

from enum import Enum, auto

from msgspec import Struct

from ..model import FailureKind, Outcome, Reply

_IN_A_ROW = 10
_LEAST_S = 10.0
_FIRST_REST_S = 2.0
_MOST_REST_S = 60.0
_GIVE_UP_S = 60.0
_GIVE_UP_ALONE_S = 600.0
_LEAST_PROBES = 3
_FEW = 4
_ONE_MORE_EVERY = 25
_MOST_HOSTS = 10_000
_LOST_KINDS = frozenset(
    {
        FailureKind.DNS,
        FailureKind.CONNECT,
        FailureKind.CONNECT_TIMEOUT,
        FailureKind.TIMEOUT,
        FailureKind.RESET,
    }
)


class Sign(Enum):
    """What an attempt says of its host."""

    ANSWERED = auto()
    SERVER_ERROR = auto()
    """A status from 500 on."""
    LOST = auto()
    """No connection, or no whole answer in time."""
    NOTHING = auto()
    """It was cancelled, this machine or a proxy is to blame, or another host that it was sent on to."""


def sign(outcome: Outcome | None) -> Sign:
    """What the end of an attempt says of the host it was sent to; None stands for a cancelled one."""
    if isinstance(outcome, Reply):
        if outcome.status < 500:
            return Sign.ANSWERED
        return Sign.NOTHING if outcome.hops else Sign.SERVER_ERROR
    if outcome is None or outcome.hops or outcome.kind not in _LOST_KINDS:
        return Sign.NOTHING
    return Sign.LOST


class _Breaker(Struct):
    since: float
    """When the first failure of the row was seen."""
    in_a_row: int = 0
    rest_s: float = 0.0
    """0 while it is closed."""
    opened_at: float = 0.0
    probes: int = 0
    given_up: bool = False
    """From then on `in_a_row` counts anew."""


class Breakers:
    """The breakers of all hosts; kept are those of hosts whose last attempt failed, the 10,000 latest at most.

    What `limit` and `final` say, and the moment until which a host rests, changes only with `ended` and `clear`.
    """

    def __init__(self, most_given_up: int = _FEW, least_s: float = _LEAST_S) -> None:
        """All closed. A host that is given up may have `most_given_up` requests in flight, a few of them at first.

        A row of failures must have lasted for `least_s` seconds before it opens a breaker.
        """
        self._most_given_up = max(1, most_given_up)
        self._least_s = least_s
        self._breakers: dict[str, _Breaker] = {}
        self._answered_at = float("-inf")

    def __len__(self) -> int:
        return len(self._breakers)

    def allows(self, host: str, now: float) -> float:
        """Seconds until a request may start; 0 when it may start now."""
        breaker = self._breakers.get(host)
        if breaker is None or breaker.given_up:
            return 0.0
        return max(0.0, breaker.opened_at + breaker.rest_s - now) if breaker.rest_s else 0.0

    def limit(self, host: str) -> int | None:
        """How many requests may be in flight: 1 while it is open or half open, a few when given up, else None."""
        breaker = self._breakers.get(host)
        if breaker is None or not breaker.rest_s:
            return None
        if not breaker.given_up:
            return 1
        return min(self._most_given_up, _FEW + breaker.in_a_row // _ONE_MORE_EVERY)

    def final(self, host: str) -> bool:
        """Whether a request that fails now is not to be sent again, because its host is given up."""
        breaker = self._breakers.get(host)
        return breaker is not None and breaker.given_up

    def ended(self, host: str, sign: Sign, started: float, now: float) -> str | None:
        """Take in an attempt that began at `started`; a sentence where the host has fallen silent or come back.

        Not to be told of attempts that failed in an outage: then no host is to blame.
        """
        if sign is Sign.NOTHING:
            return None
        if sign is Sign.ANSWERED:
            self._answered_at = now
            return self._answered(host, now) if host in self._breakers else None
        breaker = self._breakers.pop(host, None) or self._fresh(now)
        self._breakers[host] = breaker
        if breaker.given_up:
            breaker.in_a_row += 1
            return None
        if breaker.rest_s:
            # What was under way when it opened has failed for the same reason and is no probe.
            return self._probed(host, breaker, now) if started >= breaker.opened_at else None
        return self._failed(host, breaker, now)

    def clear(self) -> None:
        """Close all, because an outage is over or a user wants to go on."""
        self._breakers.clear()

    def _answered(self, host: str, now: float) -> str | None:
        breaker = self._breakers.pop(host)
        return f"{host} answers again, after {now - breaker.since:.0f} s." if breaker.rest_s else None

    def _failed(self, host: str, breaker: _Breaker, now: float) -> str | None:
        breaker.in_a_row += 1
        if breaker.in_a_row < _IN_A_ROW or now - breaker.since < self._least_s:
            return None
        breaker.rest_s = _FIRST_REST_S
        breaker.opened_at = now
        return f"{host}: {breaker.in_a_row} attempts in a row failed; it rests, and is asked now and then."

    def _probed(self, host: str, breaker: _Breaker, now: float) -> str | None:
        breaker.probes += 1
        alone = self._answered_at <= breaker.since
        patience = _GIVE_UP_ALONE_S if alone else _GIVE_UP_S
        breaker.opened_at = now
        breaker.rest_s = min(_MOST_REST_S, breaker.rest_s * 2)
        if breaker.probes < _LEAST_PROBES or now - breaker.since < patience:
            return None
        breaker.given_up = True
        breaker.in_a_row = 0
        silent = f"has not answered for {(now - breaker.since) / 60:.0f} min"
        return f"{host} {silent}; its requests are sent once each, until one is answered."

    def _fresh(self, now: float) -> _Breaker:
        if len(self._breakers) >= _MOST_HOSTS:
            del self._breakers[next(iter(self._breakers))]
        return _Breaker(now)
