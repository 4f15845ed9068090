"""Counting attempts by host: which hosts are busy, slow or failing, at a constant cost for each attempt."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable
from operator import attrgetter
from time import monotonic

from msgspec import Struct, field

from ..limits.hosts import HostLimit, HostLimits
from ..model import FailureKind
from ..snapshot import HostRow
from .recent_rate import RecentRate

MOST_HOSTS = 10_000
"""Hosts with a row of their own: the first ones seen. All later ones share one, so that memory stays bounded."""
WINDOW = 256
"""Attempts that a host's percentiles look back on."""
_SORT_S = 0.5
"""The order is kept for this long, because sorting 10,000 hosts takes a millisecond or two."""


class _Host(Struct):
    id: int
    name: str
    started: int = 0
    in_flight: int = 0
    succeeded: int = 0
    failed: int = 0
    last_failure: FailureKind | None = None
    elapsed_ms: array[float] = field(default_factory=lambda: array("f"))
    """The last attempts' times: once full, the oldest one is overwritten."""
    rate: RecentRate = field(default_factory=RecentRate)
    _ranked: int = 0
    """How many attempts had ended when the percentiles were found."""
    _ranks: tuple[float | None, float | None] = (None, None)

    def percentiles(self) -> tuple[float | None, float | None]:
        """p50 and p95, found anew only when an attempt has ended since: a sort of all hosts asks for all of them."""
        ended = self.succeeded + self.failed
        if ended != self._ranked:
            times = sorted(self.elapsed_ms)
            self._ranked, self._ranks = ended, (_rank(times, 0.50), _rank(times, 0.95))
        return self._ranks

    def row(self, limit: HostLimit | None, now: float) -> HostRow:
        p50_ms, p95_ms = self.percentiles()
        return HostRow(
            id=self.id,
            host=self.name,
            in_flight=self.in_flight,
            succeeded=self.succeeded,
            failed=self.failed,
            p50_ms=p50_ms,
            p95_ms=p95_ms,
            last_failure=self.last_failure,
            limit=limit.most if limit is not None else None,
            pace_per_s=limit.pacer.per_second if limit is not None else None,
            rests_s=max(0.0, limit.cool_until - now) if limit is not None else 0.0,
            rate_per_s=self.rate.per_s(now),
        )


class Hosts:
    """Takes in each attempt of this session as it starts and as it ends; holds some 1.2 KB a host at most."""

    def __init__(
        self, limits: HostLimits, most: int = MOST_HOSTS, clock: Callable[[], float] = monotonic
    ) -> None:
        """`most` hosts get a row of their own; `clock` gives monotonic seconds, which `limits` also count."""
        self._limits = limits
        self._most = most
        self._clock = clock
        self._hosts: dict[str, _Host] = {}
        self._others: _Host | None = None
        self._order: list[_Host] = []
        self._sorted_at = -math.inf

    def __len__(self) -> int:
        """Rows there are: one for each host, and one more for all that have none of their own."""
        return len(self._hosts) + (self._others is not None)

    def started(self, host: str) -> None:
        """An attempt takes a slot."""
        found = self._hosts.get(host)
        if found is None:
            found = self._admit(host)
        found.started += 1
        found.in_flight += 1

    def ended(self, host: str, elapsed_ms: float | None, failure: FailureKind | None) -> None:
        """The attempt gives its slot back, after `elapsed_ms`; `failure` is None for one that succeeded.

        No time, None, is for an attempt that was aborted, which says nothing about its host.
        """
        found = self._hosts.get(host) or self._others
        if found is None:
            return
        found.in_flight -= 1
        if elapsed_ms is None:
            return
        if failure is None:
            found.succeeded += 1
        else:
            found.failed += 1
            found.last_failure = failure
        found.rate.count(self._clock())
        times = found.elapsed_ms
        if len(times) < WINDOW:
            times.append(elapsed_ms)
        else:
            times[(found.succeeded + found.failed) % WINDOW] = elapsed_ms

    def rows(self, start: int, count: int) -> tuple[HostRow, ...]:
        """A window of the hosts, those with the most attempts first; the row shared by the rest comes last."""
        now = self._clock()
        if now - self._sorted_at >= _SORT_S:
            self._sorted_at = now
            self._order.sort(key=attrgetter("started"), reverse=True)
        window = self._order[start : start + count]
        if self._others is not None and start <= len(self._order) < start + count:
            window.append(self._others)
        return tuple(host.row(self._limits.of(host.name), now) for host in window)

    def _admit(self, name: str) -> _Host:
        if len(self._hosts) < self._most:
            host = self._hosts[name] = _Host(len(self._hosts), name)
            self._order.append(host)
            return host
        if self._others is None:
            self._others = _Host(self._most, "")
        return self._others


def _rank(times: list[float], share: float) -> float | None:
    return times[math.ceil(len(times) * share) - 1] if times else None
