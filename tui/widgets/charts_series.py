"""From the seconds of a snapshot's history to one value for each column of dots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor
from typing import TypeVar

from ...core.snapshot import Second

T = TypeVar("T")
WINDOWS_S = (30, 60, 120)
"""Lengths of the time axis: the shortest that holds the history, so that a young run fills its chart."""


def window_s(history: Sequence[Second]) -> int:
    """Seconds that the time axis shows."""
    return next((window for window in WINDOWS_S if len(history) <= window), WINDOWS_S[-1])


def by_column(
    history: Sequence[Second], columns: int, merge: Callable[[Sequence[Second]], T]
) -> tuple[T | None, ...]:
    """One merged value for each column, the newest at the right; None where there is no history yet.

    A column narrower than a second repeats the second that it lies in.
    """
    window = window_s(history)
    shown = history[-window:]
    before = window - len(shown)
    values: list[T | None] = []
    for column in range(columns):
        start = floor(column * window / columns) - before
        end = max(start + 1, ceil((column + 1) * window / columns) - before)
        part = shown[max(0, start) : end] if end > 0 else ()
        values.append(merge(part) if part else None)
    return tuple(values)


def mean_of(pick: Callable[[Second], int]) -> Callable[[Sequence[Second]], float]:
    """Merge seconds by the mean of a count."""
    return lambda part: sum(pick(second) for second in part) / len(part)


def worst(part: Sequence[Second]) -> tuple[float, float, float] | None:
    """Merge latencies by the highest of each percentile; None where no attempt ended."""
    known = [second.latency for second in part if second.latency is not None]
    if not known:
        return None
    return max(one.p50 for one in known), max(one.p95 for one in known), max(one.p99 for one in known)
