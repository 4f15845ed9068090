"""What the footer, the palette and the help offer: what can be done here and now, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from fetchdeck.core.snapshot import RunState
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.commands.catalogue import command_of
from fetchdeck.tui.commands.keymap import DEFAULT
from fetchdeck.tui.commands.palette import entries
from fetchdeck.tui.help_text import matching, sections
from fetchdeck.tui.screens.inspect import InspectScreen
from fetchdeck.tui.widgets.journal_table import JournalTable
from fetchdeck.tui.widgets.virtual_table import VirtualTable
from textual.command import CommandPalette
from textual.widgets import Input

from ..support.scripted_engine import rows, running, scripted, seen


def last_line(app: FetchdeckApp) -> str:
    return seen(app).splitlines()[-1]


@pytest.mark.parametrize(
    ("keys", "said", "closes"),
    [
        ("c", "enter take it", "esc cancel"),
        ("q", "d drain and leave  n leave now", "esc stay"),
        ("R", "enter yes", "esc no"),
        ("?", "↑ scroll up  ↓ scroll down", "esc close"),
        (("6", "home", "enter"), "", "esc close"),
    ],
)
async def test_a_dialog_shows_its_own_keys_in_the_last_line(
    tmp_path: Path, keys: tuple[str, ...], said: str, closes: str
) -> None:
    async with (app := FetchdeckApp(scripted(tmp_path, rows()))).run_test(size=(80, 24)) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        line = last_line(app)
        assert said in line
        assert line.rstrip().endswith(closes)
        assert "pause" not in line
        await pilot.click("DialogFooter", offset=(line.index(closes), 0))
        assert len(app.screen_stack) == 1


@pytest.mark.parametrize("tab", "123456")
async def test_a_small_terminal_keeps_the_most_important_keys(tmp_path: Path, tab: str) -> None:
    async with (app := FetchdeckApp(scripted(tmp_path, rows()))).run_test(size=(80, 24)) as pilot:
        await pilot.press(tab)
        if isinstance(table := app.screen.query_one(f"#{app.screen.tab}"), JournalTable):  # type: ignore[attr-defined]
            await table.settled()
        app.pull()
        await pilot.pause()
        own = {"1": ("x cancel", "enter inspect", "+ faster"), "2": ("enter inspect", "/ filter")}
        own["3"] = ("r retry", *own["2"])
        own["4"] = ("r retry", "enter inspect", "C retry at", "X skip")
        for hint in ("p pause", "? help", "q leave", *own.get(tab, ("+ faster", "- slower"))):
            assert hint in last_line(app)


async def test_the_palette_has_what_makes_sense_now(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows())
    async with (app := FetchdeckApp(engine)).run_test() as pilot:

        def titles() -> list[str]:
            return [entry.title for entry in entries(app, app.screen, DEFAULT)]

        assert "Pause or resume" in titles()
        assert "Cancel or skip chosen rows" in titles()
        assert "Retry chosen rows" not in titles()
        assert "Show the question" not in titles()
        engine.now = running(state=RunState.FINISHED)
        app.pull()
        assert "Pause or resume" not in titles()
        await pilot.press("q")


async def test_nothing_is_offered_to_cancel_where_nothing_is_in_flight(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows())
    async with (app := FetchdeckApp(engine)).run_test(size=(80, 24)) as pilot:
        await pilot.press("1")
        app.pull()
        await pilot.pause()
        assert "x cancel" in last_line(app)
        engine.now, engine.flying = running(state=RunState.FINISHED, in_use=0), ()
        app.pull()
        await pilot.pause()
        assert "x cancel" not in last_line(app)


async def test_over_a_dialog_the_palette_has_what_the_dialog_can_do(tmp_path: Path) -> None:
    async with (app := FetchdeckApp(scripted(tmp_path, rows()))).run_test() as pilot:
        await pilot.press("q")
        found = entries(app, app.screen, DEFAULT)
        assert [(entry.title, entry.keys) for entry in found][:2] == [
            ("Drain and leave", "d enter"),
            ("Leave now", "n"),
        ]
        await pilot.press("ctrl+p")
        assert isinstance(app.screen, CommandPalette)


async def test_the_help_is_searched_by_typing(tmp_path: Path) -> None:
    async with (app := FetchdeckApp(scripted(tmp_path, rows()))).run_test(size=(80, 24)) as pilot:
        await pilot.press("?", *"retry")
        await pilot.pause()
        text = seen(app)
        assert "Pause (those" not in text
        assert command_of("rows.retry_all").help[:40] in text
        await pilot.press(*" zzz")
        await pilot.pause()
        assert "Nothing is called that." in seen(app)
        await pilot.press("escape")
        assert app.screen.query_one(Input).value == ""
        await pilot.press("pagedown", "down")
        await pilot.press("question_mark")
        assert len(app.screen_stack) == 1


def test_a_key_finds_its_line_and_a_heading_all_of_its_lines() -> None:
    everything = sections(DEFAULT, VirtualTable.BINDINGS, InspectScreen.BINDINGS)
    [found] = [topic for section in matching(everything, "R") for topic in section.topics]
    assert found.keys == "R"
    speed = next(section for section in everything if section.title == "Speed")
    assert matching(everything, "speed")[0] == speed
    assert matching(everything, " ") == everything
