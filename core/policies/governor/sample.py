"""Latencies of one stretch of time, summed up by a robust mean and how sure that mean is."""

from __future__ import annotations

from collections import deque
from math import sqrt

from msgspec import Struct

_MOST_KEPT = 512
_LEAST_COUNT = 8
_TINY_S = 1e-6
_TELLING_S = 0.005
"""What a busy client or a scheduler adds to a latency, which is no queue at the server."""
_USAGE_S = 10.0
_LEAST_USAGE = 20
_TRIMMED = 1.5
"""The spread of the middle eight tenths understates that of the whole."""


class Summary(Struct, frozen=True):
    """What a window saw."""

    typical_s: float
    """Mean without the fastest and the slowest tenth, 5 ms at least, because less tells nothing. A mean follows the
    heavy tail that web servers have; a median does not see the queue behind workers that all need equally long, where
    latencies are one or two rounds."""
    mean_s: float
    late_s: float
    """The ninth decile: by then nearly all that was sent has been answered."""
    error: float
    """Standard error of `typical_s` as a share of it."""
    in_flight: float
    """Mean of the requests in flight."""

    counted_per_s: float
    """Answers over time: too high where they come in clumps, too low after idle time."""

    @property
    def per_s(self) -> float:
        """Throughput, by counting or by Little's law; the latter is too high while the slowest have not come."""
        return min(self.in_flight / self.mean_s, self.counted_per_s)


class Window:
    """Collects answers until enough of them have come to trust their mean.

    With a `skip_s` only requests sent from `now` on count, and only answers after this time: the first answers to come
    are the quickest ones. Judging is amortised O(1) an answer.
    """

    def __init__(self, now: float, skip_s: float, least_s: float, most_s: float, error: float) -> None:
        """`least_s` and `most_s` bound its length without the skip; `error` is the precision wanted."""
        self._since = now if skip_s else float("-inf")
        self._opens = now + skip_s
        self._due = self._opens + least_s
        self._latest = self._opens + most_s
        self._wanted = error
        self._latencies: deque[float] = deque(maxlen=_MOST_KEPT)
        self._opened = now
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
        if now < self._opens or now - elapsed_s < self._since:
            return None
        if not self._count:
            self._opened = now
        self._latencies.append(elapsed_s)
        self._in_flight += in_flight
        self._count += 1
        # A round of answers at least: the first of them came before the queue was long.
        if now < self._due or self._count < self._look_at or self._count < min(in_flight, _MOST_KEPT):
            return None
        summary = self._summary(now)
        if summary.error <= self._wanted or now >= self._latest:
            return summary
        self._look_at = self._count + self._count // 2
        return None

    def _summary(self, now: float) -> Summary:
        ordered = sorted(self._latencies)
        cut = len(ordered) // 10
        middle = ordered[cut : len(ordered) - cut]
        mean_s = sum(middle) / len(middle)
        typical_s = max(_TELLING_S, mean_s)
        spread_s = sqrt(sum((latency_s - mean_s) ** 2 for latency_s in middle) / len(middle))
        return Summary(
            typical_s,
            late_s=max(_TINY_S, middle[-1]),
            mean_s=max(_TINY_S, sum(ordered) / len(ordered)),
            error=_TRIMMED * spread_s / typical_s / sqrt(len(ordered)),
            counted_per_s=self._count / max(_TINY_S, now - self._opened),
            in_flight=self._in_flight / self._count,
        )


class Usage:
    """The most requests in flight in some seconds, where enough of them ended to tell."""

    def __init__(self, now: float) -> None:
        self._since = now
        self._ended = 0
        self._peak = 0

    def add(self, in_flight: int) -> None:
        """One answer came; `in_flight` counts it still."""
        self._ended += 1
        self._peak = max(self._peak, in_flight)

    def peak(self, now: float) -> int | None:
        """The most in flight since the last time this told; None while it is too early."""
        if now - self._since < _USAGE_S or self._ended < _LEAST_USAGE:
            return None
        peak, self._since, self._ended, self._peak = self._peak, now, 0, 0
        return peak


def told_s(seconds: float) -> str:
    """A typical latency to be read."""
    return f"{seconds * 1000:.3g} ms" if seconds > _TELLING_S else f"{_TELLING_S * 1000:.0f} ms or less"
