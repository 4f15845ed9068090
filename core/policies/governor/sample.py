"""Latencies of one stretch of time, summed up by their median and how sure that median is."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import log, sqrt

_MOST_KEPT = 512
_LEAST_COUNT = 8
_TINY_S = 1e-6


@dataclass(frozen=True, slots=True)
class Summary:
    """What a window saw."""

    median_s: float
    error: float
    """Standard error of the logarithm of the median: 0.1 is about ten per cent."""
    in_flight: float
    """Mean of the requests in flight."""

    @property
    def per_s(self) -> float:
        """Throughput by Little's law: idle time before or after does not lower it."""
        return self.in_flight / self.median_s


class Window:
    """Collects answers from `now + skip_s` on, until enough of them have come to trust their median.

    The answers skipped are those of requests sent before the last change. Judging is amortised O(1) an answer.
    """

    def __init__(self, now: float, skip_s: float, least_s: float, most_s: float, error: float) -> None:
        """`least_s` and `most_s` bound its length without the skip; `error` is the precision wanted."""
        self._opens = now + skip_s
        self._due = self._opens + least_s
        self._latest = self._opens + most_s
        self._wanted = error
        self._latencies: deque[float] = deque(maxlen=_MOST_KEPT)
        self._in_flight = 0
        self._count = 0
        self._look_at = _LEAST_COUNT
        self.timed_out = 0

    @property
    def ended(self) -> int:
        """Answers and timeouts so far."""
        return self._count + self.timed_out

    def add(self, now: float, elapsed_s: float, in_flight: int) -> Summary | None:
        """Take in one answer; the summary when it is the last one needed."""
        if now < self._opens:
            return None
        self._latencies.append(elapsed_s)
        self._in_flight += in_flight
        self._count += 1
        if now < self._due or self._count < self._look_at:
            return None
        summary = self._summary()
        if summary.error <= self._wanted or now >= self._latest:
            return summary
        self._look_at = self._count + self._count // 2
        return None

    def _summary(self) -> Summary:
        ordered = sorted(self._latencies)
        count = len(ordered)
        low, high = max(_TINY_S, ordered[count // 4]), max(_TINY_S, ordered[(3 * count) // 4])
        # The median's error is 1.25 standard deviations over the root of n; a quartile range has 1.35 of them.
        error = 0.93 * log(high / low) / sqrt(count)
        return Summary(max(_TINY_S, ordered[count // 2]), error, self._in_flight / self._count)
