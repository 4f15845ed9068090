"""Job control, with a real shell: ctrl+z and back, the background, and stops that nobody announces."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fetchdeck.core.report import run_status
from fetchdeck.core.snapshot import RunState

from ..support.ledger import Ledger, ledger_server
from ..support.pty_session import FETCHDECK, PtySession, pty_session

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="needs a shell with job control")
RUN = " ".join(map(shlex.quote, FETCHDECK)) + " run u.txt "


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Ledger]:
    async with ledger_server() as ledger:
        (tmp_path / "u.txt").write_text("".join(f"{ledger.url}/hold/{n}\n" for n in range(3)))
        yield ledger


class Shell:
    """An interactive shell on a pseudo-terminal."""

    def __init__(self, session: PtySession) -> None:
        self.session = session
        self._asked = 0

    async def does(self, line: str) -> str:
        """Type a command line and return what it has written by the time the next prompt comes."""
        self.type(line)
        return await self.prompt()

    def type(self, line: str) -> None:
        """Type a command line."""
        self._asked = len(self.session.output)
        self.session.press(f"{line}\n")

    async def prompt(self) -> str:
        """Wait for a prompt, and return what was written before it."""
        await self.session.until(lambda: "READY>" in self.session.output[self._asked :])
        said = self.session.output[self._asked :].partition("READY>")[0]
        self._asked += len(said) + len("READY>")
        return said

    async def given_back(self) -> None:
        """Return when the terminal is the shell's, in good order."""
        await self.session.until(lambda: self.session.given_back)

    async def job(self, state: str) -> int:
        """The process of the only job, when the shell says that it is so."""
        said = await self.does("jobs -l")
        assert state in said, said
        found = re.search(r"\]\S*\s+(\d+)", said)
        assert found, said
        return int(found[1])


@asynccontextmanager
async def shell(folder: Path) -> AsyncIterator[Shell]:
    command = ("bash", "--norc", "--noediting", "-i")
    async with pty_session(folder, command=command, environ={"PS1": "READY>", "HISTFILE": ""}) as session:
        started = Shell(session)
        await started.prompt()
        session.remember_modes()
        yield started
        os.killpg(session.process.pid, signal.SIGKILL)


def state(folder: Path) -> RunState:
    return run_status(folder / "u.run").state


@pytest.mark.parametrize("stop_s", [0, pytest.param(6, marks=pytest.mark.slow)])
async def test_ctrl_z_gives_the_terminal_back_and_fg_paints_it_anew(
    server: Ledger, tmp_path: Path, stop_s: int
) -> None:
    async with shell(tmp_path) as bash:
        # Without a retry, an attempt that is charged for the longer stop would fail.
        bash.type(RUN + "--tui --timeout 5 --retries 0")
        await bash.session.until(lambda: server.now == 3)
        await bash.session.shows("leave")
        bash.session.press("\x1a")
        assert "Stopped" in await bash.prompt()
        assert bash.session.given_back
        await bash.does(f"sleep {stop_s}")
        server.release()
        bash.session.anew.clear()
        bash.type("fg")
        await bash.session.until(lambda: bash.session.anew.painted)
        await bash.session.shows("finished")
        bash.session.press("q")
        assert "3 of 3 succeeded" in await bash.prompt()
        assert "status=0" in await bash.does("echo status=$?")
        await bash.given_back()


async def test_the_run_goes_on_in_the_background_and_comes_back(server: Ledger, tmp_path: Path) -> None:
    async with shell(tmp_path) as bash:
        bash.type(RUN + "--tui")
        await bash.session.until(lambda: server.now == 3)
        await bash.session.shows("leave")
        bash.session.press("\x1a")
        await bash.prompt()
        await bash.does("bg")
        server.release()
        await bash.session.until(lambda: state(tmp_path) is RunState.FINISHED)
        await bash.job("Running")
        assert bash.session.given_back
        bash.type("fg")
        await bash.session.shows("finished")
        bash.session.press("q")
        assert "3 of 3 succeeded" in await bash.prompt()
        await bash.given_back()


@pytest.mark.parametrize("number", [pytest.param(signal.SIGTSTP, marks=pytest.mark.slow), signal.SIGSTOP])
async def test_a_stop_from_outside(server: Ledger, tmp_path: Path, number: signal.Signals) -> None:
    async with shell(tmp_path) as bash:
        bash.type(RUN + "--tui")
        await bash.session.until(lambda: server.now == 3)
        await bash.session.shows("leave")
        os.kill(os.tcgetpgrp(bash.session.master), number)
        assert "Stopped" in await bash.prompt()
        if number is signal.SIGTSTP:
            assert bash.session.given_back
        bash.session.anew.clear()
        bash.type("fg")
        await bash.session.until(lambda: bash.session.anew.painted)
        server.release()
        await bash.session.shows("finished")
        bash.session.press("q")
        await bash.prompt()
        await bash.given_back()


async def test_plain_progress_stops_and_goes_on(server: Ledger, tmp_path: Path) -> None:
    async with shell(tmp_path) as bash:
        bash.type(RUN + "--headless")
        await bash.session.shows("3 in flight")
        bash.session.press("\x1a")
        assert "Stopped" in await bash.prompt()
        bash.type("fg")
        await bash.session.until(lambda: "in flight" in bash.session.output[bash._asked :])
        server.release()
        assert "3 of 3 succeeded" in await bash.prompt()
        await bash.given_back()


@pytest.mark.parametrize("front_end", ["--headless", ""])
async def test_a_run_in_the_background_leaves_the_prompt_alone(
    server: Ledger, tmp_path: Path, front_end: str
) -> None:
    async with shell(tmp_path) as bash:
        # With it the kernel stops what writes from the background.
        await bash.does("stty tostop")
        bash.session.remember_modes()
        await bash.does(RUN + front_end + " &")
        await bash.session.until(lambda: server.now == 3)
        await bash.job("Running")
        assert "in flight" not in bash.session.output
        server.release()
        await bash.session.told("3 of 3 succeeded")
        assert bash.session.given_back


async def test_a_dashboard_in_the_background_waits_for_fg(server: Ledger, tmp_path: Path) -> None:
    async with shell(tmp_path) as bash:
        await bash.does(RUN + "--tui & while kill -0 $! && ! jobs -l | grep -q Stopped; do sleep .1; done")
        await bash.job("Stopped")
        assert not (tmp_path / "u.run").exists()
        bash.type("fg")
        await bash.session.shows("leave")
        server.release()
        await bash.session.shows("finished")
        bash.session.press("q")
        await bash.prompt()
        await bash.given_back()


async def test_ctrl_z_does_nothing_where_no_shell_could_continue_it(server: Ledger, tmp_path: Path) -> None:
    async with pty_session(tmp_path, "run", "u.txt", "--tui") as session:
        await session.until(lambda: server.now == 3)
        await session.shows("leave")
        repaints = session.repaints
        session.press("\x1a")
        await session.until(lambda: session.repaints > repaints and session.anew.painted)
        server.release()
        await session.shows("finished")
        session.press("q")
        assert await session.status() == 0
        assert session.given_back
