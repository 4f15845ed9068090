"""Counting attempts by the second: throughput and latency percentiles at a cost that does not grow."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from itertools import islice

from msgspec import Struct, field

from ..latencies import Latencies, Latency, cell_of, percentiles_of
from ..snapshot import Second

HISTORY_S = 120
RECENT_S = 10


class Bucket(Struct):
    """What was counted in one second."""

    second: int
    """On the meter's clock."""
    succeeded: int = 0
    failed: int = 0
    ended: int = 0
    """Requests that reached a terminal state."""
    cells: Counter[int] = field(default_factory=Counter[int])
    """Attempts by the cell of their latency."""


class Meter:
    """Takes in each attempt as it ends; times are seconds on one monotonic clock."""

    def __init__(self, now: float) -> None:
        """Begin to count at `now`."""
        self._began = now
        self._bucket = Bucket(int(now))
        self._past: deque[Bucket] = deque(maxlen=HISTORY_S)
        self._history: tuple[Second, ...] = ()
        self._closed: deque[Bucket] = deque(maxlen=HISTORY_S)
        self._summed: tuple[int, Counter[int]] = (0, Counter())
        """So many closed seconds, and what was counted in all of them: added up anew when another one has closed."""

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
        bucket.cells[cell_of(elapsed_ms)] += 1

    def roll(self, now: float) -> None:
        """Close the seconds that have passed."""
        second = int(now)
        if second == self._bucket.second:
            return
        fresh = [
            self._bucket,
            *(Bucket(at) for at in range(max(self._bucket.second + 1, second - HISTORY_S), second)),
        ]
        self._past.extend(fresh)
        self._closed.extend(fresh)
        closed = tuple(
            Second(one.succeeded, one.failed, Latencies.of(one.cells).percentiles) for one in fresh
        )
        self._history = (*self._history, *closed)[-HISTORY_S:]
        self._bucket = Bucket(second)
        self._summed = (0, Counter())

    def take_closed(self) -> list[Bucket]:
        """The seconds closed since this was last asked, oldest first, `HISTORY_S` of them at most."""
        found = list(self._closed)
        self._closed.clear()
        return found

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
        if self._summed[0] != window_s:
            self._summed = window_s, _cells(self._recent(window_s))
        cells = self._summed[1].copy()
        cells.update(self._bucket.cells)
        return percentiles_of(cells)

    def _recent(self, window_s: int) -> Iterable[Bucket]:
        return islice(reversed(self._past), window_s)


def _cells(buckets: Iterable[Bucket]) -> Counter[int]:
    """The counts of all of them together."""
    cells: Counter[int] = Counter()
    for bucket in buckets:
        cells.update(bucket.cells)
    return cells
