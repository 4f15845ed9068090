"""A modelled client in a closed loop, steered by a governor or by what other tools do; a discrete-event simulation."""

from __future__ import annotations

import heapq
import random
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from fetchdeck.core.policies.governor import Bounds, Decision, Governor, Signal
from fetchdeck.core.policies.rate import Pacer

from .model_servers import Server

JITTER_S = 0.001
TICK_S = 0.25


class Steering(Protocol):
    """What a client asks: how many at once, how many a second, and what it learns from an end."""

    @property
    def limit(self) -> int: ...
    @property
    def pace(self) -> float | None: ...
    def ended(self, now: float, signal: Signal, elapsed_s: float, in_flight: int) -> Decision | None: ...
    def tick(self, now: float, in_flight: int) -> Decision | None: ...


class Fixed:
    """A concurrency that somebody guessed."""

    def __init__(self, limit: int) -> None:
        self.limit, self.pace = limit, None

    def ended(self, now: float, signal: Signal, elapsed_s: float, in_flight: int) -> None:
        return None

    def tick(self, now: float, in_flight: int) -> None:
        return None


class Halving(Fixed):
    """As feroxbuster's auto-tune: half the rate on errors, a slow climb without them, and no memory."""

    def __init__(self, limit: int = 50) -> None:
        super().__init__(limit)
        self._ended = self._refused = 0
        self._check_at = 3.5

    def ended(self, now: float, signal: Signal, elapsed_s: float, in_flight: int) -> None:
        self._ended += 1
        self._refused += signal is not Signal.ACCEPTED

    def tick(self, now: float, in_flight: int) -> None:
        if now < self._check_at or (self._ended < 50 and now < self._check_at + 3.5):
            return
        rate = self.pace or self._ended / 3.5
        if self._refused > 0.3 * self._ended:
            self.pace = max(1.0, rate / 2)
        elif self.pace is not None:
            self.pace = rate * 1.25
        self._ended = self._refused = 0
        self._check_at = now + 3.5


class AutoThrottle(Fixed):
    """As Scrapy: the delay moves halfway to latency / target; other answers than 200 never lower it."""

    def __init__(self, target: float = 8.0, limit: int = 8) -> None:
        super().__init__(limit)
        self._target, self._delay_s = target, 5.0
        self.pace = 1 / self._delay_s

    def ended(self, now: float, signal: Signal, elapsed_s: float, in_flight: int) -> None:
        goal_s = elapsed_s / self._target
        delay_s = min(60.0, max(goal_s, (self._delay_s + goal_s) / 2, 1e-5))
        if signal is Signal.ACCEPTED or delay_s > self._delay_s:
            self._delay_s = delay_s
            self.pace = 1 / delay_s


