"""How long the rest of a run will take, said as a range while it is unsure."""

from __future__ import annotations

_STEADY = 1.15
"""Rates that differ by less than this factor count as one."""


def estimate(
    pending: int, recent_per_s: float, longer_per_s: float, most_per_s: float | None = None
) -> tuple[float, float] | None:
    """Seconds to go, least and most, by the rate of the last seconds and of a longer window.

    Both are the same when the rates agree; None without progress. `most_per_s` is a limit that no rate exceeds for
    long, though it seems to in a window that is short against it.
    """
    slow, fast = sorted(min(rate, most_per_s or rate) for rate in (recent_per_s, longer_per_s))
    if slow <= 0.0:
        return None
    if fast / slow <= _STEADY:
        seconds = pending * 2 / (slow + fast)
        return seconds, seconds
    return pending / fast, pending / slow
