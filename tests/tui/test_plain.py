from __future__ import annotations

import asyncio
import io
import os
import threading
from pathlib import Path

import pytest
from fetchdeck.core.model import Counts
from fetchdeck.core.past import EventKind
from fetchdeck.core.snapshot import Eta, Event, RunState
from fetchdeck.tui.plain import BarView, LogView, bar_line, progress_line, show_progress
from fetchdeck.tui.terminal_writer import TerminalWriter
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ..support.scripted_engine import ScriptedEngine, running

HOSTILE = "\x1b]52;c;aGk=\x07[/b]\u202e"


class Watched(io.StringIO):
    """A stream that tells when something was written to it."""

    def __init__(self, terminal: bool = False) -> None:
        super().__init__()
        self.written = threading.Event()
        self._terminal = terminal

    @property
    def encoding(self) -> str:
        return "utf-8"

    def isatty(self) -> bool:
        return self._terminal

    def write(self, text: str, *, essential: bool = False) -> int:
        self.written.set()
        return super().write(text)


def event(text: str, kind: EventKind = EventKind.TROUBLE) -> Event:
    return Event(0, 1.0, kind, text)


def test_a_line_says_everything_in_words() -> None:
    counts = Counts(queued=4, in_flight=500, waiting=3, succeeded=12_390, failed=10, skipped=1, invalid=2)
    snapshot = running(counts=counts, rate_per_s=1480.4, eta=Eta(10, 10), elapsed_s=12)
    assert progress_line(snapshot) == (
        "[0:12] running: 12,403 of 12,910, 96.1%, 1,480/s, ETA 10 s, 12,390 succeeded, 10 failed, 1 skipped, "
        "2 invalid, 500 in flight, 3 waiting"
    )


def test_a_growing_total_is_not_passed_off_as_the_whole() -> None:
    line = progress_line(running(total_known=False, eta=None))
    assert "5,496 of 27,000+, 1,482/s, 5,003" in line
    assert "%" not in line
    assert "5,496/27,000+" in bar_line(running(total_known=False, eta=None), 80)


def test_lines_come_at_intervals_and_at_each_change_of_state() -> None:
    view = LogView(5.0)
    assert view.frame(running(), (), 0.0) == ""
    assert view.frame(running(), (), 4.9) == ""
    assert view.frame(running(), (), 5.0).startswith("[0:42] running: ")
    assert view.frame(running(), (), 5.1) == ""
    paused = running(state=RunState.PAUSED, reason="the disk is full")
    assert view.frame(paused, (), 6.0).startswith("[0:42] paused (the disk is full): ")
    assert view.frame(paused, (), 10.9) == ""
    assert view.frame(paused, (), 11.0) != ""


def test_events_are_lines_of_their_own_and_the_end_is_left_to_the_summary() -> None:
    events = (event("Concurrency 500→250"), event("Finished", EventKind.FINISHED))
    assert LogView(5.0).frame(running(), events, 0.0) == "fetchdeck: Concurrency 500→250\n"


def test_foreign_text_reaches_no_terminal_raw() -> None:
    paused = running(state=RunState.PAUSED, reason=HOSTILE)
    terminal = Watched(terminal=True)
    shown = LogView(0.0).frame(paused, (event(HOSTILE),), 1.0) + BarView(terminal).frame(
        paused, (event(HOSTILE),), 1.0
    )
    for own in ("\r", "\n", "\x1b[K"):
        shown = shown.replace(own, "")
    assert shown.isprintable()


@given(st.integers(0, 400), st.sampled_from(list(RunState)), st.booleans())
def test_the_bar_is_never_wider_than_its_room(cells: int, state: RunState, known: bool) -> None:
    snapshot = running(state=state, reason="a reason " * 5, total_known=known)
    assert len(bar_line(snapshot, cells)) <= cells


def test_a_narrow_bar_keeps_what_matters_most() -> None:
    snapshot = running(counts=Counts(queued=50, in_flight=10, succeeded=38, failed=2), eta=Eta(14, 14))
    assert (
        bar_line(snapshot, 100) == "████████░░░░░░░░░░░░ 40.0% 40/100 1,482/s ETA 14 s 2 failed 10 in flight"
    )
    assert bar_line(snapshot, 30) == "40.0% 40/100 1,482/s ETA 14 s"
    assert bar_line(snapshot, 6) == "40.0%"
    assert bar_line(replace(snapshot, state=RunState.PAUSED), 8) == "paused"


def test_a_terminal_without_block_characters_gets_ascii() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    assert BarView(stream).frame(running(), (), 0.0).isascii()


@pytest.mark.parametrize(("terminal", "mark"), [(False, "[0:42] running: "), (True, "\r████")])
async def test_the_run_is_shown_until_it_is_cancelled(
    tmp_path: Path, terminal: bool, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    engine = ScriptedEngine(tmp_path / "journal.sqlite", happened=(event("Reading stopped."),))
    stream = Watched(terminal)
    showing = asyncio.create_task(show_progress(engine, stream, stream, interval=0.0))
    while mark not in stream.getvalue():
        stream.written.clear()
        assert await asyncio.to_thread(stream.written.wait, 10)
    showing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await showing
    assert stream.getvalue().count("fetchdeck: Reading stopped.\n") == 1
    assert ("\x1b" in stream.getvalue()) is terminal
    if terminal:
        assert stream.getvalue().endswith("\r\x1b[K")


@pytest.mark.parametrize("terminal", [False, True], ids=["lines", "bar"])
async def test_what_happens_right_before_the_end_is_told_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    engine = ScriptedEngine(tmp_path / "journal.sqlite", happened=(event("Waiting: the disk is full."),))
    stream = Watched(terminal)
    showing = asyncio.create_task(show_progress(engine, stream, stream, interval=60.0))
    while "Waiting" not in stream.getvalue():
        await asyncio.sleep(0)
    engine.happened += (event("There is room again."), event("Finished", EventKind.FINISHED))
    showing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await showing
    assert stream.getvalue().count("fetchdeck: Waiting: the disk is full.\n") == 1
    assert stream.getvalue().count("fetchdeck: There is room again.\n") == 1
    assert "Finished" not in stream.getvalue()


def test_a_reader_that_has_stopped_reading_holds_nobody_up() -> None:
    reading, writing = os.pipe()
    writer = TerminalWriter(writing)
    for _ in range(10_000):
        writer.write("x" * 1000)
    os.close(reading)
    writer.close(10)
    assert writer.ended
    os.close(writing)
