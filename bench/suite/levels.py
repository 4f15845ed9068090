"""How many requests a server had under way at any time, from when each began and ended: pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from .servers import Seen

Level = tuple[float, int]
"""From this time on so many."""


def levels(requests: Sequence[Seen]) -> list[Level]:
    """The level after each change, in order of time; what ends at a time frees its place for what begins then."""
    changes = sorted([(one.began, 1) for one in requests] + [(one.ended, -1) for one in requests])
    found: list[Level] = []
    now = 0
    for time, change in changes:
        now += change
        if found and found[-1][0] == time:
            found[-1] = (time, now)
        else:
            found.append((time, now))
    return found


def reached(found: Sequence[Level], since: float, level: int) -> float | None:
    """Seconds from `since` until so many were under way; None where that never came."""
    return next((max(0.0, time - since) for time, now in found if time >= since and now >= level), None)


def drained(found: Sequence[Level], since: float, level: int) -> float | None:
    """Seconds from `since` until no more than so many were under way; None where that never came."""
    return next((max(0.0, time - since) for time, now in found if time >= since and now <= level), None)


def average(found: Sequence[Level], begin: float, end: float) -> float:
    """The level over a span of time, each moment counting the same."""
    steps = [*((max(time, begin), now) for time, now in found if time < end), (end, 0)]
    held = sum((until - time) * now for (time, now), (until, _) in pairwise(steps) if until > begin)
    return held / (end - begin)
