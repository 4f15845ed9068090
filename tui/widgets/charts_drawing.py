"""The charts as lines of braille: each a pure function of a run's past and a size in cells."""

from __future__ import annotations

from itertools import pairwise

from ...core.latencies import Latencies, middle_of
from ...core.past import PastView
from ..dots import ACROSS, DOWN, Canvas
from ..figures import milliseconds, short
from ..spans import Line, Span
from . import charts_series as series
from .charts_axis import Axis, axis_for, log_axis, round_up
from .charts_time import GUTTER
from .columns import Tone

_FEW = 4
"""On so few lines labels may stand right below one another."""
_NAMED = 3 * len("▴p50 999 ms") + 2
"""Cells for three percentiles with their names."""


def dots_across(width: int) -> int:
    """Columns of a past that a chart of this width shows."""
    return max(1, width - GUTTER) * ACROSS


def throughput(view: PastView, width: int, height: int) -> tuple[Line, ...]:
    """Successes a second stand on the base line, other ends hang below it, each to a scale of its own."""
    rows = max(2, height)
    below = max(1, rows // 4)
    good, bad = series.good_rates(view), series.bad_rates(view)
    failed = series.highest(bad)
    up, down = Axis(0.0, round_up(series.highest(good))), Axis(0.0, round_up(failed))
    canvas = Canvas(max(1, width - GUTTER), rows)
    base = (rows - below) * DOWN
    _area(canvas, good, up, Tone.GOOD, base)
    canvas.draw(
        [None if deep is None else (base, base + deep) for deep in down.heights(bad, below * DOWN)], Tone.BAD
    )
    labels = {0: Span(short(up.high), Tone.MUTED)}
    if rows - below > 1:
        labels[rows - below - 1] = Span("0", Tone.MUTED)
    labels[rows - 1] = Span(short(down.high), Tone.BAD if failed else Tone.MUTED)
    return _with_gutter(canvas, labels)


def latency_axis(view: PastView) -> Axis:
    """Linear, or logarithmic where the worst stretch is far slower than the usual request."""
    known = [one for one in series.latencies(view) if one is not None]
    return axis_for([one.p50 for one in known], [one.p99 for one in known])


def latency(view: PastView, width: int, height: int) -> tuple[Line, ...]:
    """p50 as an area, p95 and p99 as lines above it, all to the scale of `latency_axis`."""
    rows = max(1, height)
    axis = latency_axis(view)
    canvas = Canvas(max(1, width - GUTTER), rows)
    found = series.latencies(view)
    _area(canvas, [one and one.p50 for one in found], axis, Tone.GOOD, canvas.height)
    _line(canvas, [one and one.p95 for one in found], axis, Tone.ACCENT)
    _line(canvas, [one and one.p99 for one in found], axis, Tone.WARN)
    return _with_gutter(canvas, _latency_labels(axis, rows))


def flying(view: PastView, width: int, height: int) -> tuple[Line, ...]:
    """Slots in use as an area below the line of the limit."""
    rows = max(1, height)
    limits, used = series.limits(view), series.in_flight(view)
    axis = Axis(0.0, round_up(max(series.highest(limits), series.highest(used))))
    canvas = Canvas(max(1, width - GUTTER), rows)
    _area(canvas, used, axis, Tone.ACCENT, canvas.height)
    _line(canvas, limits, axis, Tone.WARN)
    return _with_gutter(canvas, _ends(short(axis.high), "0", rows))


def errors(view: PastView, width: int, height: int) -> tuple[Line, ...]:
    """Failed attempts as a share of all."""
    rows = max(1, height)
    shares = series.error_shares(view)
    axis = Axis(0.0, min(100.0, max(1.0, round_up(series.highest(shares)))))
    canvas = Canvas(max(1, width - GUTTER), rows)
    _area(canvas, shares, axis, Tone.BAD, canvas.height)
    return _with_gutter(canvas, _ends(f"{axis.high:g}%", "0%", rows))


def histogram(latencies: Latencies, width: int, height: int) -> tuple[Line, ...]:
    """How many attempts took how long; the time runs to the right on a logarithmic axis, percentiles marked below."""
    columns, rows = max(1, width - GUTTER), max(2, height)
    counted = [(middle_of(cell), count) for cell, count in latencies.cells if count]
    if not counted:
        return _with_gutter(Canvas(columns, rows), {})
    axis = log_axis(counted[0][0], counted[-1][0])
    across = columns * ACROSS
    heights = [0] * across
    for ms, count in counted:
        # A cell may be wider than a dot: it fills all of them.
        left, right = (axis.dots(ms * 2 ** (part / 32), across) for part in (-1, 1))
        for x in range(left - 1, max(left, right - 1)):
            heights[x] = max(heights[x], count) if right > left else heights[x] + count
    upright = Axis(0.0, round_up(max(heights)))
    canvas = Canvas(columns, rows - 1)
    _area(canvas, [height or None for height in heights], upright, Tone.GOOD, canvas.height)
    body = _with_gutter(canvas, _ends(short(upright.high), "0", rows - 1))
    return (*body, _percentile_line(latencies, axis, columns))


def names_percentiles(width: int) -> bool:
    """Whether a histogram of this width has room for the names of the percentiles beside their values."""
    return width - GUTTER >= _NAMED


def _percentile_line(latencies: Latencies, axis: Axis, columns: int) -> Line:
    """Each below its place; where they would not fit beside one another they move to the left."""
    found = latencies.percentiles
    if found is None:
        return (Span(" " * (GUTTER + columns)),)
    marked = (("p50", found.p50, Tone.GOOD), ("p95", found.p95, Tone.ACCENT), ("p99", found.p99, Tone.WARN))
    named = columns >= _NAMED
    texts = [f"▴{name} {milliseconds(ms)}" if named else f"▴{milliseconds(ms)}" for name, ms, _ in marked]
    line = [Span(" " * GUTTER)]
    end = 0
    for n, (text, (_, ms, tone)) in enumerate(zip(texts, marked, strict=True)):
        latest = columns - sum(len(later) + 1 for later in texts[n:]) + 1
        place = (axis.dots(ms, columns * ACROSS) - 1) // ACROSS
        at = max(end + (n > 0), min(place, latest))
        if at + len(text) > columns:
            break
        line += [Span(" " * (at - end)), Span(text, tone)]
        end = at + len(text)
    return (*line, Span(" " * (columns - end)))


def _area(canvas: Canvas, values: series.Values, axis: Axis, tone: Tone, floor: int) -> None:
    """Columns that stand on a floor, so many dots below the top."""
    canvas.draw(
        [None if high is None else (floor - high, floor) for high in axis.heights(values, floor)], tone
    )


def _line(canvas: Canvas, values: series.Values, axis: Axis, tone: Tone) -> None:
    """Columns from one value to the next, so that the line has no gaps where it is steep."""
    floor = canvas.height
    heights = axis.heights(values, floor)
    spans = [
        None if high is None else (floor - max(high, before or high), floor - min(high, before or high) + 1)
        for before, high in pairwise([None, *heights])
    ]
    canvas.draw(spans, tone)


def _ends(high: str, low: str, rows: int) -> dict[int, Span]:
    labels = {0: Span(high, Tone.MUTED)}
    if rows > 1:
        labels[rows - 1] = Span(low, Tone.MUTED)
    return labels


def _latency_labels(axis: Axis, rows: int) -> dict[int, Span]:
    """Both ends of the axis, and of its ticks, the roundest first, those with a line of their own."""
    labels = _ends(milliseconds(axis.high), milliseconds(axis.low) if axis.low else "0", rows)
    for tick in sorted(axis.ticks(), key=lambda tick: (f"{tick:e}"[0] != "1", tick)):
        row = (rows * DOWN - axis.dots(tick, rows * DOWN)) // DOWN
        near = range(row, row + 1) if rows <= _FEW else range(row - 1, row + 2)
        if labels.keys().isdisjoint(near):
            labels[row] = Span(milliseconds(tick), Tone.MUTED)
    return labels


def _with_gutter(canvas: Canvas, labels: dict[int, Span]) -> tuple[Line, ...]:
    lines: list[Line] = []
    drawn = canvas.lines()
    for row, line in enumerate(drawn):
        label = labels.get(row, Span(""))
        edge = "┤" if row in labels and 0 < row < len(drawn) - 1 else "│"
        lines.append((Span(f"{label.text:>{GUTTER - 1}}", label.tone), Span(edge, Tone.MUTED), *line))
    return tuple(lines)
