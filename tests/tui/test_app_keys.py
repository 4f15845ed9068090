"""Every key of the dashboard, through the real app, to the command that the engine gets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from fetchdeck.core.journal.filter import RowFilter
from fetchdeck.core.model import State
from fetchdeck.core.snapshot import RunState
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.commands.catalogue import COMMANDS
from fetchdeck.tui.commands.declaration import Command, Scope
from fetchdeck.tui.commands.keymap import DEFAULT
from fetchdeck.tui.help_text import drawn, sections
from fetchdeck.tui.screens.confirm import ConfirmScreen
from fetchdeck.tui.screens.help import HelpScreen
from fetchdeck.tui.screens.inspect import InspectScreen
from fetchdeck.tui.screens.main import MainScreen
from fetchdeck.tui.widgets.cause_table import CauseTable
from fetchdeck.tui.widgets.event_log import EventLog
from fetchdeck.tui.widgets.host_table import HostTable
from fetchdeck.tui.widgets.in_flight_table import InFlightTable
from fetchdeck.tui.widgets.journal_table import JournalTable
from fetchdeck.tui.widgets.tab_bar import TabBar
from fetchdeck.tui.widgets.virtual_table import VirtualTable
from textual.command import CommandList
from textual.pilot import Pilot
from textual.widgets import Input

from ..support.scripted_engine import rows, running, scripted, seen

FAILURES = RowFilter(states=frozenset({State.FAILED}))


async def show(pilot: Pilot[None], tab_key: str) -> None:
    await pilot.press(tab_key)
    table = pilot.app.screen.table  # type: ignore[attr-defined]
    if isinstance(table, JournalTable):
        await table.settled()
    await pilot.pause()


@pytest.mark.parametrize(
    ("keys", "commanded"),
    [
        ("p", ("pause",)),
        ("+", ("set_concurrency", 550)),
        ("=", ("set_concurrency", 550)),
        ("-", ("set_concurrency", 450)),
        ("]", ("set_concurrency", 1000)),
        ("[", ("set_concurrency", 250)),
        ("a", ("set_auto", True)),
        (("R", "enter"), ("retry_matching", FAILURES)),
        ("x", ("cancel", (5496,))),
    ],
)
async def test_a_key_gives_its_command_and_the_next_frame_shows_it(
    tmp_path: Path, keys: Sequence[str], commanded: tuple[object, ...]
) -> None:
    engine = scripted(tmp_path, rows(), obeys=True)
    async with FetchdeckApp(engine).run_test() as pilot:
        pulls = engine.pulls
        await pilot.press(*keys)
        assert engine.commands == [commanded]
        assert engine.pulls > pulls
        assert pilot.app.snapshot == engine.now  # type: ignore[attr-defined]


async def test_x_cancels_what_was_painted_under_the_cursor_and_never_its_successor(tmp_path: Path) -> None:
    engine = scripted(tmp_path)
    first, second, *_ = engine.flying
    async with FetchdeckApp(engine).run_test(notifications=True) as pilot:
        assert str(first.id) in seen(pilot.app)
        table = pilot.app.screen.query_one(InFlightTable)
        engine.flying = engine.flying[1:]
        pilot.app.pull()  # type: ignore[attr-defined]
        assert table.selected == second
        await pilot.app.run_action("screen.cancel")
        assert engine.commands == []
        while f"Request {first.id} has ended already" not in seen(pilot.app):
            await pilot.pause(0.01)
        # By now the successor has been painted.
        await pilot.press("x")
        assert engine.commands == [("cancel", (second.id,))]


async def test_x_right_after_moving_means_the_row_that_was_moved_to(tmp_path: Path) -> None:
    engine = scripted(tmp_path)
    async with FetchdeckApp(engine).run_test() as pilot:
        assert seen(pilot.app)
        pilot.app.screen.query_one(InFlightTable).action_cursor(1)
        await pilot.app.run_action("screen.cancel")
        assert engine.commands == [("cancel", (engine.flying[1].id,))]


async def test_p_resumes_a_paused_run(tmp_path: Path) -> None:
    engine = scripted(tmp_path, obeys=True, now=running(state=RunState.PAUSED))
    async with FetchdeckApp(engine).run_test() as pilot:
        assert "‖ pausing" in seen(pilot.app)
        assert "p resume" in seen(pilot.app)
        await pilot.press("p")
        assert engine.commands == [("resume",)]
        assert "▶ running" in seen(pilot.app)


async def test_concurrency_steps_by_1_at_least_and_never_below_1(tmp_path: Path) -> None:
    engine = scripted(tmp_path, obeys=True, now=running(limit=1, in_use=1))
    async with FetchdeckApp(engine).run_test() as pilot:
        await pilot.press(*"-[++-")
    assert [command[1] for command in engine.commands] == [1, 1, 2, 3, 2]


@pytest.mark.parametrize(
    ("key", "typed", "commanded"),
    [
        ("c", "64", ("set_concurrency", 64)),
        ("c", "1,000", ("set_concurrency", 1000)),
        ("l", "600/m", ("set_rate", 10.0)),
        ("l", "10", ("set_rate", 10.0)),
        ("l", "600/m per host", ("set_rate_per_host", 10.0)),
        ("l", "none/host", ("set_rate_per_host", None)),
        ("l", "", ("set_rate", None)),
    ],
)
async def test_a_value_can_be_typed(
    tmp_path: Path, key: str, typed: str, commanded: tuple[object, ...]
) -> None:
    engine = scripted(tmp_path, obeys=True)
    async with FetchdeckApp(engine).run_test() as pilot:
        await pilot.press(key)
        pilot.app.screen.query_one(Input).value = typed
        await pilot.press("enter")
        assert engine.commands == [commanded]
        assert isinstance(pilot.app.screen, MainScreen)


@pytest.mark.parametrize(
    ("key", "typed"), [("c", "0"), ("c", "ten"), ("c", "²"), ("l", "[@click=app.exit]x")]
)
async def test_a_value_that_makes_no_sense_is_refused_in_words(tmp_path: Path, key: str, typed: str) -> None:
    engine = scripted(tmp_path)
    async with FetchdeckApp(engine).run_test() as pilot:
        await pilot.press(key)
        pilot.app.screen.query_one(Input).value = typed
        await pilot.press("enter")
        assert engine.commands == []
        assert f"{typed!r} is no" in seen(pilot.app)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, MainScreen)
    assert engine.commands == []


async def test_r_retries_the_selected_row_and_then_the_marked_ones(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows(succeeded=3, failed=5))
    async with FetchdeckApp(engine).run_test() as pilot:
        await show(pilot, "3")
        await pilot.press("home", "r")
        assert engine.commands == [("retry", (3,))]
        await pilot.press("space", "down", "space", "r", "r")
        # The marks are used up: the last retry is of the selected row alone.
        assert engine.commands[1:] == [("retry", (3, 5)), ("retry", (6,))]


async def test_r_on_a_cause_retries_all_its_requests(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows(failed=6))
    async with FetchdeckApp(engine).run_test() as pilot:
        await show(pilot, "4")
        await pilot.pause(0.1)
        cause = pilot.app.screen.table.selected  # type: ignore[attr-defined]
        await pilot.press("r")
        rows_ = RowFilter(states=frozenset({State.FAILED}), causes=frozenset({cause.id}))
        assert engine.commands == [("retry_matching", rows_)]


async def test_shift_r_retries_what_the_filter_shows(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows())
    async with FetchdeckApp(engine).run_test() as pilot:
        await show(pilot, "3")
        await pilot.press("slash", *"kind:timeout", "enter", "R")
        while not engine.commands:
            await pilot.pause(0.01)
        [(name, filter_)] = engine.commands
        assert name == "retry_matching"
        assert isinstance(filter_, RowFilter)
        assert filter_.kinds == {"timeout"}
        await pilot.press("escape", "R", "enter")
        assert engine.commands[1:] == [("retry_matching", FAILURES)]


async def test_enter_on_a_cause_shows_its_failures(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows())
    async with FetchdeckApp(engine).run_test() as pilot:
        await show(pilot, "4")
        await pilot.pause(0.1)
        await pilot.press("enter")
        screen = pilot.app.screen
        assert isinstance(screen, MainScreen)
        assert screen.tab == "failed"
        failed = screen.query_one("#failed", JournalTable)
        assert failed.rows_filter.causes
        await failed.settled()
        assert failed.row_count == 8


@pytest.mark.parametrize(
    ("downs", "tab", "host"),
    [(0, "failed", "places.example"), (1, "succeeded", "cdn.places.example:8443"), (4, "hosts", None)],
)
async def test_enter_on_a_host_shows_its_rows(tmp_path: Path, downs: int, tab: str, host: str | None) -> None:
    engine = scripted(tmp_path, rows())
    async with FetchdeckApp(engine).run_test() as pilot:
        await show(pilot, "5")
        await pilot.press(*["down"] * downs, "enter")
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, MainScreen)
        assert screen.tab == tab
        if host is not None:
            assert screen.query_one(f"#{tab}", JournalTable).rows_filter.hosts == (host,)


async def test_each_tab_keeps_its_own_filter(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows())
    async with FetchdeckApp(engine).run_test() as pilot:
        await pilot.press(
            "3", "slash", *"kind:timeout", "enter", "2", "slash", *"size>5", "enter", "3", "slash"
        )
        succeeded = pilot.app.screen.query_one("#succeeded", JournalTable)
        failed = pilot.app.screen.query_one("#failed", JournalTable)
        await pilot.pause()
        assert failed.rows_filter == RowFilter.parse("kind:timeout").within(failed.rows_filter.states)
        assert succeeded.rows_filter == RowFilter.parse("size>5").within({State.SUCCEEDED})
        assert pilot.app.screen.query_one("FilterBar Input", Input).value == "kind:timeout"


async def test_enter_inspects_and_y_copies(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows())
    async with FetchdeckApp(engine).run_test() as pilot:
        await show(pilot, "2")
        await pilot.press("home", "y")
        await pilot.pause(0.1)
        assert pilot.app.clipboard.startswith("curl ")
        assert "details?place=0" in pilot.app.clipboard
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, InspectScreen)
        await pilot.press("q")
        assert isinstance(pilot.app.screen, MainScreen)


async def test_keys_typed_into_the_filter_are_text(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows())
    async with FetchdeckApp(engine).run_test() as pilot:
        await pilot.press("3", "slash", *"pxrRq+-")
        assert engine.commands == []
        assert pilot.app.screen.query_one("FilterBar Input", Input).value == "pxrRq+-"


async def test_help_shows_every_key(tmp_path: Path) -> None:
    async with FetchdeckApp(scripted(tmp_path)).run_test() as pilot:
        await pilot.press("?")
        assert isinstance(pilot.app.screen, HelpScreen)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, MainScreen)
    text = drawn(sections(DEFAULT, VirtualTable.BINDINGS, InspectScreen.BINDINGS), 999).plain
    for command in COMMANDS:
        assert f"\n{DEFAULT.shown(command.id) or 'palette'} " in text
        assert command.help in text
    assert "119 beside 100/100 +19 saving" in text


async def test_the_palette_runs_commands_of_the_app_and_of_the_screen(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows())
    async with FetchdeckApp(engine).run_test() as pilot:
        for word, commanded in (("every", ("retry_matching", FAILURES)), ("paus", ("pause",))):
            await pilot.press("ctrl+p", *word)
            found = pilot.app.screen.query_one(CommandList)
            while found.option_count != 1 or found.highlighted is None:
                await pilot.pause(0.01)
            await pilot.press("enter")
            await pilot.pause()
            if isinstance(pilot.app.screen, ConfirmScreen):
                await pilot.press("enter")
            assert engine.commands[-1] == commanded


def test_every_command_has_an_action_an_id_and_keys_of_its_own() -> None:
    def keys_of(scope: Sequence[Command]) -> list[str]:
        return [key for command in scope for key in command.keys.split(",") if key]

    nodes: dict[Scope, Sequence[type]] = {
        Scope.RUN: [FetchdeckApp],
        Scope.ROWS: [MainScreen],
        Scope.TABLE: [InFlightTable, JournalTable, CauseTable, HostTable, EventLog],
    }
    for command in COMMANDS:
        assert any(
            hasattr(node, f"action_{command.action.partition('(')[0]}") for node in nodes[command.scope]
        )
    keys = keys_of(COMMANDS)
    assert len(keys) == len(set(keys))
    ids = [command.id for command in COMMANDS]
    assert len(ids) == len(set(ids))


async def test_a_click_on_a_tab_and_on_a_hint_do_what_they_say(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows())
    async with FetchdeckApp(engine).run_test() as pilot:
        at = pilot.app.screen.query_one(TabBar).render_line(0).text.index("3 Failed")
        await pilot.click("TabBar", offset=(at + 3, 0))
        assert pilot.app.screen.tab == "failed"  # type: ignore[attr-defined]
        await pilot.click("KeyFooter", offset=(2, 0))
        assert engine.commands == [("pause",)]
