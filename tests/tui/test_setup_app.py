"""`fetchdeck` alone, on a terminal: what is shown, and what it starts."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from fetchdeck.core.model import FailureKind, State
from fetchdeck.tui.screens.setup import requests
from fetchdeck.tui.screens.setup.choose import ChooseScreen
from fetchdeck.tui.screens.setup.requests import RequestsScreen
from fetchdeck.tui.setup.preview import Preview, preview
from fetchdeck.tui.setup_app import SetupApp
from textual.pilot import Pilot
from textual.widgets import Static

from ..support.journal_factory import Made, make_journal
from ..support.pty_session import FETCHDECK, pty_session
from ..support.scripted_engine import seen

URL = "https://api.example/{{ id }}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with an input and a run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "places.csv").write_text("id,name\n1,Paris\n2,Rome\n")
    made = [Made(State.FAILED, status=500, kind=FailureKind.HTTP_STATUS), Made(State.SUCCEEDED, status=200)]
    make_journal(tmp_path / "old.run" / "journal.sqlite", made)
    return tmp_path


async def shown(pilot: Pilot[object], text: str) -> None:
    async with asyncio.timeout(10):
        while text not in seen(pilot.app):
            await pilot.pause(0.01)


async def test_without_colours_the_chosen_line_is_underlined(folder: Path) -> None:
    async with (app := SetupApp(Path(), {"NO_COLOR": "1"})).run_test() as pilot:

        def underlined() -> str:
            strips = app.screen._compositor.render_strips()
            return "".join(
                part.text for strip in strips for part in strip if part.style and part.style.underline
            )

        await shown(pilot, "places.csv")
        assert underlined().strip().startswith("places.csv")
        await pilot.press("down")
        await pilot.pause()
        assert underlined().strip().startswith("old.run")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_an_input_is_chosen_typed_about_and_started(folder: Path, size: tuple[int, int]) -> None:
    app = SetupApp(Path(), {})
    async with app.run_test(size=size, notifications=True) as pilot:
        await shown(pilot, "places.csv")
        assert "2 rows" in seen(app)
        assert "1 of 2 ok, 1 failed" in seen(app)
        await pilot.press("enter")
        await shown(pilot, "id=1  name=Paris")
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert app.screen.query_one("#problem").has_class("-insisting")
        await pilot.press(*URL)
        await shown(pilot, "GET https://api.example/2")
        assert "fetchdeck run places.csv --url 'https://api.example/{{ id }}'" in seen(app)
        assert all(word in seen(app) for word in ("Send a canary of three", "Back", "start", "esc"))
        await pilot.press("ctrl+t")
    assert app.return_value is not None
    assert app.return_value.words == ("run", "places.csv", "--url", URL, "--canary", "3")
    assert sorted(path.name for path in folder.iterdir()) == ["old.run", "places.csv"]


async def test_the_mouse_alone_will_do(folder: Path) -> None:
    (folder / "places.csv").unlink()
    (folder / "urls.txt").write_text("http://a.example/\n")
    app = SetupApp(Path(), {})
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, "urls.txt")
        await pilot.click("#found", offset=(5, 1))
        await shown(pilot, "GET http://a.example/")
        await pilot.click("#start")
    assert app.return_value is not None
    assert app.return_value.words == ("run", "urls.txt")


async def test_a_run_that_is_here_is_opened_resumed_or_retried(folder: Path) -> None:
    for key, command in (("o", "open"), ("r", "resume"), ("R", "retry")):
        app = SetupApp(Path(), {})
        async with app.run_test(size=(80, 24)) as pilot:
            await shown(pilot, "old.run")
            await pilot.press("down", "enter")
            await shown(pilot, "Look at it (o)")
            await pilot.press(key)
        assert app.return_value is not None
        assert app.return_value.words == (command, "old.run")


async def test_a_path_is_typed_and_completed(folder: Path) -> None:
    app = SetupApp(Path(), {})
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, "places.csv")
        await pilot.press("slash", *"none", "enter")
        await shown(pilot, "There is no none.")
        await pilot.press("ctrl+u", *"pla")
        await shown(pilot, " places.csv ")
        await pilot.pause()
        await pilot.press("tab", "enter")
        async with asyncio.timeout(10):
            while not isinstance(app.screen, RequestsScreen):
                await pilot.pause(0.01)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, ChooseScreen)
        await pilot.press("escape", "escape")
    assert app.return_value is None


async def test_a_job_file_is_saved_once(folder: Path) -> None:
    app = SetupApp(Path(), {})
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await shown(pilot, "places.csv")
        await pilot.press("enter")
        await shown(pilot, "name=Paris")
        await pilot.press(*URL)
        await shown(pilot, "GET https://api.example/1")
        await pilot.press("ctrl+o")
        await shown(pilot, "Wrote places.toml")
        assert f'url = "{URL}"' in (folder / "places.toml").read_text()
        await pilot.press("ctrl+o")
        await shown(pilot, "is there already")


async def test_templates_are_rendered_beside_the_loop_whatever_asks_for_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []

    def watched(*args: Any) -> Preview:
        threads.append(threading.current_thread())
        return preview(*args)

    monkeypatch.setattr(requests, "preview", watched)
    app = SetupApp(Path(), {})
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await shown(pilot, "places.csv")
        await pilot.press("enter")
        await shown(pilot, "name=Paris")
        await pilot.press(*URL)
        await shown(pilot, "GET https://api.example/1")
        await pilot.press("ctrl+g")
        await shown(pilot, "Copied, secrets masked.")
        await pilot.press("ctrl+r")
    assert app.return_value is not None
    assert threading.main_thread() not in threads


async def test_what_stands_in_a_file_cannot_act(folder: Path) -> None:
    (folder / "places.csv").write_text('id,name\n1,"[@click=app.quit]x[/x]\x1b[31m"\n')
    app = SetupApp(Path(), {})
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await shown(pilot, "places.csv")
        await pilot.press("enter")
        await shown(pilot, "name=[@click=app.quit]x[/x]")
        assert "\x1b" not in str(app.screen.query_one("#preview Static", Static).render())


async def test_on_a_real_terminal_it_leaves_with_status_0(folder: Path) -> None:
    async with pty_session(folder, size=(80, 24)) as session:
        await session.shows("what shall be fetched?")
        await session.shows("places.csv")
        session.press("q")
        assert await session.status() == 0
        assert session.given_back


async def test_on_a_real_terminal_it_starts_the_run_in_the_same_process(folder: Path) -> None:
    (folder / "places.csv").write_text("id\n1\n")
    async with pty_session(folder, size=(80, 24)) as session:
        await session.shows("places.csv")
        session.press("\r")
        await session.shows("columns: id")
        session.press("http://127.0.0.1:9/{{ id }}")
        await session.shows("GET http://127.0.0.1:9/1")
        session.press("\x12")
        await session.shows("concurrency")
        assert (folder / "places.run" / "journal.sqlite").exists()
        session.press("qn")
        assert await session.status() in (1, 130)
        assert session.given_back


def test_without_a_terminal_there_is_the_help() -> None:
    ended = subprocess.run(FETCHDECK, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert "Usage:" in ended.stdout + ended.stderr
    assert ended.returncode == 2
