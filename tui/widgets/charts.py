"""A chart of the run's past: what it shows can be switched, how far back it looks is the deck's to say."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import var

from ...core.handle import EngineHandle
from ...core.past import NOTHING, PastView, Stretch
from ...core.snapshot import RunState, Snapshot
from ..figures import milliseconds, short
from ..spans import Line, Span, justify, width_of
from . import charts_drawing as drawing
from .charts_time import GUTTER, moment, nearest, note, time_axis, window_word
from .columns import Tone
from .lines import SnapshotLines

_GONE = (RunState.FINISHED, RunState.INTERRUPTED)
_REACH = 3
"""Columns of dots from the pointer in which a change counts as pointed at."""


class ChartKind(Enum):
    """What a chart shows."""

    THROUGHPUT = "throughput"
    LATENCY = "latency"
    IN_FLIGHT = "in flight"
    ERRORS = "errors"


_DRAWN: dict[ChartKind, Callable[[PastView, int, int], tuple[Line, ...]]] = {
    ChartKind.THROUGHPUT: drawing.throughput,
    ChartKind.LATENCY: drawing.latency,
    ChartKind.IN_FLIGHT: drawing.flying,
    ChartKind.ERRORS: drawing.errors,
}
_PERCENTILES = (Span("  ■ p50", Tone.GOOD), Span("  ━ p95", Tone.ACCENT), Span("  ━ p99", Tone.WARN))


_MARKED = (Span("▴p50 ", Tone.GOOD), Span("▴p95 ", Tone.ACCENT), Span("▴p99 ", Tone.WARN))


def title(kind: ChartKind, view: PastView, width: int, *, histogram: bool) -> Line:
    """What is drawn, with its legend."""
    if kind is ChartKind.THROUGHPUT:
        good, bad = (Span("▲ ", Tone.GOOD), Span("ok  ")), (Span("▼ ", Tone.BAD), Span("failed"))
        return (Span("attempts/s  "), *good, *bad)
    if kind is ChartKind.IN_FLIGHT:
        return (Span("in flight  "), Span("■ in use", Tone.ACCENT), Span("  ━ limit", Tone.WARN))
    if kind is ChartKind.ERRORS:
        return (Span("errors  "), Span("■ ", Tone.BAD), Span("failed of all attempts"))
    if histogram:
        if not drawing.names_percentiles(width):
            return (Span("histogram "), *_MARKED, Span(short(view.latencies.total), Tone.MUTED))
        return (Span("latency histogram  "), Span(f"{view.latencies.total:,} attempts", Tone.MUTED))
    logarithmic = drawing.latency_axis(view).logarithmic
    return (Span("latency"), Span(" log" if logarithmic else "", Tone.MUTED), *_PERCENTILES)


def tight(line: Line) -> Line:
    """The line with no more than one space between two words."""
    return tuple(span._replace(text=re.sub(" +", " ", span.text)) for span in line)


def readout(kind: ChartKind, one: Stretch | None, span_s: float) -> Line:
    """The figures of the stretch that the pointer is on."""
    if one is None:
        return (Span("nothing went on here", Tone.MUTED),)
    latency, share = one.latency, one.error_share
    figures = {
        ChartKind.THROUGHPUT: (
            Span(f"{short(one.succeeded / one.seconds)}/s ok  ", Tone.GOOD),
            Span(f"{short(one.failed / one.seconds)}/s failed", Tone.BAD if one.failed else Tone.MUTED),
        ),
        ChartKind.IN_FLIGHT: (
            Span(f"{short(round(one.in_flight, 1))} in use  ", Tone.ACCENT),
            Span(f"limit {one.limit:,}", Tone.WARN),
        ),
        ChartKind.ERRORS: (
            Span("–" if share is None else f"{100 * share:.1f}%", Tone.BAD if share else Tone.MUTED),
            Span(f"  {one.failed:,} of {one.succeeded + one.failed:,} attempts"),
        ),
        ChartKind.LATENCY: (Span("no attempt ended", Tone.MUTED),)
        if latency is None
        else (
            Span(f"p50 {milliseconds(latency.p50)}  ", Tone.GOOD),
            Span(f"p95 {milliseconds(latency.p95)}  ", Tone.ACCENT),
            Span(f"p99 {milliseconds(latency.p99)}", Tone.WARN),
        ),
    }
    return (Span(f"{moment(one.at, min(span_s, 3600))}  ", Tone.MUTED), *figures[kind])


class Chart(SnapshotLines):
    """Draws only when a second has passed, or when something else is to be shown."""

    DEFAULT_CSS = """
    Chart { border-subtitle-color: $text-muted; border-subtitle-align: left; }
    """
    kind: var[ChartKind] = var(ChartKind.THROUGHPUT)
    span_s: var[float | None] = var[float | None](None)
    """Seconds to look back; None for the whole run."""
    histogram: var[bool] = var(False)
    pointed: var[int | None] = var[int | None](None)
    """The cell that the pointer is on, from the left edge of the content."""

    class Switched(Message):
        """The chart is to show something else."""

        def __init__(self, chart: Chart) -> None:
            super().__init__()
            self.chart = chart

    class Zoomed(Message):
        """More of the past is to be seen, or less of it."""

        def __init__(self, *, farther: bool) -> None:
            super().__init__()
            self.farther = farther

    def __init__(self, engine: EngineHandle, *, notes: bool, id: str | None = None) -> None:  # noqa: A002
        """With `notes` it tells the text of the newest change too."""
        super().__init__(id=id)
        self._engine = engine
        self._notes = notes
        self._shown: tuple[object, ...] = ()
        self._made: tuple[Line, ...] = ()
        self._view = NOTHING
        self._subtitle = ""
        """What stands in the border; giving Textual the same again would paint all of the chart."""
        self.tooltip = None

    def lines(self, snapshot: Snapshot, width: int, height: int) -> tuple[Line, ...]:
        """A title with its legend, the strips, and the time axis."""
        wanted = (
            id(snapshot.history), snapshot.state, width, height, self.kind, self.span_s, self.histogram, self.pointed,
        )  # fmt: skip
        if wanted != self._shown:
            self._shown, self._history = wanted, snapshot.history
            self._view = self._engine.past(self.span_s, drawing.dots_across(width))
            self._made = self._composed(snapshot, width, height)
        return self._made

    def watch_kind(self) -> None:
        """Show it."""
        self.update_lines()

    def watch_span_s(self) -> None:
        """Show it."""
        self.update_lines()

    def watch_histogram(self) -> None:
        """Show it."""
        self.update_lines()

    def watch_pointed(self) -> None:
        """Show it."""
        self.update_lines()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Point at a moment."""
        offset = event.get_content_offset(self)
        self.pointed = offset.x if offset is not None and offset.x >= GUTTER else None

    def on_leave(self) -> None:
        """Point at nothing."""
        self.pointed = None

    def on_click(self) -> None:
        """Ask to show something else."""
        self.post_message(self.Switched(self))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Look less far back."""
        event.stop()
        self.post_message(self.Zoomed(farther=False))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Look farther back."""
        event.stop()
        self.post_message(self.Zoomed(farther=True))

    def _composed(self, snapshot: Snapshot, width: int, height: int) -> tuple[Line, ...]:
        view, histogram = self._view, self.histogram and self.kind is ChartKind.LATENCY
        column = None if self.pointed is None or histogram else 2 * (self.pointed - GUTTER)
        if column is not None and 0 <= column < len(view.columns):
            left = readout(self.kind, view.columns[column], view.span_s)
        else:
            column, left = None, title(self.kind, view, width, histogram=histogram)
        left, window = self._with_window(left, width)
        top = justify(left, self._told(column, width - width_of(left) - width_of(window)) + window, width)
        if histogram:
            return (top, *drawing.histogram(view.latencies, width, height - 1))
        axis = time_axis(view, width, live=snapshot.state not in _GONE and not self._engine.read_only)
        return (top, *_DRAWN[self.kind](view, width, height - 2), axis)

    def _with_window(self, left: Line, width: int) -> tuple[Line, Line]:
        """How far back it looks, in a shorter word and with less air in the title where there is no room."""
        whole = self.span_s is None
        window = (Span(window_word(self._view.span_s, whole=whole), Tone.MUTED),)
        if width_of(left) + width_of(window) + 2 > width:
            left = tight(left)
        if whole and width_of(left) + width_of(window) + 2 > width:
            window = (Span("all", Tone.MUTED),)
        return left, window

    def _told(self, column: int | None, room: int) -> Line:
        """The text of the change pointed at, else of the newest: below a border, or in `room` cells of the title."""
        marks = self._view.marks
        mark = nearest(self._view, column, _REACH) if column is not None else None
        if mark is None and self._notes and column is None and marks:
            mark = marks[-1]
        line: Line = () if mark is None else note(mark)
        bordered = self.styles.border_bottom[0] not in ("", "none", "hidden")
        subtitle = "".join(span.text for span in line) if bordered else ""
        if subtitle != self._subtitle:
            self._subtitle = subtitle
            self.border_subtitle = Content(subtitle) if subtitle else None
        return (*line, Span("   ")) if not bordered and line and width_of(line) + 7 < room else ()
