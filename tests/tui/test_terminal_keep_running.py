"""A terminal that goes away: the run drains, or with `--keep-running` goes on to its end without one."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fetchdeck.core.report import run_status
from fetchdeck.core.snapshot import RunState

from ..support.ledger import Ledger, ledger_server
from ..support.pty_session import FETCHDECK, PtySession, pty_session

FRONT_ENDS = ("--tui", "--headless")
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
IGNORING = (
    sys.executable,
    "-c",
    "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); from fetchdeck.tui.cli import main; main()",
)
"""As `nohup` or `trap '' HUP` start a command."""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Ledger]:
    async with ledger_server() as ledger:
        (tmp_path / "u.txt").write_text("".join(f"{ledger.url}/hold/{n}\n" for n in range(9)))
        yield ledger


async def seen_running(session: PtySession, server: Ledger) -> None:
    await session.until(
        lambda: server.now == 3 and ("leave" in session.output or "3 in fl" in session.output)
    )


def threads(session: PtySession) -> int:
    return len(list(Path(f"/proc/{session.process.pid}/task").iterdir()))


def processor_s(session: PtySession) -> float:
    fields = Path(f"/proc/{session.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


@pytest.mark.parametrize("front_end", FRONT_ENDS)
async def test_a_terminal_that_goes_away_drains(server: Ledger, tmp_path: Path, front_end: str) -> None:
    async with pty_session(tmp_path, "run", "u.txt", "-c", "3", front_end) as session:
        await seen_running(session, server)
        session.hang_up()
        await session.until(lambda: run_status(tmp_path / "u.run").state is RunState.DRAINING)
        server.release()
        assert await session.status() == 130
    status = run_status(tmp_path / "u.run")
    assert (status.state, status.counts.succeeded) == (RunState.INTERRUPTED, 3)


@pytest.mark.parametrize("front_end", FRONT_ENDS)
@pytest.mark.parametrize("how", ["gone", "signal", pytest.param("ignored", marks=pytest.mark.slow)])
async def test_a_run_goes_on_without_its_terminal(
    server: Ledger, tmp_path: Path, front_end: str, how: str
) -> None:
    arguments = ["run", "u.txt", "-c", "3", "-o", "out.jsonl", front_end]
    command = IGNORING
    if how != "ignored":
        arguments.append("--keep-running")
        command = FETCHDECK
    async with pty_session(tmp_path, *arguments, command=command) as session:
        await seen_running(session, server)
        if how == "signal":
            session.send(signal.SIGHUP)
            if front_end == "--tui":
                await session.until(lambda: session.given_back)
        else:
            session.hang_up()
        elapsed = run_status(tmp_path / "u.run").elapsed_s
        await session.until(lambda: run_status(tmp_path / "u.run").elapsed_s > elapsed)
        before = processor_s(session), run_status(tmp_path / "u.run").elapsed_s
        await session.until(lambda: run_status(tmp_path / "u.run").elapsed_s > before[1])
        after = processor_s(session), run_status(tmp_path / "u.run").elapsed_s
        assert after[0] - before[0] < 0.5 * (after[1] - before[1])
        assert run_status(tmp_path / "u.run").state is RunState.RUNNING
        server.release()
        assert await session.status() == 0
    assert run_status(tmp_path / "u.run").state is RunState.FINISHED
    lines = (tmp_path / "out.jsonl").read_text().splitlines()
    assert [json.loads(line)["state"] for line in lines] == ["succeeded"] * 9


@pytest.mark.parametrize("front_end", FRONT_ENDS)
async def test_a_run_without_a_terminal_still_drains(server: Ledger, tmp_path: Path, front_end: str) -> None:
    async with pty_session(tmp_path, "run", "u.txt", "-c", "3", "--keep-running", front_end) as session:
        await seen_running(session, server)
        before = threads(session)
        session.hang_up()
        if front_end == "--tui":
            # The app has ended when nobody reads keys any more.
            await session.until(lambda: threads(session) < before)
        session.send(signal.SIGTERM)
        await session.until(lambda: run_status(tmp_path / "u.run").state is RunState.DRAINING)
        server.release()
        assert await session.status() == 130
    assert run_status(tmp_path / "u.run").counts.succeeded == 3


async def test_a_run_that_was_paused_by_hand_drains_where_no_hand_can_resume_it(
    server: Ledger, tmp_path: Path
) -> None:
    async with pty_session(tmp_path, "run", "u.txt", "-c", "3", "--keep-running", "--tui") as session:
        await seen_running(session, server)
        session.press("p")
        await session.shows("pausing")
        session.hang_up()
        server.release()
        assert await session.status() == 130
    assert run_status(tmp_path / "u.run").counts.succeeded == 3
