"""Terminals of every size and kind, and standard streams that are something else."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fetchdeck.core.report import run_status
from fetchdeck.core.snapshot import RunState

from ..support.ledger import Ledger, ledger_server
from ..support.pty_session import FETCHDECK, PtySession, pty_session

RUN = " ".join(map(shlex.quote, FETCHDECK)) + " run u.txt "
SIZES = ((20, 5), (1, 1), (10, 200), (500, 200), (2, 3), (80, 1), (1, 60), (120, 40))
SLOW = pytest.mark.slow
COLOUR = re.compile(r"\x1b\[[\d;]*\b[34]8;")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Ledger]:
    async with ledger_server() as ledger:
        (tmp_path / "u.txt").write_text("".join(f"{ledger.url}/hold/{n}\n" for n in range(3)))
        yield ledger


async def quit_and_check(session: PtySession) -> None:
    session.press("q")
    assert await session.status() == 0
    assert session.given_back
    assert session.screen.unknown == []
    assert "3 of 3 succeeded" in session.output


async def test_a_storm_of_sizes_that_begins_tiny(server: Ledger, tmp_path: Path) -> None:
    async with pty_session(tmp_path, "run", "u.txt", "--tui", size=(20, 5)) as session:
        await session.until(lambda: session.anew.painted)
        for n in range(300):
            session.resize(*SIZES[n % len(SIZES)])
            await asyncio.sleep(0)
        session.resize(100, 30)
        await session.shows("leave")
        server.release()
        await session.shows("finished")
        await quit_and_check(session)


@pytest.mark.parametrize(
    "size", [(20, 5), pytest.param((1, 1), marks=SLOW), pytest.param((10, 60), marks=SLOW)]
)
async def test_everything_can_be_opened_where_nothing_fits(
    server: Ledger, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with pty_session(tmp_path, "run", "u.txt", "--tui", size=size) as session:
        await session.until(lambda: session.anew.painted and server.now == 3)
        for keys in ("1", "2", "3", "4", "5", "6", "?", "\x1b", "c", "\x1b", "l", "\x1b", "1", "/x", "\x1b",
                     "\r", "\x1b", "e", "\x1b", "q", "\x1b", "\x10", "\x1b"):  # fmt: skip
            session.press(keys)
            await session.until(lambda: session.typed == 0)
            # Escape alone is told from a sequence by the time that nothing follows it.
            await asyncio.sleep(0.15 if keys == "\x1b" else 0.02)
        server.release()
        await session.until(lambda: run_status(tmp_path / "u.run").state is RunState.FINISHED)
        session.resize(100, 30)
        await session.shows("finished")
        await quit_and_check(session)


@pytest.mark.parametrize(
    "environ",
    [pytest.param({"TERM": "linux"}, marks=SLOW), {"NO_COLOR": "1"}, {"COLUMNS": "40", "LINES": "9"}],
)
async def test_kinds_of_terminals(server: Ledger, tmp_path: Path, environ: dict[str, str]) -> None:
    server.release()
    async with pty_session(tmp_path, "run", "u.txt", "--tui", environ=environ) as session:
        await session.shows("finished")
        await session.until(lambda: session.anew.painted)
        if "NO_COLOR" in environ:
            colours = {style for row in session.screen.cells for _, style in row if COLOUR.search(style)}
            assert not colours
        await quit_and_check(session)


@pytest.mark.parametrize("term", ["dumb", ""])
async def test_a_dumb_terminal_gets_lines_without_a_single_escape(
    server: Ledger, tmp_path: Path, term: str
) -> None:
    server.release()
    command = ("env", *(("-u", "TERM") if not term else (f"TERM={term}",)), *FETCHDECK)
    async with pty_session(tmp_path, "run", "u.txt", command=command) as session:
        assert await session.status() == 0
        assert "\x1b" not in session.output
        assert "3 of 3 succeeded" in session.output
    async with pty_session(tmp_path, "run", "u.txt", "--tui", command=command) as session:
        assert await session.status() == 2
        assert "TERM must be set" in session.output


@pytest.mark.parametrize(
    "streams",
    ["> out.jsonl", "<&-", *(pytest.param(each, marks=SLOW) for each in (">&-", "< /dev/null > /dev/null"))],
)
async def test_a_dashboard_wants_standard_error_alone(server: Ledger, tmp_path: Path, streams: str) -> None:
    server.release()
    line = f"{RUN} --tui {'-o -' if 'out' in streams else ''} {streams}"
    async with pty_session(tmp_path, command=("sh", "-c", f"exec {line}"), size=(130, 45)) as session:
        await session.shows("finished")
        await session.until(lambda: session.anew.painted)
        await quit_and_check(session)
    if "out" in streams:
        assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 3


@pytest.mark.parametrize(
    "rest",
    [
        "2>&1 | head -1",
        "2>&-",
        *(pytest.param(each, marks=SLOW) for each in ("2>&1 | true", "2> /dev/null", "2> log")),
    ],
)
async def test_a_run_whose_lines_go_elsewhere_ends_as_it_ends(
    server: Ledger, tmp_path: Path, rest: str
) -> None:
    server.release()
    line = f"( {RUN}; echo $? > status ) {rest}"
    async with pty_session(tmp_path, command=("sh", "-c", line)) as session:
        await session.status()
        assert (tmp_path / "status").read_text() == "0\n"
        assert "\x1b" not in session.output
        assert "Traceback" not in session.output
    assert run_status(tmp_path / "u.run").state is RunState.FINISHED


async def test_without_a_terminal_of_its_own_there_are_lines(server: Ledger, tmp_path: Path) -> None:
    server.release()
    process = await asyncio.create_subprocess_exec(
        *FETCHDECK, "run", "u.txt", cwd=tmp_path, start_new_session=True,
        stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, errors = await process.communicate()
    assert process.returncode == 0
    assert b"3 of 3 succeeded" in errors
    assert b"\x1b" not in errors


async def test_a_crash_gives_the_terminal_back(server: Ledger, tmp_path: Path) -> None:
    broken = (
        *FETCHDECK[:2],
        "from fetchdeck.tui import textual_settings; from fetchdeck.tui.app import FetchdeckApp\n"
        "from fetchdeck.tui.cli import main\n"
        "FetchdeckApp.action_show_help = lambda app: 1 / 0\n"
        "main()",
    )
    async with pty_session(tmp_path, "run", "u.txt", "--tui", command=broken) as session:
        await session.until(lambda: server.now == 3)
        await session.shows("leave")
        session.press("?")
        await session.told("ZeroDivisionError")
        await session.shows("3 in flight draining")
        server.release()
        assert await session.status() == 130
        assert session.given_back
