"""What each host may have: requests in flight, starts a second, and rest while it cools down."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import TypeVar

from msgspec import Struct

from ..policies.rate import Pacer

N = TypeVar("N", int, float)
_MOST_KEPT = 10_000


class HostLimit(Struct):
    """The limits of one host."""

    concurrency: int | None
    """Requests in flight, or None."""
    pacer: Pacer
    cool_until: float = 0.0
    """No request starts before; monotonic seconds."""
    confined: int | None = None
    """Requests in flight while it does not answer, or None."""
    ration: int = 0
    """Requests that may start before `ration_ends`; without meaning after that."""
    ration_ends: float = 0.0

    @property
    def most(self) -> int | None:
        """Requests that may be in flight, or None."""
        return _lower(self.concurrency, self.confined)

    def rests(self, now: float) -> bool:
        """Whether nothing starts now whatever the pace, because it asked for that or does not answer."""
        return self.cool_until > now or (self.ration <= 0 and self.ration_ends > now)


class HostLimits:
    """Counts what each host has in flight against its limits; one that has none of its own has the defaults."""

    def __init__(self, concurrency: int | None = None, rate: float | None = None, burst: float = 1.0) -> None:
        """Defaults for every host: requests in flight, and starts a second; None for no limit."""
        self._concurrency = concurrency
        self._rate = rate
        self._burst = burst
        self._start: int | None = None
        self._in_use: dict[str, int] = {}
        self._limits: dict[str, HostLimit] = {}
        self._forget_at = _MOST_KEPT

    def in_use(self, host: str) -> int:
        """Requests in flight to a host."""
        return self._in_use.get(host, 0)

    @property
    def busy(self) -> Collection[str]:
        """Hosts with something in flight."""
        return self._in_use.keys()

    @property
    def pace(self) -> float | None:
        """The least pace of the hosts with something in flight, a second; None where none has one."""
        found = (self._limits.get(host) for host in self._in_use)
        paces = [limit.pacer.per_second for limit in found if limit is not None and limit.pacer.per_second]
        return min(paces, default=self._rate)

    @property
    def limited(self) -> Collection[str]:
        """Hosts with limits of their own, and those that a rate for every host has been kept for."""
        return self._limits.keys()

    def of(self, host: str) -> HostLimit | None:
        """A host's own limits, or None where it has only the defaults."""
        return self._limits.get(host)

    def try_acquire(self, host: str, now: float) -> float:
        """Take a slot: 0 where it was granted, else seconds to wait, infinity until one is released."""
        in_use = self._in_use.get(host, 0)
        limit = self._limits.get(host)
        if limit is None:
            if self._rate is not None:
                limit = self._limits[host] = self._fresh(now)
            elif (most := _lower(self._start, self._concurrency)) is not None and in_use >= most:
                return math.inf
        if limit is not None:
            most = limit.most
            if most is not None and in_use >= most:
                return math.inf
            wait = max(limit.cool_until - now, limit.pacer.wait_s(now))
            if limit.ration <= 0:
                wait = max(wait, limit.ration_ends - now)
            if wait > 0:
                return wait
            limit.pacer = limit.pacer.taken(now)
            limit.ration -= 1
        self._in_use[host] = in_use + 1
        return 0.0

    def release(self, host: str) -> None:
        """Give a slot back."""
        left = self._in_use[host] - 1
        if left:
            self._in_use[host] = left
        else:
            del self._in_use[host]

    def restrict(self, host: str, concurrency: int | None, pace: float | None, now: float) -> None:
        """Give a host limits of its own, never above the defaults; None for the defaults."""
        limit = self._own(host, now)
        limit.concurrency = _lower(concurrency, self._concurrency)
        pace = _lower(pace, self._rate)
        if pace != limit.pacer.per_second:
            limit.pacer = limit.pacer.at_rate(pace, now)

    def confine(self, host: str, most: int | None, now: float) -> None:
        """Let a host that does not answer have this many in flight at most, whatever else it may; None: no more."""
        self._own(host, now).confined = most

    def release_all(self, now: float) -> tuple[str, ...]:
        """Let no host rest, or be confined, any longer; which of them did."""
        held = [
            (host, limit)
            for host, limit in self._limits.items()
            if limit.confined is not None or max(limit.cool_until, limit.ration_ends) > now
        ]
        for _, limit in held:
            limit.confined, limit.cool_until, limit.ration_ends = None, 0.0, 0.0
        return tuple(host for host, _ in held)

    def cool(self, host: str, until: float, now: float) -> bool:
        """Let a host rest, unless it does so for longer already; whether it did not rest until now."""
        limit = self._own(host, now)
        awake = limit.cool_until <= now
        limit.cool_until = max(until, limit.cool_until)
        return awake

    def ration(self, host: str, left: int, until: float, now: float) -> bool:
        """Let this many requests to a host start before `until`; whether it may start some now and might not before."""
        limit = self._own(host, now)
        spent = limit.ration <= 0 and limit.ration_ends > now
        limit.ration, limit.ration_ends = left, until
        return spent and left > 0

    def set_concurrency(self, concurrency: int | None) -> None:
        """What hosts without limits of their own may have in flight, never above the default; None for that."""
        self._start = concurrency

    def set_rate(self, rate: float | None, now: float) -> None:
        """Another default rate, for hosts that have been seen too."""
        self._rate = rate
        for limit in self._limits.values():
            limit.pacer = limit.pacer.at_rate(rate, now)

    def _own(self, host: str, now: float) -> HostLimit:
        found = self._limits.get(host)
        if found is None:
            found = self._limits[host] = self._fresh(now)
        return found

    def _fresh(self, now: float) -> HostLimit:
        if len(self._limits) >= self._forget_at:
            self._forget(now)
        return HostLimit(_lower(self._start, self._concurrency), Pacer(self._rate, self._burst, now))

    def _forget(self, now: float) -> None:
        """Drop what says nothing more: limits that are the defaults of hosts that need not wait."""
        default = (_lower(self._start, self._concurrency), self._rate)
        self._limits = {
            host: limit
            for host, limit in self._limits.items()
            if max(limit.cool_until, limit.ration_ends, limit.pacer.next_at) > now
            or limit.confined is not None
            or (limit.concurrency, limit.pacer.per_second) != default
        }
        # As many more again before the next look, so that each new host costs the same however many must be kept.
        self._forget_at = max(_MOST_KEPT, 2 * len(self._limits))


def _lower(one: N | None, other: N | None) -> N | None:
    return other if one is None else one if other is None else min(one, other)
