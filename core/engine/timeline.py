"""The whole past of a run in bounded memory: seconds of the last minutes, ever longer stretches before."""

from __future__ import annotations

import math
from collections import deque

from msgspec import Struct, field

from ..past import EventKind, Mark, PastView, Stretch, together

UNITS_S = (1, 10, 60, 600)
"""Lengths of stretches; each level holds `_KEPT` of them: 18 minutes, 3 hours, 18 hours, a week."""
_KEPT = 1080
_MARKS = 500
IDLE_S = 60
"""Of a time in which nothing goes on no more than this is kept: a night's pause would press the rest together."""
_SPANS_S = (30, 60, 120, 180, 300, 450, 600, 900, 1200, 1800, 2700)
_PARTS = 4
"""Stretches in a column, where they are short enough, so that all columns are about as long."""
_MOST_CACHED = 4000
_MOST_VIEWS = 4


class _Level(Struct):
    unit: int
    stretches: dict[int, Stretch] = field(default_factory=dict[int, Stretch])
    whole_from: int = 0
    """From this second on it lacks nothing; before that only longer stretches are known."""

    def add(self, second: int, stretch: Stretch) -> None:
        number = second // self.unit
        before = self.stretches.get(number)
        self.stretches[number] = stretch if before is None else before.then(stretch)
        while len(self.stretches) > _KEPT:
            oldest = next(iter(self.stretches))
            del self.stretches[oldest]
            self.whole_from = max(self.whole_from, (oldest + 1) * self.unit)


class _Moment(Struct, frozen=True):
    second: int
    at: float
    kind: EventKind
    text: str


class Timeline:
    """Takes in what happens, in order, and shows any last part of it; counts seconds from the run's beginning."""

    def __init__(self) -> None:
        """Nothing has happened."""
        self._levels = tuple(_Level(unit) for unit in UNITS_S)
        self._moments: deque[_Moment] = deque(maxlen=_MARKS)
        self._end = 0
        self._idle_s = 0.0
        self._cached: dict[tuple[int, int, int], Stretch | None] = {}
        self._views: dict[tuple[float | None, int], PastView] = {}
        """What has been asked for since the last change: charts of one width ask for the same."""

    @property
    def seconds(self) -> int:
        """How long it is by now."""
        return self._end

    def add(self, stretch: Stretch) -> bool:
        """Take in what comes next, no longer than the last of `UNITS_S`; False where it is idle for too long."""
        self._views.clear()
        self._idle_s = self._idle_s + stretch.seconds if stretch.idle else 0.0
        if self._idle_s > IDLE_S:
            return False
        unit = next((unit for unit in UNITS_S if stretch.seconds <= unit), UNITS_S[-1])
        start = -(-self._end // unit) * unit
        self._end = start + unit
        for level in self._levels:
            if level.unit >= unit:
                level.add(start, stretch)
            else:
                level.whole_from = self._end
        return True

    def stand_still(self, seconds: float) -> None:
        """Leave a gap, such as between two sessions; the next stretch begins on a round second."""
        self._views.clear()
        gap = min(IDLE_S, max(0, math.ceil(seconds)))
        self._end = -(-(self._end + gap) // UNITS_S[1]) * UNITS_S[1]
        self._idle_s = 0.0

    def mark(self, at: float, kind: EventKind, text: str) -> None:
        """Remember a change that happens now."""
        self._views.clear()
        self._moments.append(_Moment(self._end, at, kind, text))

    def view(self, span_s: float | None, columns: int) -> PastView:
        """The last `span_s` seconds, all of them for None; a young run fills its columns sooner."""
        known = self._views.get((span_s, columns))
        if known is None:
            if len(self._views) >= _MOST_VIEWS:
                self._views.clear()
            known = self._views[span_s, columns] = self._view(span_s, max(1, columns))
        return known

    def _view(self, span_s: float | None, columns: int) -> PastView:
        span = _span(min(span_s or math.inf, self._end)) if span_s is None else min(span_s, _span(self._end))
        per = span / columns
        level = max((n for n, one in enumerate(self._levels) if one.unit * _PARTS <= per), default=0)
        if span_s is None:
            # Of the whole run nothing is left out, nor counted twice where stretches become longer.
            level = next(
                (n for n, one in enumerate(self._levels) if n >= level and not one.whole_from), level
            )
        last = max(0, math.ceil(self._end / per - 1e-9) - 1)
        first = last - columns + 1
        return PastView(
            tuple(self._column(level, number, per) for number in range(first, last + 1)),
            span,
            self._marks(first, last, per),
        )

    def _column(self, level: int, number: int, per: float) -> Stretch | None:
        unit = UNITS_S[level]
        start = math.floor(number * per / unit + 1e-9)
        stop = max(start + 1, math.floor((number + 1) * per / unit + 1e-9))
        if stop <= 0:
            return None
        if (number + 1) * per >= self._end or stop * unit > self._end:
            stop = max(stop, math.ceil(self._end / unit))
            # The last column has all that is left; where time is drawn wide, without what stands before it too.
            shown = stop - start > 1 and math.floor((number - 1) * per / unit + 1e-9) == start
            return self._gathered(level, start + shown, stop)
        key = (level, start, stop)
        if key not in self._cached:
            if len(self._cached) >= _MOST_CACHED:
                self._cached.clear()
            self._cached[key] = self._gathered(level, start, stop)
        return self._cached[key]

    def _gathered(self, level: int, start: int, stop: int) -> Stretch | None:
        own = self._levels[level]
        if start * own.unit < own.whole_from and level + 1 < len(self._levels):
            longer = self._levels[level + 1].unit
            return self._gathered(
                level + 1,
                start * own.unit // longer,
                max(start * own.unit // longer + 1, stop * own.unit // longer),
            )
        return together(
            found for number in range(start, stop) if (found := own.stretches.get(number)) is not None
        )

    def _marks(self, first: int, last: int, per: float) -> tuple[Mark, ...]:
        placed = ((min(last, math.floor(moment.second / per)) - first, moment) for moment in self._moments)
        return tuple(
            Mark(column, moment.at, moment.kind, moment.text) for column, moment in placed if column >= 0
        )


def _span(seconds: float) -> float:
    """A length of the time axis that holds so many seconds, the same for a while."""
    found = next((span for span in _SPANS_S if seconds <= span), None)
    if found is not None:
        return float(found)
    # Beyond an hour in steps of a third or a half: 1, 1.5, 2, 3, 4, 6, 8, 12 hours and so on.
    hours = 3600.0
    while seconds > hours:
        if seconds <= hours * 1.5:
            return hours * 1.5
        hours *= 2
    return hours
