"""Modelled servers: what they accept and how long they take, in simulated time."""

from __future__ import annotations

import heapq
import random
from bisect import bisect_right
from collections.abc import Callable
from typing import Protocol

Schedule = Callable[[float], float]
Latency = Callable[[random.Random], float]


class Server(Protocol):
    """Told of each arrival in order; says whether it accepts and after how many seconds its answer leaves."""

    def arrive(self, now: float, chance: random.Random) -> tuple[bool, float]: ...


def steady(value: float) -> Schedule:
    return lambda now: value


def changing(first: float, *changes: tuple[float, float]) -> Schedule:
    """`first` until the first change, each a time in seconds and the value from then on."""
    times, values = [at for at, _ in changes], [first, *(value for _, value in changes)]
    return lambda now: values[bisect_right(times, now)]


def fixed(seconds: float) -> Latency:
    return lambda chance: seconds


def log_normal(median_s: float, sigma: float) -> Latency:
    return lambda chance: median_s * chance.lognormvariate(0.0, sigma)


def heavy_tailed(median_s: float, alpha: float = 1.5) -> Latency:
    """Pareto with infinite variance, capped at a hundred medians."""
    scale = median_s / 2 ** (1 / alpha)
    return lambda chance: min(100 * median_s, scale * chance.paretovariate(alpha))


class LeakyBucket:
    """`limit_req` of nginx with `nodelay`; `burst` requests may come early. A full bucket refuses at once."""

    def __init__(
        self, per_s: Schedule, burst: float, latency: Latency, refusal_s: float | None = None
    ) -> None:
        self._per_s, self._burst, self._latency, self._refusal_s = per_s, burst, latency, refusal_s
        self._excess, self._last = 0.0, float("-inf")

    def arrive(self, now: float, chance: random.Random) -> tuple[bool, float]:
        leaked = (now - self._last) * self._per_s(now)
        excess = max(0.0, self._excess - leaked + 1) if self._last > float("-inf") else 0.0
        if excess > self._burst:
            return False, self._latency(chance) if self._refusal_s is None else self._refusal_s
        self._excess, self._last = excess, now
        return True, self._latency(chance)


class Moody:
    """Refuses a share of what arrives at random, whatever the rate, and leaves the rest to another server."""

    def __init__(self, server: Server, share: float) -> None:
        self._server, self._share = server, share

    def arrive(self, now: float, chance: random.Random) -> tuple[bool, float]:
        accepted, latency_s = self._server.arrive(now, chance)
        return accepted and chance.random() >= self._share, latency_s


class FixedWindow:
    """A quota that begins anew with each window, whatever was used of the last one."""

    def __init__(self, quota: int, window_s: float, latency: Latency) -> None:
        self._quota, self._window_s, self._latency = quota, window_s, latency
        self._window, self._used = -1, 0

    def arrive(self, now: float, chance: random.Random) -> tuple[bool, float]:
        if int(now // self._window_s) != self._window:
            self._window, self._used = int(now // self._window_s), 0
        self._used += 1
        return self._used <= self._quota, self._latency(chance)


class Workers:
    """So many workers that each serve one request at a time, and a queue without end."""

    def __init__(self, workers: Schedule, service: Latency) -> None:
        self._workers, self._service = workers, service
        self._free_at: list[float] = []

    def arrive(self, now: float, chance: random.Random) -> tuple[bool, float]:
        count = int(self._workers(now))
        while len(self._free_at) > count:
            # The work of a worker that goes away waits for the next ones, so that nothing is served for free.
            left_s = max(0.0, heapq.heappop(self._free_at) - now)
            heapq.heapreplace(self._free_at, max(self._free_at[0], now) + left_s)
        while len(self._free_at) < count:
            heapq.heappush(self._free_at, now)
        done = max(now, self._free_at[0]) + self._service(chance)
        heapq.heapreplace(self._free_at, done)
        return True, done - now
