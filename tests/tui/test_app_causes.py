"""What can be done on the tab of causes, in the real app over a real journal."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from fetchdeck.core.journal.cause_detail import CauseDetail, cause_detail
from fetchdeck.core.journal.filter import RowFilter
from fetchdeck.core.journal.reader import JournalReader
from fetchdeck.core.model import State
from fetchdeck.core.policies.trend import Trend
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.screens import cause_commands
from fetchdeck.tui.screens.cause import CauseScreen
from fetchdeck.tui.screens.confirm import ConfirmScreen
from fetchdeck.tui.screens.main import MainScreen
from fetchdeck.tui.trend import sparkline
from fetchdeck.tui.widgets.cause_pane import CausePane
from fetchdeck.tui.widgets.cause_table import CauseTable
from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widgets import Input, Static

from ..support.scripted_engine import rows, scripted, seen


def failed_by(*causes: int) -> RowFilter:
    return RowFilter(states=frozenset({State.FAILED}), causes=frozenset(causes))


async def causes_tab(pilot: Pilot[None]) -> CauseTable:
    await pilot.press("4")
    table = pilot.app.screen.query_one(CauseTable)
    while table.selected is None:
        await pilot.pause(0.01)
    return table


def text_of(pilot: Pilot[None], selector: str) -> str:
    return str(pilot.app.screen.query_one(selector, Static).render())


async def test_marked_causes_are_retried_together_and_their_marks_used_up(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows())
    async with FetchdeckApp(engine).run_test() as pilot:
        table = await causes_tab(pilot)
        await pilot.press("space", "space", "r")
        assert engine.commands == [("retry_matching", failed_by(1, 2))]
        assert not table.marked


async def test_a_cause_is_retried_at_another_concurrency(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows(), obeys=True)
    async with FetchdeckApp(engine).run_test() as pilot:
        await causes_tab(pilot)
        await pilot.press("C")
        assert "The limit stays until you change it" in text_of(pilot, ".dialog--hint")
        assert pilot.app.screen.query_one(Input).value == "500"
        await pilot.press("escape")
        assert engine.commands == []
        await pilot.press("C")
        pilot.app.screen.query_one(Input).value = "8"
        await pilot.press("enter")
        assert engine.commands == [("set_concurrency", 8), ("retry_matching", failed_by(2))]


async def test_a_cause_is_skipped_after_a_question_that_says_how_many(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows())
    async with FetchdeckApp(engine).run_test() as pilot:
        await causes_tab(pilot)
        await pilot.press("X")
        assert isinstance(pilot.app.screen, ConfirmScreen)
        assert "The 8 requests that failed by “http_status: 503" in text_of(pilot, ".dialog--hint")
        await pilot.press("escape")
        assert engine.commands == []
        await pilot.press("X", "enter")
        assert engine.commands == [("skip_matching", failed_by(2))]


async def test_a_run_that_is_only_looked_at_shows_causes_and_changes_nothing(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows(), read_only=True)
    async with FetchdeckApp(engine).run_test() as pilot:
        await causes_tab(pilot)
        await pilot.press("X", "C", "r")
        assert isinstance(pilot.app.screen, MainScreen)
        assert engine.commands == []


async def test_d_shows_a_cause_in_full_where_there_is_no_room_for_the_pane(tmp_path: Path) -> None:
    async with FetchdeckApp(scripted(tmp_path, rows())).run_test(size=(80, 24)) as pilot:
        await causes_tab(pilot)
        assert not pilot.app.screen.query_one(CausePane).display
        await pilot.press("d")
        while not isinstance(pilot.app.screen, CauseScreen):
            await pilot.pause(0.01)
        await pilot.pause()
        shown = seen(pilot.app)
        for part in ("http_status: 503 Service Unavailable", "8 failed now", "places.example 8", "GET http"):
            assert part in shown
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, MainScreen)


async def test_the_pane_tells_of_the_selected_cause_and_goes_with_the_tab(tmp_path: Path) -> None:
    async with FetchdeckApp(scripted(tmp_path, rows())).run_test(size=(120, 40)) as pilot:
        await causes_tab(pilot)
        pane = pilot.app.screen.query_one(CausePane)
        while "places.example 8" not in seen(pilot.app):
            await pilot.pause(0.01)
        await pilot.press("down")
        while "places.example 4" not in seen(pilot.app):
            await pilot.pause(0.01)
        await pilot.press("3")
        while pane.display:
            await pilot.pause(0.01)


def test_every_minute_with_a_failure_is_seen_in_the_trend() -> None:
    counts = Trend(((1, 1), (3, 1_000_000))).counts(180.0, 4)
    assert sparkline(counts) == " ▁ █"
    assert sparkline((0, 0)) == "  "


async def test_the_pane_keeps_what_it_knows_while_its_cause_strikes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = asyncio.Event()
    go_on.set()

    async def slow(reader: JournalReader, cause: int, sample: int) -> CauseDetail:
        await go_on.wait()
        return await cause_detail(reader, cause, sample)

    monkeypatch.setattr(cause_commands, "cause_detail", slow)
    engine = scripted(tmp_path, rows())
    async with FetchdeckApp(engine).run_test(size=(120, 50)) as pilot:
        table = await causes_tab(pilot)
        pane = pilot.app.screen.query_one(CausePane)
        while "hosts" not in pane.told.plain:
            await pilot.pause(0.01)
        go_on.clear()
        cause = table.selected
        assert cause is not None
        for n in range(3):
            struck = replace(cause, count=cause.count + 1 + n)
            table.post_message(CauseTable.Highlighted(struck, table.now))
            await pilot.pause()
            assert "hosts" in pane.told.plain
            assert f"{struck.count:,} failed now" in pane.told.plain
        go_on.set()
        await pilot.pause(0.05)
        assert f"{struck.count:,} failed now" in pane.told.plain
