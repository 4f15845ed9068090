"""How long the rest of a run will take, said as a range while it is unsure."""

from __future__ import annotations

_STEADY = 1.15
"""Rates that differ by less than this factor count as one."""


def estimate(pending: int, recent_per_s: float, longer_per_s: float) -> tuple[float, float] | None:
    """Seconds to go, least and most, by the rate of the last seconds and of a longer window.

    Both are the same when the rates agree; None without progress.
    """
    slow, fast = sorted((recent_per_s, longer_per_s))
    if slow <= 0.0:
        return None
    if fast / slow <= _STEADY:
        seconds = pending * 2 / (slow + fast)
        return seconds, seconds
    return pending / fast, pending / slow
