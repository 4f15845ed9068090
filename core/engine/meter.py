"""Counting attempts by the second: throughput and latency percentiles at a cost that does not grow."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from ..handle import Latency, Second

HISTORY_S = 120
RECENT_S = 10
_PER_DOUBLING = 16
"""Histogram cells per doubling of latency: a percentile is off by 2.2 % at most."""


@dataclass(slots=True)
class _Bucket:
    second: int
    succeeded: int = 0
    failed: int = 0
    ended: int = 0
    cells: Counter[int] = field(default_factory=Counter[int])


class Meter:
    """Takes in each attempt as it ends; times are seconds on one monotonic clock."""

    def __init__(self, now: float) -> None:
        """Begin to count at `now`."""
        self._began = now
        self._bucket = _Bucket(int(now))
        self._past: deque[_Bucket] = deque(maxlen=HISTORY_S)
        self._history: tuple[Second, ...] = ()

    def record(self, now: float, elapsed_ms: float, *, succeeded: bool, ended: bool) -> None:
        """Count one attempt; `ended` says that its request is now in a terminal state."""
        if int(now) != self._bucket.second:
            self.roll(now)
        bucket = self._bucket
        if succeeded:
            bucket.succeeded += 1
        else:
            bucket.failed += 1
        bucket.ended += ended
        bucket.cells[math.floor(math.log2(elapsed_ms + 1e-3) * _PER_DOUBLING)] += 1

    def roll(self, now: float) -> None:
        """Close the seconds that have passed."""
        second = int(now)
        if second == self._bucket.second:
            return
        fresh = [
            self._bucket,
            *(_Bucket(at) for at in range(max(self._bucket.second + 1, second - HISTORY_S), second)),
        ]
        self._past.extend(fresh)
        closed = tuple(Second(one.succeeded, one.failed, _percentiles([one])) for one in fresh)
        self._history = (*self._history, *closed)[-HISTORY_S:]
        self._bucket = _Bucket(second)

    @property
    def history(self) -> tuple[Second, ...]:
        """Closed seconds, oldest first; the same object until another second is closed."""
        return self._history

    def rate_per_s(self, now: float, window_s: int = RECENT_S) -> float:
        """Requests that ended a second, over the last `window_s` seconds or since the beginning."""
        span = min(now - self._began, now - int(now) + window_s)
        if span <= 0:
            return 0.0
        return (self._bucket.ended + sum(one.ended for one in self._recent(window_s))) / max(span, 0.5)

    def latency(self, window_s: int = RECENT_S) -> Latency | None:
        """Percentiles over the last `window_s` seconds; None when no attempt ended in them."""
        return _percentiles([self._bucket, *self._recent(window_s)])

    def _recent(self, window_s: int) -> Iterable[_Bucket]:
        return islice(reversed(self._past), window_s)


def _percentiles(buckets: list[_Bucket]) -> Latency | None:
    cells: Counter[int] = Counter()
    for bucket in buckets:
        cells.update(bucket.cells)
    total = cells.total()
    if not total:
        return None
    ranks = [math.ceil(total * share) for share in (0.50, 0.95, 0.99)]
    found: list[float] = []
    seen = 0
    for cell in sorted(cells):
        seen += cells[cell]
        while len(found) < len(ranks) and seen >= ranks[len(found)]:
            found.append(2 ** ((cell + 0.5) / _PER_DOUBLING))
    return Latency(*found)
