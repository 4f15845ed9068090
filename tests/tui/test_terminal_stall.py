"""A terminal that nobody reads, that is stopped, that reads by drips, or that is taken away: the run goes on."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fetchdeck.core.errors import RunError
from fetchdeck.core.report import run_status
from fetchdeck.core.snapshot import RunState

from ..support.ledger import Ledger, ledger_server
from ..support.pty_session import PtySession, pty_session
from ..support.terminal_model import ALTERNATE

ROWS = 200
WIDE = (300, 80)
"""Cells enough that a few whole screens are more than may wait for the terminal."""
FRAME_S = 1 / 60
MODES = 1000
"""Octets that take the terminal, and more: what follows is the first frame."""


@pytest.fixture
async def server() -> AsyncIterator[Ledger]:
    async with ledger_server() as ledger:
        yield ledger


def write_rows(folder: Path, server: Ledger, kind: str, count: int = ROWS) -> None:
    (folder / "u.txt").write_text("".join(f"{server.url}/{kind}/{n}\n" for n in range(count)))


def state_of(folder: Path) -> RunState | None:
    try:
        return run_status(folder / "u.run").state
    except RunError:
        return None  # It has not been made yet.


def resident_kb(session: PtySession) -> int:
    lines = Path(f"/proc/{session.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


async def paint_much(session: PtySession) -> None:
    """Press keys that paint most of the screen each, as far apart as frames are, and end with the help."""
    for _ in range(40):
        session.press("13")
        await asyncio.sleep(FRAME_S)
        session.press("4")
        await asyncio.sleep(FRAME_S)
    session.press("?")
    await session.until(lambda: session.typed == 0)


async def assert_whole(session: PtySession) -> None:
    """Every cell was painted after the last frame that was dropped, and shows what was painted last."""
    await session.until(lambda: session.anew.painted and session.anew.cells == session.screen.cells)
    assert session.screen.unknown == []


async def assert_works(session: PtySession) -> None:
    """The keys do what they do, and leave."""
    await session.shows("scroll down")
    session.press("\x1b")
    await session.until(lambda: "scroll down" not in session.screen.text)
    await session.shows("finished · q leaves")
    session.press("q")
    assert await session.status() == 0
    assert session.given_back


async def test_a_run_ends_on_a_terminal_that_nobody_has_ever_read(server: Ledger, tmp_path: Path) -> None:
    write_rows(tmp_path, server, "ok")
    async with pty_session(tmp_path, "run", "u.txt", "--tui", size=WIDE, read=False) as session:
        await session.until(lambda: state_of(tmp_path) is RunState.FINISHED)
        assert run_status(tmp_path / "u.run").counts.succeeded == ROWS
        await session.until(lambda: session.unread > MODES)
        await paint_much(session)
        session.read()
        # One repaint begins the dashboard, the other follows the dropped frames.
        await session.until(lambda: session.repaints >= 2)
        await assert_whole(session)
        await assert_works(session)


async def test_a_terminal_that_is_stopped_shows_all_when_it_goes_on(server: Ledger, tmp_path: Path) -> None:
    write_rows(tmp_path, server, "hold", 20)
    async with pty_session(tmp_path, "run", "u.txt", "--tui", size=WIDE) as session:
        await session.shows("leave")
        await session.until(lambda: server.now == 20)
        session.flow(on=False)
        server.release()
        await session.until(lambda: state_of(tmp_path) is RunState.FINISHED)
        await paint_much(session)
        assert session.repaints == 1
        session.flow(on=True)
        await session.until(lambda: session.repaints >= 2)
        await assert_whole(session)
        await assert_works(session)


@pytest.mark.slow
async def test_a_terminal_that_reads_by_drips_ends_with_a_whole_screen(
    server: Ledger, tmp_path: Path
) -> None:
    write_rows(tmp_path, server, "hold")
    async with pty_session(tmp_path, "run", "u.txt", "--tui", size=WIDE, read=False) as session:
        session.read(octets=500, pause_s=0.01)
        await session.until(lambda: ALTERNATE in session.screen.modes and len(session.output) > MODES)
        server.release()
        await paint_much(session)
        await session.until(lambda: state_of(tmp_path) is RunState.FINISHED)
        session.read()
        await session.until(lambda: session.repaints >= 2)
        await assert_whole(session)
        await assert_works(session)


async def test_ctrl_s_stops_plain_progress_and_not_the_run(server: Ledger, tmp_path: Path) -> None:
    write_rows(tmp_path, server, "hold", 20)
    async with pty_session(tmp_path, "run", "u.txt", "--headless") as session:
        await session.shows("20 in flight")
        session.press("\x13")
        server.release()
        await session.until(lambda: state_of(tmp_path) is RunState.FINISHED)
        before = session.output
        assert "20 of 20 succeeded" not in before
        session.press("\x11")
        assert await session.status() == 0
        assert "20 of 20 succeeded" in session.screen.text
        assert "in flight" not in session.screen.text


@pytest.mark.parametrize("front_end", ["--tui", "--headless"])
async def test_a_stalled_terminal_is_left_at_the_second_signal(
    server: Ledger, tmp_path: Path, front_end: str
) -> None:
    write_rows(tmp_path, server, "hold", 20)
    async with pty_session(tmp_path, "run", "u.txt", "-o", "out.jsonl", front_end) as session:
        await session.until(lambda: server.now == 20)
        await session.shows("20 in flight" if front_end == "--headless" else "leave")
        session.flow(on=False)
        session.send(signal.SIGTERM)
        await session.until(lambda: state_of(tmp_path) is RunState.DRAINING)
        server.release()
        # The run is over, saved and exported; what is left is to give the terminal back and tell.
        await session.until((tmp_path / "out.jsonl").exists)
        assert session.process.returncode is None
        session.send(signal.SIGTERM)
        assert await session.status() == 130
        assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 20


async def test_what_is_typed_in_no_encoding_harms_nobody(server: Ledger, tmp_path: Path) -> None:
    write_rows(tmp_path, server, "hold", 3)
    async with pty_session(tmp_path, "run", "u.txt", "--tui") as session:
        await session.shows("leave")
        session.type(b"\xff\xfe\xc3(\x80")
        session.press("?")
        await session.shows("scroll down")


@pytest.mark.slow
async def test_memory_does_not_grow_with_what_is_painted_for_nobody(server: Ledger, tmp_path: Path) -> None:
    write_rows(tmp_path, server, "hold", 20)
    async with pty_session(tmp_path, "run", "u.txt", "--tui", size=WIDE, read=False) as session:
        await session.until(lambda: session.unread > MODES)
        session.press("13" * 100)
        await session.until(lambda: server.now == 20 and session.typed == 0)
        before = resident_kb(session)
        for _ in range(15):
            session.press("13" * 50)
            await session.until(lambda: session.typed == 0)
        # 1,500 screens, of which each is 30 KB and more.
        assert resident_kb(session) - before < 8_000
