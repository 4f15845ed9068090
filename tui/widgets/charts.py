"""Throughput and latency over the last two minutes, drawn as braille strips."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from ...core.handle import Second, Snapshot
from ..dots import DOWN, Canvas
from ..figures import milliseconds, short
from ..spans import Line, Span, justify
from .charts_series import by_column, mean_of, round_up, window_s, worst
from .columns import Tone
from .lines import Lines

_GUTTER = 7
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


def latency_chart(history: Sequence[Second], width: int, height: int) -> tuple[Line, ...]:
    """p50 as an area, p95 and p99 as lines above it, all to one scale that begins at 0."""
    columns, rows = max(1, width - _GUTTER), max(1, height)
    values = by_column(history, columns * 2, worst)
    top = round_up(max((value[2] for value in values if value), default=0.0))
    canvas = Canvas(columns, rows)
    floor = canvas.height
    for index, tone in enumerate((Tone.GOOD, Tone.ACCENT, Tone.WARN)):
        before: int | None = None
        for x, value in enumerate(values):
            y = None if value is None else floor - _dots(value[index], top, floor)
            if y is not None:
                joined = y if before is None else before
                start, end = (y, floor) if index == 0 else (min(y, joined), max(y, joined) + 1)
                canvas.column(x, start, end, tone)
            before = y
    labels = {0: Span(milliseconds(top), Tone.MUTED)}
    if rows > 1:
        labels[rows - 1] = Span("0", Tone.MUTED)
    return _with_gutter(canvas, labels)


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
    for row, line in enumerate(canvas.lines()):
        label = labels.get(row, Span(""))
        lines.append((Span(f"{label.text:>{_GUTTER - 1}}", label.tone), Span("│", Tone.MUTED), *line))
    return tuple(lines)


class _Chart(Lines):
    """Draws only when the history has another second, which is once in four snapshots."""

    TITLE: ClassVar[Line] = ()

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._shown: tuple[Sequence[Second], int, int] | None = None
        self._made: tuple[Line, ...] = ()

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
        if height >= _AXIS_FROM:
            return (self.TITLE, *self.body(history, width, height - 2), time_axis(history, width))
        window = (Span(f"last {window_s(history)} s", Tone.MUTED),)
        return (justify(self.TITLE, window, width), *self.body(history, width, height - 1))


class ThroughputChart(_Chart):
    """Attempts that succeeded and that did not, each second."""

    TITLE = (
        Span("▲ ", Tone.GOOD),
        Span("succeeded/s  ", Tone.PLAIN),
        Span("▼ ", Tone.BAD),
        Span("failed/s", Tone.PLAIN),
    )

    def body(self, history: Sequence[Second], width: int, height: int) -> tuple[Line, ...]:
        """The strips."""
        return throughput_chart(history, width, height)


class LatencyChart(_Chart):
    """The percentiles of how long attempts took, each second."""

    TITLE = (
        Span("latency ", Tone.PLAIN),
        Span(" ■ p50", Tone.GOOD),
        Span("  ━ p95", Tone.ACCENT),
        Span("  ━ p99", Tone.WARN),
    )

    def body(self, history: Sequence[Second], width: int, height: int) -> tuple[Line, ...]:
        """The strips."""
        return latency_chart(history, width, height)
