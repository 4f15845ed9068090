"""Throughput and latency over the last two minutes, drawn as braille strips."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from ...core.snapshot import Second, Snapshot
from ..dots import DOWN, Canvas
from ..figures import milliseconds, short
from ..spans import Line, Span, justify
from .charts_axis import Axis, axis_for, round_up
from .charts_series import by_column, mean_of, window_s, worst
from .columns import Tone
from .lines import Lines

_GUTTER = 7
_FEW = 4
"""On so few lines labels may stand right below one another."""
_AXIS_FROM = 6
"""A chart of at least this many lines has room for a time axis."""


def throughput_chart(history: Sequence[Second], width: int, height: int) -> tuple[Line, ...]:
    """Successes a second stand on the base line, other ends hang below it, each to a scale of its own."""
    columns, rows = max(1, width - _GUTTER), max(2, height)
    below = max(1, rows // 4)
    good = by_column(history, columns * 2, mean_of(lambda second: second.succeeded))
    bad = by_column(history, columns * 2, mean_of(lambda second: second.failed))
    good_top, bad_top = round_up(_highest(good)), round_up(_highest(bad))
    canvas = Canvas(columns, rows)
    base = (rows - below) * DOWN
    for x, value in enumerate(good):
        if value:
            canvas.column(x, base - _dots(value, good_top, base), base, Tone.GOOD)
    for x, value in enumerate(bad):
        if value:
            canvas.column(x, base, base + _dots(value, bad_top, below * DOWN), Tone.BAD)
    labels = {0: Span(short(good_top), Tone.MUTED)}
    if rows - below > 1:
        labels[rows - below - 1] = Span("0", Tone.MUTED)
    labels[rows - 1] = Span(short(bad_top), Tone.BAD if _highest(bad) else Tone.MUTED)
    return _with_gutter(canvas, labels)


def latency_axis(history: Sequence[Second]) -> Axis:
    """Linear, or logarithmic where the worst second is far slower than the usual request."""
    shown = history[-window_s(history) :]
    known = [second.latency for second in shown if second.latency is not None]
    return axis_for([one.p50 for one in known], [one.p99 for one in known])


def latency_chart(history: Sequence[Second], width: int, height: int) -> tuple[Line, ...]:
    """p50 as an area, p95 and p99 as lines above it, all to the scale of `latency_axis`."""
    columns, rows = max(1, width - _GUTTER), max(1, height)
    axis = latency_axis(history)
    canvas = Canvas(columns, rows)
    floor = canvas.height
    values = by_column(history, columns * 2, worst)
    for index, tone in enumerate((Tone.GOOD, Tone.ACCENT, Tone.WARN)):
        before: int | None = None
        for x, value in enumerate(values):
            y = None if value is None else floor - axis.dots(value[index], floor)
            if y is not None:
                joined = y if before is None else before
                start, end = (y, floor) if index == 0 else (min(y, joined), max(y, joined) + 1)
                canvas.column(x, start, end, tone)
            before = y
    return _with_gutter(canvas, _latency_labels(axis, rows))


def _latency_labels(axis: Axis, rows: int) -> dict[int, Span]:
    """Both ends of the axis, and of its ticks, the roundest first, those with a line of their own."""
    labels = {0: Span(milliseconds(axis.high), Tone.MUTED)}
    if rows > 1:
        labels[rows - 1] = Span(milliseconds(axis.low) if axis.low else "0", Tone.MUTED)
    for tick in sorted(axis.ticks(), key=lambda tick: (f"{tick:e}"[0] != "1", tick)):
        row = (rows * DOWN - axis.dots(tick, rows * DOWN)) // DOWN
        near = range(row, row + 1) if rows <= _FEW else range(row - 1, row + 2)
        if labels.keys().isdisjoint(near):
            labels[row] = Span(milliseconds(tick), Tone.MUTED)
    return labels


def time_axis(history: Sequence[Second], width: int) -> Line:
    """Where the window begins, and that it ends now."""
    left = (Span(" " * _GUTTER), Span(f"−{window_s(history)} s", Tone.MUTED))
    return justify(left, (Span("now", Tone.MUTED),), width)


def _dots(value: float, top: float, height: int) -> int:
    return max(1, min(height, round(height * value / top)))


def _highest(values: Sequence[float | None]) -> float:
    return max((value for value in values if value is not None), default=0.0)


def _with_gutter(canvas: Canvas, labels: dict[int, Span]) -> tuple[Line, ...]:
    lines: list[Line] = []
    drawn = canvas.lines()
    for row, line in enumerate(drawn):
        label = labels.get(row, Span(""))
        edge = "┤" if row in labels and 0 < row < len(drawn) - 1 else "│"
        lines.append((Span(f"{label.text:>{_GUTTER - 1}}", label.tone), Span(edge, Tone.MUTED), *line))
    return tuple(lines)


class _Chart(Lines):
    """Draws only when the history has another second, which is once in four snapshots."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._shown: tuple[Sequence[Second], int, int] | None = None
        self._made: tuple[Line, ...] = ()

    @abstractmethod
    def title(self, history: Sequence[Second]) -> Line:
        """What is drawn, with its legend."""

    @abstractmethod
    def body(self, history: Sequence[Second], width: int, height: int) -> tuple[Line, ...]:
        """The strips."""

    def lines(self, snapshot: Snapshot, width: int, height: int) -> tuple[Line, ...]:
        """A title with its legend, the strips, and a time axis where there is room."""
        wanted = (snapshot.history, width, height)
        if wanted != self._shown:
            self._shown, self._made = wanted, self._titled(*wanted)
        return self._made

    def _titled(self, history: Sequence[Second], width: int, height: int) -> tuple[Line, ...]:
        title = self.title(history)
        if height >= _AXIS_FROM:
            return (title, *self.body(history, width, height - 2), time_axis(history, width))
        window = (Span(f"last {window_s(history)} s", Tone.MUTED),)
        return (justify(title, window, width), *self.body(history, width, height - 1))


class ThroughputChart(_Chart):
    """Attempts that succeeded and that did not, each second."""

    def title(self, history: Sequence[Second]) -> Line:
        """The legend."""
        good, bad = (Span("▲ ", Tone.GOOD), Span("ok  ")), (Span("▼ ", Tone.BAD), Span("failed"))
        return (Span("attempts/s  "), *good, *bad)

    def body(self, history: Sequence[Second], width: int, height: int) -> tuple[Line, ...]:
        """The strips."""
        return throughput_chart(history, width, height)


class LatencyChart(_Chart):
    """The percentiles of how long attempts took, each second."""

    def title(self, history: Sequence[Second]) -> Line:
        """The legend, and a word where the scale is logarithmic."""
        return (
            Span("latency "),
            Span("log ", Tone.MUTED) if latency_axis(history).logarithmic else Span(""),
            Span(" ■ p50", Tone.GOOD),
            Span("  ━ p95", Tone.ACCENT),
            Span("  ━ p99", Tone.WARN),
        )

    def body(self, history: Sequence[Second], width: int, height: int) -> tuple[Line, ...]:
        """The strips."""
        return latency_chart(history, width, height)
