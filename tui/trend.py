"""A trend in few cells: a line of bars, an arrow and a word."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.journal.records import Cause
from ..core.policies.trend import NO_TREND, Direction
from .figures import span

_BARS = " ▁▂▃▄▅▆▇█"
_ARROWS = {
    Direction.NEW: "✶ new",
    Direction.RISING: "↗ rising",
    Direction.STEADY: "→ steady",
    Direction.FALLING: "↘ falling",
    Direction.OVER: "· over",
}
"""Glyph and word, so that colour tells nothing alone."""


def sparkline(counts: tuple[int, ...]) -> str:
    """A bar for each count, the highest as high as a cell; whatever is there is seen."""
    most = max(counts, default=0)
    return "".join(_BARS[-(-8 * count // most) if most else 0] for count in counts)


def trend_words(cause: Cause, now: float) -> str:
    """`↗ rising`, or `· over 12 min`: for how long it has not struck; a dash where nothing was counted."""
    if cause.trend == NO_TREND:
        return "–"
    direction = cause.trend.direction(now)
    since = f" {span(max(0.0, now - cause.last_at))}" if direction is Direction.OVER else ""
    return f"{_ARROWS[direction]}{since}"


def moment_of(causes: Sequence[Cause], *, over: bool, now: float) -> float:
    """What trends lead up to: `now` on the wall clock; of a run that is over, the moment when it last failed."""
    return max((cause.last_at for cause in causes), default=now) if over else now
