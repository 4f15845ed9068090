"""The time axis of a chart: when its window begins and ends, and the moments of the run's changes."""

from __future__ import annotations

import time

from ...core.past import EventKind, Mark, PastView
from ...core.printable import printable
from ..spans import Line, Span
from .columns import Tone

GUTTER = 7
_DAY_S = 86_400
MARK_GLYPHS = {
    EventKind.STARTED: "├",
    EventKind.PAUSED: "‖",
    EventKind.RESUMED: "▶",
    EventKind.CONCURRENCY: "↕",
    EventKind.RATE: "≈",
    EventKind.GOVERNOR: "◆",
    EventKind.COOLING: "~",
    EventKind.TROUBLE: "!",
    EventKind.DRAINING: "▼",
    EventKind.FINISHED: "■",
    EventKind.RETRIED: "↻",
    EventKind.CANCELLED: "⊘",
    EventKind.SKIPPED: "⊘",
}
_OTHER = "•"
_TONES = {EventKind.TROUBLE: Tone.BAD, EventKind.COOLING: Tone.WARN, EventKind.PAUSED: Tone.WARN}


def glyph(mark: Mark) -> Span:
    """One cell for the kind of a change."""
    return Span(MARK_GLYPHS.get(mark.kind, _OTHER), _TONES.get(mark.kind, Tone.ACCENT))


def note(mark: Mark) -> Line:
    """`↕ 14:03:20 Concurrency 64→16 by hand.`"""
    return (glyph(mark), Span(f" {moment(mark.at, 0)} ", Tone.MUTED), Span(printable(mark.text)))


def moment(at: float, span_s: float) -> str:
    """The local time of day, with seconds where the window is short, with the day where it is longer than one."""
    form = "%a %H:%M" if span_s > _DAY_S else "%H:%M" if span_s > 3600 else "%H:%M:%S"
    return time.strftime(form, time.localtime(at))


def window_word(span_s: float, *, whole: bool) -> str:
    """How much time a chart shows: `5 min`, `whole run`."""
    if whole:
        return "whole run"
    return (
        f"{span_s:.0f} s"
        if span_s < 120
        else f"{span_s / 60:g} min"
        if span_s < 7200
        else f"{span_s / 3600:g} h"
    )


def time_axis(view: PastView, width: int, *, live: bool) -> Line:
    """The window's ends at the edges, the changes between them."""
    cells = max(0, width - GUTTER)
    known = [(at, one) for at, one in enumerate(view.columns) if one is not None]
    if not known or not cells:
        return (Span(" " * GUTTER), Span("╶" + "─" * (cells - 1) if cells else "", Tone.MUTED))
    (first, oldest), (_, newest) = known[0], known[-1]
    began = oldest.at - first * view.span_s / len(view.columns)
    left = moment(began, view.span_s)
    right = "now" if live else moment(newest.at + newest.seconds, view.span_s)
    line = [Span("─", Tone.MUTED)] * cells
    for mark in view.marks:
        line[min(cells - 1, mark.column * cells // len(view.columns))] = glyph(mark)
    if cells > len(left) + len(right) + 8:
        line[: len(left) + 1] = [Span(f"{left} ", Tone.MUTED)]
        line[len(line) - len(right) - 1 :] = [Span(f" {right}", Tone.MUTED)]
    return (Span(" " * GUTTER), *line)


def nearest(view: PastView, column: int, reach: int) -> Mark | None:
    """The change nearest to a column, no farther away than `reach`; the latest of several."""
    near = [mark for mark in view.marks if abs(mark.column - column) <= reach]
    return min(reversed(near), key=lambda mark: abs(mark.column - column), default=None)