@dataclass
class Result:
    """What a run came to; times in seconds from its start."""

    ends: list[float] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)
    elapsed: list[float] = field(default_factory=list)
    decisions: list[tuple[float, Decision]] = field(default_factory=list)
    limits: list[tuple[float, int, float | None, int]] = field(default_factory=list)
    """Time, limit, pace and requests in flight, at each tick."""

    def count(self, signal: Signal, start: float, end: float) -> int:
        return self.signals[bisect_left(self.ends, start) : bisect_left(self.ends, end)].count(signal)

    def accepted_per_s(self, start: float, end: float) -> float:
        return self.count(Signal.ACCEPTED, start, end) / (end - start)

    def refused_share(self, start: float, end: float) -> float:
        refused = self.count(Signal.REFUSED, start, end)
        return refused / max(1, refused + self.count(Signal.ACCEPTED, start, end))

    def median_s(self, start: float, end: float) -> float:
        part = sorted(self.elapsed[bisect_left(self.ends, start) : bisect_left(self.ends, end)])
        return part[len(part) // 2]


class Client:
    """A closed loop that starts a request whenever limit, pace and demand let it."""

    def __init__(
        self,
        server: Server,
        steering: Steering,
        *,
        seed: int = 1,
        timeout_s: float = 30.0,
        demand: int | None = None,
        arrivals_per_s: float | None = None,
        idle: Iterable[tuple[float, float]] = (),
        stalls: Iterable[tuple[float, float]] = (),
        jitter_s: float = JITTER_S,
    ) -> None:
        """`demand` caps what is wanted at once; `arrivals_per_s` makes work come at random instead of being there.

        `stalls` are times, each with its end, for which client and server stand still, as on a busy machine.
        """
        self._server, self._steering = server, steering
        self._chance = random.Random(seed)
        self._timeout_s, self._demand, self._arrivals_per_s = timeout_s, demand, arrivals_per_s
        self._idle, self._jitter_s = tuple(idle), jitter_s
        self._stalls = tuple(stalls)
        self._events: list[tuple[float, int, str, tuple[float, bool]]] = []
        self._serial = 0
        self._in_flight = 0
        self._waiting = 0
        self._pacer = Pacer()
        self._wake_at = -1.0
        self.result = Result()

    def run(self, seconds: float) -> Result:
        """Simulate; `Result` has everything that ended in this time."""
        self._at(0.0, "tick")
        if self._arrivals_per_s:
            self._at(0.0, "work")
        while self._events:
            now, _, kind, (started, accepted) = heapq.heappop(self._events)
            if now > seconds:
                break
            if (later := self._stalled(now)) > now:
                self._at(later, kind, started, accepted)
                continue
            if kind == "end":
                self._end(now, started, accepted)
            elif kind == "arrive":
                accepted, latency_s = self._server.arrive(now, self._chance)
                self._at(min(now + latency_s, started + self._timeout_s), "end", started, accepted)
                continue
            elif kind == "work":
                self._waiting += 1
                self._at(now + self._chance.expovariate(self._arrivals_per_s or 1.0), "work")
            elif kind == "tick":
                self._note(now, self._steering.tick(now, self._in_flight))
                steering = self._steering
                self.result.limits.append((now, steering.limit, steering.pace, self._in_flight))
                self._at(now + TICK_S, "tick")
            self._start(now)
        return self.result

    def _at(self, when: float, kind: str, started: float = 0.0, accepted: bool = False) -> None:
        self._serial += 1
        heapq.heappush(self._events, (when, self._serial, kind, (started, accepted)))

    def _stalled(self, now: float) -> float:
        return next((end for start, end in self._stalls if start <= now < end), now)

    def _wanted(self, now: float) -> bool:
        if any(start <= now < end for start, end in self._idle):
            return False
        if self._arrivals_per_s:
            return self._waiting > 0
        return self._demand is None or self._in_flight < self._demand

    def _start(self, now: float) -> None:
        while self._in_flight < self._steering.limit and self._wanted(now):
            if self._steering.pace != self._pacer.per_second:
                self._pacer = self._pacer.at_rate(self._steering.pace, now)
            wait_s = self._pacer.wait_s(now)
            if wait_s > 0:
                if self._wake_at != now + wait_s:
                    self._wake_at = now + wait_s
                    self._at(self._wake_at, "wake")
                return
            self._pacer = self._pacer.taken(now)
            self._waiting -= self._arrivals_per_s is not None
            self._in_flight += 1
            self._at(now + self._jitter_s + self._chance.uniform(-1, 1) * self._jitter_s, "arrive", now)

    def _end(self, now: float, started: float, accepted: bool) -> None:
        elapsed_s = now - started
        signal = Signal.ACCEPTED if accepted else Signal.REFUSED
        if elapsed_s >= self._timeout_s:
            signal = Signal.TIMED_OUT
        decision = self._steering.ended(now, signal, elapsed_s, self._in_flight)
        self._in_flight -= 1
        result = self.result
        result.ends.append(now)
        result.signals.append(signal)
        result.elapsed.append(elapsed_s)
        self._note(now, decision)

    def _note(self, now: float, decision: Decision | None) -> None:
        if decision is not None:
            self.result.decisions.append((now, decision))


def random_stalls(
    every_s: float, most_s: float, seconds: float, seed: int = 1
) -> tuple[tuple[float, float], ...]:
    """Stalls of up to `most_s`, one in `every_s` on average, at random."""
    chance, at, found = random.Random(seed), 0.0, list[tuple[float, float]]()
    while (at := at + chance.expovariate(1 / every_s)) < seconds:
        found.append((at, at + chance.uniform(0, most_s)))
    return tuple(found)


def governed(most: int = 1000, limit: int = 4) -> Governor:
    return Governor(0.0, Bounds(1, most), limit)
