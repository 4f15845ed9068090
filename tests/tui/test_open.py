"""`fetchdeck open`: the dashboard over a run that is only looked at."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from fetchdeck.core.model import Counts, State
from fetchdeck.core.snapshot import RunState
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.cli import cli
from fetchdeck.tui.commands.catalogue import COMMANDS, offered
from fetchdeck.tui.commands.keymap import Keymap
from fetchdeck.tui.help_text import sections
from fetchdeck.tui.only_looking import instead
from fetchdeck.tui.screens.main import MainScreen
from fetchdeck.tui.widgets.journal_table import JournalTable

from ..support.journal_factory import Made, make_journal
from ..support.pty_session import FETCHDECK, pty_session
from ..support.scripted_engine import ScriptedEngine, rows, running, scripted, seen

FINISHED = Counts(succeeded=40, failed=12)


def looked_at(folder: Path, **changes: object) -> ScriptedEngine:
    given = {"state": RunState.FINISHED, "counts": FINISHED, "in_use": 0, "read_only": True, **changes}
    return scripted(folder, rows(), now=running(**given), flying=(), read_only=True)


def a_run(folder: Path) -> Path:
    made = [Made(State.SUCCEEDED, f"http://good.example/{n}", status=200) for n in range(9)]
    make_journal(folder / "journal.sqlite", made)
    return folder


def test_commands_that_change_the_run_are_known() -> None:
    left = {command.id for command in COMMANDS} - {command.id for command in offered(read_only=True)}
    assert left >= {
        *("run.pause", "rows.retry", "rows.retry_all", "rows.cancel", "run.up", "run.down", "run.double"),
        *("run.halve", "run.concurrency", "run.rate", "run.auto", "run.question"),
    }
    assert not left & {"run.leave", "run.help", "rows.filter", "rows.export", "rows.curl", "run.interrupt"}
    assert offered(read_only=False) == COMMANDS


def told_in_help(*, read_only: bool) -> str:
    found = sections(Keymap(), (), (), read_only=read_only)
    return "\n".join(topic.text for section in found for topic in section.topics)


def test_the_help_leaves_them_out() -> None:
    assert "Double the concurrency" in told_in_help(read_only=False)
    assert "Double the concurrency" not in told_in_help(read_only=True)
    assert "Show only the rows that match" in told_in_help(read_only=True)


def test_a_key_that_does_nothing_here_is_explained(tmp_path: Path) -> None:
    folder = tmp_path / "a run"
    assert instead("R", folder, Keymap(), over=True) == (
        f"This run is only looked at: fetchdeck retry '{folder}' sends its failures again."
    )
    assert instead("p", folder, Keymap(), over=True) == (
        f"This run is only looked at: fetchdeck resume '{folder}' goes on with it."
    )
    assert (
        instead("p", folder, Keymap(), over=False) == "This run is only looked at: control it where it runs."
    )
    assert instead("e", folder, Keymap(), over=True) == instead("#", folder, Keymap(), over=True) == ""


async def test_keys_that_would_change_the_run_reach_no_engine(tmp_path: Path) -> None:
    engine = looked_at(tmp_path)
    app = FetchdeckApp(engine)
    async with app.run_test(size=(100, 30)) as pilot:
        assert isinstance(app.screen, MainScreen)
        assert app.screen.tab == "failed"
        await app.screen.query_one("#failed", JournalTable).settled()
        await pilot.press("p", "R", "r", "plus", "a", "x")
        app.pull()
        await pilot.pause()
        text = seen(app)
        assert engine.commands == []
        assert "looking at places" in text
        notes = [note.message for note in app._notifications]
        assert len(notes) == 6
        assert all(note.startswith("This run is only looked at: fetchdeck re") for note in notes)
        footer = text.splitlines()[-1]
        assert "retry" not in footer
        assert "inspect" in footer
        assert "q leave" in footer


async def test_a_run_that_goes_on_elsewhere_is_left_without_a_question(tmp_path: Path) -> None:
    engine = looked_at(tmp_path, state=RunState.RUNNING, in_use=5)
    app = FetchdeckApp(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        assert isinstance(app.screen, MainScreen)
        assert app.screen.tab == "in-flight"
        await pilot.press("q")
        await pilot.pause()
    assert not app.is_running
    assert engine.commands == []


async def test_a_finished_run_on_a_real_terminal(tmp_path: Path) -> None:
    folder = a_run(tmp_path / "a.run")
    folder.chmod(0o500)
    async with pty_session(tmp_path, "open", "a.run") as session:
        await session.shows("looking at a")
        await session.shows("good.example/8")
        session.press("q")
        assert await session.status() == 0
        assert session.given_back


def test_without_a_terminal_it_says_what_does(tmp_path: Path) -> None:
    folder = a_run(tmp_path / "a.run")
    ended = subprocess.run(
        [*FETCHDECK, "open", str(folder)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert ended.returncode == 2
    assert f"'fetchdeck status {folder}' tells" in ended.stderr


def test_a_run_is_found_by_its_input_and_by_its_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    Path("places.csv").write_text("id\n1\n")
    assert "There is no run in" in runner.invoke(cli, ["status", "places.csv"]).output
    a_run(Path("places.run"))
    for named in ("places.csv", "places.run", "places.run/journal.sqlite"):
        told = runner.invoke(cli, ["status", named, "--json"])
        assert json.loads(told.output)["run"] == "places.run"


async def test_the_table_that_it_begins_with_has_the_keys(tmp_path: Path) -> None:
    async with FetchdeckApp(looked_at(tmp_path)).run_test(size=(120, 40)) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, MainScreen)
        await pilot.pause()
        assert screen.tab == "failed"
        assert screen.table.has_focus
        await pilot.press("g", "j")
        assert screen.table.cursor == 1
        await pilot.press("question_mark")
        await pilot.press("escape")
        await pilot.press("j")
        assert screen.table.cursor == 2
