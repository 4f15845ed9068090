"""The setup screens among hostile names, columns and pastes, and with paths that cannot be."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from fetchdeck.core.errors import InputError
from fetchdeck.tui.screens.setup.path_field import completed
from fetchdeck.tui.screens.setup.requests import RequestsScreen
from fetchdeck.tui.setup.typed_path import look_up
from fetchdeck.tui.setup_app import SetupApp
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from ..support.hostile import SHOWN, Recorder, check_terminal, harmful, strange_name
from ..support.scripted_engine import seen

BELL = "\a"
"""What the app itself rings where something cannot be started."""
EVIL = "\x1b]52;c;RVZJTA==\x07\u202e[@click=app.quit]\x9b95;95m"


async def shown(pilot: Pilot[object], text: str) -> None:
    async with asyncio.timeout(4):
        while text not in seen(pilot.app):
            await pilot.pause(0.01)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_names_that_act_on_a_terminal_are_not_suggested(folder: Path) -> None:
    strange_name(folder, ".csv").write_text("id\n1\n")
    (folder / "a\x1b[6n.txt").write_text("")
    assert completed("a") is None
    (folder / "b.csv").write_text("id\n1\n")
    assert completed("b") == "b.csv"


@pytest.mark.parametrize(
    "text", ["~nobody-here-at-all/x", "x" * 5000, "a/" * 4000, "\0", "~nobody-here-at-all"]
)
def test_a_path_that_cannot_be_is_a_sentence(folder: Path, text: str) -> None:
    assert completed(text) is None
    with pytest.raises(InputError, match="Correct the path, or choose from the list"):
        look_up(text)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_nothing_that_is_found_typed_or_pasted_acts(folder: Path, size: tuple[int, int]) -> None:
    columns = ",".join('"' + text.replace('"', '""') + '"' for text in [EVIL, *SHOWN] if "\0" not in text)
    strange_name(folder, ".csv").write_text(f"{columns}\n{columns}\n", encoding="utf-8", newline="")
    app = SetupApp(Path(), {})
    app.driver_class = Recorder
    written: list[str] = []
    raised: list[BaseException] = []

    async def drive(pilot: Pilot[object]) -> None:
        try:
            await shown(pilot, "␛]0;EVIL")
            await pilot.press("slash", "a")
            await pilot.pause(0.1)
            app.screen.query_one("#path", Input).post_message(events.Paste(EVIL))
            await pilot.press("enter")
            await shown(pilot, "There is no")
            await pilot.press("ctrl+u")
            app.screen.query_one("#found").focus()
            await pilot.pause()
            await pilot.press("enter")
            await shown(pilot, "columns: ")
            assert isinstance(app.screen, RequestsScreen)
            for name in ("headers", "body"):
                area = app.screen.query_one(f"#{name}", TextArea)
                area.focus()
                area.post_message(events.Paste(f"X: {EVIL}"))
                await pilot.pause(0.1)
                assert not harmful(area.text), name
            await pilot.press("ctrl+o", "ctrl+g", "ctrl+r")
            await pilot.pause(0.1)
        except BaseException as error:
            raised.append(error)
        finally:
            driver = app._driver
            assert isinstance(driver, Recorder)
            written.extend(text for text in driver.written if text != BELL)
            app.exit()

    await app.run_async(headless=False, size=size, auto_pilot=drive)
    if raised:
        raise raised[0]
    check_terminal("".join(written))
    assert app.return_code == 0


async def test_an_input_that_is_gone_is_told_without_what_acts_in_its_name(folder: Path) -> None:
    path = strange_name(folder, ".csv")
    path.write_text("id\n1\n")
    app = SetupApp(Path(), {})
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await shown(pilot, "␛]0;EVIL")
        path.unlink()
        await pilot.press("enter")
        async with asyncio.timeout(5):
            while not app._notifications:
                await pilot.pause(0.01)
        assert not any(harmful(note.message) for note in app._notifications)


async def test_a_home_that_nobody_has_can_be_typed(folder: Path) -> None:
    app = SetupApp(Path(), {})
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("slash", *"~nobody/x", "enter")
        await shown(pilot, "Correct the path")
