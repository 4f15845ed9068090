"""Progress without a dashboard: a line every few seconds, or one line refreshed in place on a terminal."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from typing import Protocol, TextIO

from ..core.handle import EngineHandle
from ..core.past import EventKind
from ..core.printable import printable
from ..core.snapshot import Event, RunState, Snapshot
from .cells import cells_of, clip
from .figures import clock, count, eta, percent
from .job_control import in_background
from .spending import cost_words, share_words
from .terminal import is_dumb
from .waits import wait_words

_BAR_EVERY_S = 0.1
_LOOK_EVERY_S = 0.25
_BAR_CELLS = 20
_NO_WIDTH = 80


class Output(Protocol):
    """Where progress goes: drops it rather than wait for a reader, except for what is essential."""

    def write(self, text: str, *, essential: bool = False) -> object:
        """Take one piece of text; never blocks."""
        ...


class View(Protocol):
    """What turns snapshots into terminal output; holds what was shown before, does no I/O."""

    def frame(self, snapshot: Snapshot, events: Sequence[Event], now: float) -> str:
        """The text to write at monotonic time `now`; empty for nothing."""
        ...

    def end(self, events: Sequence[Event]) -> str:
        """The events since the last frame, and what leaves the terminal clean."""
        ...


async def show_progress(
    engine: EngineHandle, stream: TextIO, output: Output, *, interval: float = 5.0
) -> None:
    """Show the run until cancelled; off a terminal a line every `interval` seconds.

    `stream` says what can be shown, and `output` takes it there. A reader that has stopped reading costs lines
    and never holds up the run.
    """
    terminal = stream.isatty() and not is_dumb()
    view: View = BarView(stream) if terminal else LogView(interval)
    pause = _BAR_EVERY_S if terminal else min(_LOOK_EVERY_S, interval)
    loop = asyncio.get_running_loop()
    seq = 0
    try:
        while True:
            batch = engine.events_since(seq)
            seq = batch.next_seq
            text = view.frame(engine.snapshot(), batch.events, loop.time())
            if text:
                output.write(text)
            await asyncio.sleep(pause)
    finally:
        # What happened since the last frame is told too: a run may end within a moment of it.
        output.write(view.end(engine.events_since(seq).events), essential=True)


class LogView:
    """Whole lines for files, pipes and build logs: at intervals, at changes of state, and for each event."""

    def __init__(self, interval: float) -> None:
        """A line at least every `interval` seconds, the first after that long."""
        self._interval = interval
        self._last: float | None = None
        self._state: tuple[RunState, str] | None = None

    def frame(self, snapshot: Snapshot, events: Sequence[Event], now: float) -> str:
        """The events since the last frame, and the progress when it is due."""
        lines = _event_lines(events)
        state = (snapshot.state, snapshot.reason)
        changed = self._state is not None and self._state != state
        if self._last is None:
            self._last = now
        if changed or now - self._last >= self._interval:
            lines.append(progress_line(snapshot))
            self._last = now
        self._state = state
        return "".join(f"{line}\n" for line in lines)

    def end(self, events: Sequence[Event]) -> str:
        """The last events."""
        return "".join(f"{line}\n" for line in _event_lines(events))


class BarView:
    """One line at the foot of a terminal, never wider than it; events scroll by above it.

    In the background only events are shown: the last line is the shell's then.
    """

    def __init__(self, stream: TextIO) -> None:
        """The stream says how wide the terminal is, whether it is ours, and if it can show block characters."""
        self._stream = stream
        self._ascii = not _encodes(stream, "█░–")

    def frame(self, snapshot: Snapshot, events: Sequence[Event], now: float) -> str:
        """The bar, with events above it."""
        above = self._above(events)
        if self._away():
            return above
        # The last cell stays free: writing there makes some terminals wrap.
        bar = bar_line(snapshot, self._width() - 1, "#-" if self._ascii else "█░")
        return f"{above}\r{bar.replace('–', '-') if self._ascii else bar}\x1b[K"

    def end(self, events: Sequence[Event]) -> str:
        """The last events, in place of the bar."""
        return self._above(events) + ("" if self._away() else "\r\x1b[K")

    def _above(self, events: Sequence[Event]) -> str:
        return "".join(f"\r\x1b[K{line}\n" for line in _event_lines(events))

    def _away(self) -> bool:
        try:
            return in_background(self._stream.fileno())
        except (OSError, ValueError):
            return False

    def _width(self) -> int:
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or _NO_WIDTH
        except (OSError, ValueError):
            return _NO_WIDTH


def progress_line(snapshot: Snapshot) -> str:
    """The run in one line of plain words."""
    counts = snapshot.counts
    total = count(counts.total) if snapshot.total_known else f"{count(counts.total)}+"
    parts = [
        f"[{clock(snapshot.elapsed_s)}] {_state(snapshot)}: {count(counts.done)} of {total}",
        percent(counts.done, counts.total) if snapshot.total_known else "",
        f"{snapshot.rate_per_s:,.0f}/s",
        f"ETA {eta(snapshot.eta)}" if snapshot.eta is not None else "",
        f"{count(counts.succeeded)} succeeded",
        f"{count(counts.failed)} failed",
        f"{count(counts.skipped)} skipped" if counts.skipped else "",
        f"{count(counts.invalid)} invalid" if counts.invalid else "",
        f"{count(counts.in_flight)} in flight",
        f"{count(counts.waiting)} waiting" if counts.waiting else "",
        *_spent(snapshot),
    ]
    return ", ".join(part for part in parts if part)


def bar_line(snapshot: Snapshot, cells: int, blocks: str = "█░") -> str:
    """The run in at most `cells` cells: what matters least goes first where it is narrow."""
    counts = snapshot.counts
    full, empty = blocks
    filled = _BAR_CELLS * counts.done // counts.total if counts.total else 0
    state = "" if snapshot.state is RunState.RUNNING else _state(snapshot)
    known = snapshot.total_known
    by_importance = [
        (1, percent(counts.done, counts.total) if known else "reading"),
        (2, f"{count(counts.done)}/{count(counts.total)}{'' if known else '+'}"),
        (4, f"{snapshot.rate_per_s:,.0f}/s"),
        (3, f"ETA {eta(snapshot.eta)}" if snapshot.eta is not None else ""),
        (5, f"{count(counts.failed)} failed" if counts.failed else ""),
        (7, f"{count(counts.in_flight)} in flight"),
        (8, f"{count(counts.waiting)} waiting" if counts.waiting else ""),
        *((9, text) for text in _spent(snapshot)),
        (0, state),
    ]
    shown = [
        (6, full * filled + empty * (_BAR_CELLS - filled)),
        *((rank, text) for rank, text in by_importance if text),
    ]
    while len(shown) > 1 and _cells(shown) > cells:
        shown.remove(max(shown))
    return clip(" ".join(text for _, text in shown), cells, ellipsis="")


def _cells(shown: list[tuple[int, str]]) -> int:
    return sum(cells_of(text) + 1 for _, text in shown) - 1


def _state(snapshot: Snapshot) -> str:
    waits = wait_words(snapshot.waits, time.time()) if snapshot.waits is not None else ""
    reason = printable(snapshot.reason) or waits
    return f"{snapshot.state.value} ({reason})" if reason else snapshot.state.value


def _spent(snapshot: Snapshot) -> list[str]:
    """`quota 12,345 of 100,000 today` and `cost 12.40 USD, about 33.10 in all`, as far as there are any."""
    spending = snapshot.spending
    if spending is None:
        return []
    share = share_words(spending)
    return [text for text in (f"quota {share}" if share else "", cost_words(spending)) if text]


def _event_lines(events: Sequence[Event]) -> list[str]:
    """What happened, but for the end, which the summary tells of."""
    return [f"fetchdeck: {printable(event.text)}" for event in events if event.kind is not EventKind.FINISHED]


def _encodes(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
