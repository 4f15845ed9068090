"""What other tools do about a server's limit, by their published algorithms; no clock and no network in here."""

from __future__ import annotations

import random
from typing import Protocol

_OK, _TOO_MANY = 200, 429


class Algorithm(Protocol):
    """Asked before each request and told after it; times are monotonic seconds, and it began at 0."""

    workers: int
    """Requests in flight at most."""

    def wait_s(self, now: float) -> float:
        """Seconds until the next request may start; 0 when it may now."""
        ...

    def started(self, now: float) -> None:
        """A request starts."""
        ...

    def ended(self, now: float, status: int, elapsed_s: float) -> float:
        """It has ended; for how many seconds the worker that sent it sleeps."""
        ...


class Fixed:
    """A concurrency that somebody guessed; a worker that is refused sleeps half a second on average, then goes on."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def wait_s(self, now: float) -> float:
        return 0.0

    def started(self, now: float) -> None:
        pass

    def ended(self, now: float, status: int, elapsed_s: float) -> float:
        return 0.0 if status == _OK else random.uniform(0.0, 1.0)


class AutoThrottle:
    """Scrapy's AutoThrottle: the delay moves halfway to latency / target, and other statuses than 200 never lower it.

    Source: docs.scrapy.org/en/latest/topics/autothrottle.html#throttling-algorithm, `scrapy/extensions/throttle.py`.
    With Scrapy's defaults (start 5 s, most 60 s, 8 requests a domain, each delay times 0.5 to 1.5) except for the
    target, which is 8 requests in flight instead of 1: whoever sets nothing gets an eighth.
    """

    _MOST_S = 60.0

    def __init__(self, target: float = 8.0, workers: int = 8) -> None:
        self.workers = workers
        self._target = target
        self._delay_s = 5.0
        self._next_at = 0.0

    def wait_s(self, now: float) -> float:
        return max(0.0, self._next_at - now)

    def started(self, now: float) -> None:
        self._next_at = now + self._delay_s * random.uniform(0.5, 1.5)

    def ended(self, now: float, status: int, elapsed_s: float) -> float:
        target_s = elapsed_s / self._target
        delay_s = min(self._MOST_S, max(target_s, (self._delay_s + target_s) / 2))
        if status == _OK or delay_s > self._delay_s:
            self._delay_s = delay_s
        return 0.0


class Halving:
    """feroxbuster's --auto-tune: half the speed when 30 % are refused, then up or down a tree of halved steps.

    Every `timeout / 2` (3.5 s) it looks whether refusals have increased: if so, the right child (less), else the left
    one (more), upwards after three such moves; back at the root the limit is removed. It never locks a rate in.
    Sources: github.com/epi052/feroxbuster `src/scanner/requester.rs`, `policy_data.rs`, `limit_heap.rs`, from before
    2.13 (which mended bugs of it); that it looks also when nothing is refused, its author in issue 822 there.
    """

    _WAIT_S = 3.5
    _DEPTH = 7

    def __init__(self, workers: int = 50) -> None:
        self.workers = workers
        self._requests = self._errors = self._seen_errors = 0
        self._streak = 0
        self._cool_until = 0.0
        self._path: list[int] = []
        """Rates from the one at first down to that of the current node; empty while nothing was refused."""
        self._bucket: _Bucket | None = None

    def wait_s(self, now: float) -> float:
        return 0.0 if self._bucket is None else self._bucket.wait_s(now)

    def started(self, now: float) -> None:
        if self._bucket is not None:
            self._bucket.take()

    def ended(self, now: float, status: int, elapsed_s: float) -> float:
        self._requests += 1
        self._errors += status == _TOO_MANY
        if now < self._cool_until or self._requests < max(50, self.workers):
            return 0.0
        too_many = self._errors >= 0.3 * self._requests
        if not too_many and self._bucket is None:
            return 0.0
        self._tune(now)
        self._cool_until = now + self._WAIT_S
        return self._WAIT_S

    def _tune(self, now: float) -> None:
        if not self._path:
            first = max(2, int(self._requests / now))
            self._path = [first, first // 2]
            self._seen_errors = self._errors
        elif self._errors > self._seen_errors:
            self._streak = 0
            self._seen_errors = self._errors
            self._down(-1)
        else:
            self._streak += 1
            self._up()
        rate = self._path[-1]
        if self._bucket is None or self._bucket.rate != rate:
            self._bucket = _Bucket(now, max(1, rate))
        if len(self._path) == 2 and self._streak:
            self._bucket = None

    def _down(self, sign: int) -> None:
        if len(self._path) < 2 + self._DEPTH:
            parent, current = self._path[-2:]
            self._path.append(current + sign * (abs(parent - current) // 2))

    def _up(self) -> None:
        if self._streak <= 2 and len(self._path) < 2 + self._DEPTH:
            self._down(1)
            return
        current = self._path[-1]
        for _ in range(2):
            self._leave()
        if self._path[-1] < current:
            self._leave()

    def _leave(self) -> None:
        if len(self._path) > 2:
            self._path.pop()


class _Bucket:
    """A tenth of the rate every 0.1 s (one a second below 15/s), half of the rate at first."""

    def __init__(self, now: float, rate: int) -> None:
        self.rate = rate
        self._refill = max(round(rate / 10), 1)
        self._every_s = 1.0 if self._refill == 1 else 0.1
        self._tokens = max(round(rate / 2), 1)
        self._at = now

    def wait_s(self, now: float) -> float:
        periods = int((now - self._at) / self._every_s)
        if periods:
            self._tokens = min(self.rate, self._tokens + periods * self._refill)
            self._at += periods * self._every_s
        return 0.0 if self._tokens > 0 else max(0.001, self._at + self._every_s - now)

    def take(self) -> None:
        self._tokens -= 1
