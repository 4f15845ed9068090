"""The two lines at the top: which run this is, what it is doing, how far it has come and when it will be done."""

from __future__ import annotations

from time import time

from ...core.printable import printable
from ...core.snapshot import RunState, Snapshot
from ..commands.catalogue import command_of
from ..figures import RUN_GLYPHS, clock, count, eta, percent
from ..spans import Line, Span, cut, justify, width_of
from ..spending import quota_wait
from ..waits import wait_words
from .columns import Tone
from .lines import SnapshotLines

_TONES = {
    RunState.RUNNING: Tone.GOOD,
    RunState.PAUSED: Tone.WARN,
    RunState.DRAINING: Tone.WARN,
    RunState.INTERRUPTED: Tone.BAD,
    RunState.FINISHED: Tone.TITLE,
}
_LONGEST_NAME = 40
"""Cells."""


def status_line(snapshot: Snapshot, width: int, now: float = 0.0) -> Line:
    """Name, state and its reason at the left, times at the right; `now` is the wall clock."""
    name = Span(printable(snapshot.name[: 4 * _LONGEST_NAME]), Tone.TITLE)
    left = (
        *((Span("looking at ", Tone.ACCENT),) if snapshot.read_only else ()),
        *cut((name,), _LONGEST_NAME),
        Span("  "),
        Span(f"{RUN_GLYPHS[snapshot.state]} {_state_word(snapshot)}", _TONES[snapshot.state]),
        *_remark(snapshot, now),
    )
    times = _times(snapshot)
    if width_of(left) + width_of(times) + 2 > width:
        times = times[:2]
    return justify(left, times, width)


def _state_word(snapshot: Snapshot) -> str:
    """A pause is one only when nothing is in flight any more; an open question is there at once."""
    if snapshot.state is RunState.PAUSED and snapshot.in_use and snapshot.asking is None:
        return "pausing"
    return snapshot.state.value


def _remark(snapshot: Snapshot, now: float) -> Line:
    if snapshot.state is RunState.FINISHED:
        retries = snapshot.counts.failed and not snapshot.read_only
        text = "R retries failures, q leaves" if retries else "q leaves"
    elif snapshot.state is RunState.DRAINING and not snapshot.reason:
        text = f"{count(snapshot.counts.in_flight)} in flight to end"
    elif snapshot.asking is not None:
        text = "waits for an answer"
    elif snapshot.state is RunState.PAUSED and not snapshot.reason:
        return _pause(snapshot)
    else:
        waits = wait_words(snapshot.waits, now) if snapshot.waits is not None else ""
        text = printable(snapshot.reason) or quota_wait(snapshot, now) or waits
    return (Span(" · ", Tone.MUTED), Span(text, Tone.PLAIN)) if text else ()


def _pause(snapshot: Snapshot) -> Line:
    """What a pause by hand still waits for, or what waits for its end."""
    dot = Span(" · ", Tone.MUTED)
    if snapshot.in_use and not snapshot.read_only:
        action = command_of("run.abort").scoped_action
        left = Span(f"{count(snapshot.in_use)} in flight: finish, or ")
        return (dot, left, Span("abort (b)", Tone.ACCENT, action))
    if snapshot.saving:
        return (dot, Span(f"saving {count(snapshot.saving)}"))
    return (dot, Span(f"{count(snapshot.counts.queued)} queued"))


def _times(snapshot: Snapshot) -> Line:
    elapsed = (Span(clock(snapshot.elapsed_s)), Span(" elapsed", Tone.MUTED))
    if snapshot.eta is None or snapshot.state in (RunState.FINISHED, RunState.INTERRUPTED):
        return elapsed
    return (*elapsed, Span(" · ETA ", Tone.MUTED), Span(eta(snapshot.eta)))


def progress_line(snapshot: Snapshot, width: int) -> Line:
    """A bar of what has succeeded and failed, and the share of the rows known so far that is done."""
    counts = snapshot.counts
    known = "" if snapshot.total_known else "+"
    figures = (
        Span(f"  {percent(counts.done, counts.total):>5}", Tone.TITLE),
        Span(f"  {count(counts.done)} of {count(counts.total)}{known}", Tone.MUTED),
    )
    if width < 60:
        figures = figures[:1]
    return (*progress_bar(snapshot, width - width_of(figures)), *figures)


def progress_bar(snapshot: Snapshot, width: int) -> Line:
    """`█` succeeded, `▒` failed or invalid, `·` skipped, `━` in flight or waiting, `─` queued.

    A part that is not empty has a cell at least, so that one failure in a million is seen.
    """
    counts = snapshot.counts
    parts = (
        (counts.succeeded, "█", Tone.GOOD),
        (counts.failed + counts.invalid, "▒", Tone.BAD),
        (counts.skipped, "·", Tone.MUTED),
        (counts.in_flight + counts.waiting, "━", Tone.ACCENT),
        (counts.queued, "─", Tone.MUTED),
    )
    cells = share_cells([n for n, _, _ in parts], max(0, width))
    if not counts.total:
        return (Span("─" * max(0, width), Tone.MUTED),)
    return tuple(Span(glyph * n, tone) for n, (_, glyph, tone) in zip(cells, parts, strict=True) if n)


def share_cells(amounts: list[int], width: int) -> list[int]:
    """Share `width` cells in proportion; what is not zero gets one at least, taken from the largest."""
    total = sum(amounts)
    if not total or width < sum(1 for n in amounts if n):
        return [0] * len(amounts)
    edges = [round(width * sum(amounts[:i]) / total) for i in range(len(amounts) + 1)]
    cells = [max(edges[i + 1] - edges[i], 1 if n else 0) for i, n in enumerate(amounts)]
    while sum(cells) > width:
        cells[cells.index(max(cells))] -= 1
    return cells


class StatusHeader(SnapshotLines):
    """Run name, state, times and the progress bar."""

    DEFAULT_CSS = """
    StatusHeader { height: 2; background: $panel; }
    """

    def lines(self, snapshot: Snapshot, width: int, height: int) -> tuple[Line, ...]:
        """Both lines."""
        return status_line(snapshot, width, time()), progress_line(snapshot, width)
