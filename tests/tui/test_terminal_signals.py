"""Every way to end a run from outside, in both front ends, while the server holds its answers."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fetchdeck.core.report import run_status
from fetchdeck.core.snapshot import RunState

from ..support.ledger import Ledger, ledger_server
from ..support.pty_session import PtySession, pty_session

FRONT_ENDS = ("--tui", "--headless")
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@pytest.fixture
async def server() -> AsyncIterator[Ledger]:
    async with ledger_server() as ledger:
        yield ledger


def write_rows(folder: Path, server: Ledger, *paths: str) -> None:
    (folder / "u.txt").write_text("".join(f"{server.url}{path}\n" for path in paths))


def held(count: int) -> tuple[str, ...]:
    return tuple(f"/hold/{n}" for n in range(count))


def assert_left(session: PtySession, folder: Path, state: RunState, succeeded: int) -> None:
    status = run_status(folder / "u.run")
    assert (status.state, status.counts.succeeded, status.counts.in_flight) == (state, succeeded, 0)
    assert session.given_back, (session.screen.modes, session.modes_as_before)
    assert session.screen.unknown == []


@pytest.mark.parametrize("front_end", FRONT_ENDS)
@pytest.mark.parametrize("number", SIGNALS)
async def test_the_first_signal_drains(
    server: Ledger, tmp_path: Path, front_end: str, number: signal.Signals
) -> None:
    write_rows(tmp_path, server, *held(9))
    async with pty_session(tmp_path, "run", "u.txt", "-c", "3", front_end) as session:
        await session.until(lambda: server.now == 3)
        await session.shows("3 in flight" if front_end == "--headless" else "leave")
        session.send(number)
        # Not the screen: after a hang-up nobody is shown anything.
        log = tmp_path / "u.run" / "fetchdeck.log"
        await session.until(lambda: "Draining" in log.read_text())
        server.release()
        assert await session.status() == 130
        assert_left(session, tmp_path, RunState.INTERRUPTED, 3)
        assert "Interrupted, nothing is lost. 3 of 9 succeeded" in session.output
    assert len(server.seen) == 3


@pytest.mark.parametrize("front_end", FRONT_ENDS)
@pytest.mark.parametrize("number", SIGNALS[:2])
async def test_the_second_signal_leaves_at_once(
    server: Ledger, tmp_path: Path, front_end: str, number: signal.Signals
) -> None:
    write_rows(tmp_path, server, *held(9))
    async with pty_session(tmp_path, "run", "u.txt", "-c", "3", front_end) as session:
        await session.until(lambda: server.now == 3)
        await session.shows("3 in flight" if front_end == "--headless" else "leave")
        session.send(number)
        await session.told("raining")
        session.send(number)
        assert await session.status() == 130
        assert_left(session, tmp_path, RunState.INTERRUPTED, 0)
        assert run_status(tmp_path / "u.run").counts.queued == 9


@pytest.mark.parametrize("front_end", FRONT_ENDS)
@pytest.mark.parametrize(("last", "expected"), [("/hold/9", 0), ("/status/404/9", 1)])
async def test_a_run_that_finishes_while_it_drains_has_finished(
    server: Ledger, tmp_path: Path, front_end: str, last: str, expected: int
) -> None:
    write_rows(tmp_path, server, last, *held(2))
    async with pty_session(tmp_path, "run", "u.txt", front_end) as session:
        await session.until(lambda: server.now == 2 + (expected == 0))
        await session.shows("in flight")
        session.send(signal.SIGTERM)
        await session.told("raining")
        server.release()
        assert await session.status() == expected, session.output[-3000:]
        assert_left(session, tmp_path, RunState.FINISHED, 3 - expected)


@pytest.mark.parametrize(("keys", "succeeded"), [("qd", 3), ("qn", 0), ("\x03\x03", 0)])
async def test_the_keys_that_leave(server: Ledger, tmp_path: Path, keys: str, succeeded: int) -> None:
    write_rows(tmp_path, server, *held(9))
    async with pty_session(tmp_path, "run", "u.txt", "-c", "3", "--tui") as session:
        await session.until(lambda: server.now == 3)
        await session.shows("leave")
        session.press(keys[0])
        await session.shows("Leave the run?")
        session.press(keys[1])
        if succeeded:
            await session.shows("draining")
            server.release()
        assert await session.status() == 130
        assert_left(session, tmp_path, RunState.INTERRUPTED, succeeded)


async def test_ctrl_c_in_plain_progress_drains_and_a_second_time_leaves(
    server: Ledger, tmp_path: Path
) -> None:
    write_rows(tmp_path, server, *held(9))
    async with pty_session(tmp_path, "run", "u.txt", "-c", "3", "--headless") as session:
        await session.until(lambda: server.now == 3)
        await session.shows("3 in flight")
        session.press("\x03")
        await session.shows("draining")
        session.press("\x03")
        assert await session.status() == 130
        assert_left(session, tmp_path, RunState.INTERRUPTED, 0)
