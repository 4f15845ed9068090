"""How snapshots come to all that shows the run: behind dialogs, out of sight, at the beginning and at the end."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from fetchdeck.core.model import Counts
from fetchdeck.core.snapshot import Asking, RunState, Snapshot
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.following import Follower
from fetchdeck.tui.screens.canary import CanaryScreen
from fetchdeck.tui.screens.main import MainScreen
from fetchdeck.tui.widgets.cause_table import CauseTable
from fetchdeck.tui.widgets.charts import Chart
from fetchdeck.tui.widgets.tab_bar import TabBar
from fetchdeck.tui.widgets.virtual_table import VirtualTable

from ..support.scripted_engine import rows, running, scripted, seen
from .test_direct_paint import comes
from .test_questions import SENT, asks

SIZE = (160, 50)


def behind(app: FetchdeckApp) -> dict[str, Snapshot | None]:
    """What those who follow the run on all screens have that is not the app's last snapshot."""
    return {
        type(node).__name__: node.snapshot
        for screen in app.screen_stack
        for node in screen.walk_children(with_self=True)
        if isinstance(node, Follower)
        and not isinstance(node, (Chart, VirtualTable))
        and node.snapshot is not app.snapshot
    }


@pytest.mark.parametrize("keys", [(), ("q",), ("question_mark",), ("2", "enter")])
async def test_all_that_stand_on_any_screen_follow_the_run(tmp_path: Path, keys: tuple[str, ...]) -> None:
    engine = scripted(tmp_path, rows(40, 12))
    async with (app := FetchdeckApp(engine)).run_test(size=SIZE) as pilot:
        for key in keys:
            await pilot.press(key)
            assert await comes(
                pilot, lambda: bool(not isinstance(app.screen, MainScreen) or app.screen.table.row_count)
            )
        assert len(app.screen_stack) == 1 + bool(keys)
        for revision in (100, 101):
            engine.now = running(revision=revision)
            app.pull()
            assert not behind(app)


@pytest.mark.parametrize("ticks", range(0, 60, 6))
async def test_a_look_at_any_moment_of_the_start_finds_what_it_needs(tmp_path: Path, ticks: int) -> None:
    app = FetchdeckApp(scripted(tmp_path, SENT, now=asks(Asking.CANARY) if ticks % 4 else running()))
    looks = 0

    async def look() -> None:
        nonlocal looks
        for _ in range(ticks):
            await asyncio.sleep(0)
        while True:
            if app.is_running:
                app.pull()
                looks += 1
            await asyncio.sleep(0)

    looking = asyncio.create_task(look())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert not looking.done(), looking.exception()
        assert looks
        looking.cancel()
        assert not behind(app)


@pytest.mark.parametrize("ticks", range(0, 40, 5))
async def test_a_look_at_any_moment_of_the_end_finds_what_it_needs(tmp_path: Path, ticks: int) -> None:
    app = FetchdeckApp(scripted(tmp_path, rows(40, 12)))

    async def look() -> None:
        while True:
            app.pull()
            await asyncio.sleep(0)

    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("q")
        looking = asyncio.create_task(look())
        for _ in range(ticks):
            await asyncio.sleep(0)
        app.exit()
    assert not looking.done(), looking.exception()
    looking.cancel()


@pytest.mark.parametrize("ticks", range(4))
@pytest.mark.parametrize("by", ["key", "run"])
async def test_a_question_may_close_while_it_is_read(tmp_path: Path, ticks: int, by: str) -> None:
    engine = scripted(tmp_path, SENT, now=running())
    async with (app := FetchdeckApp(engine)).run_test(size=SIZE) as pilot:
        await pilot.pause()
        engine.now = asks(Asking.CANARY, revision=1000)
        app.pull()
        while not (isinstance(app.screen, CanaryScreen) and app.screen.is_mounted):
            await asyncio.sleep(0)
        for _ in range(ticks):
            await asyncio.sleep(0)
        if by == "key":
            app.screen.action_later()
        else:
            engine.now = running(revision=1)
            app.pull()
        await pilot.pause(0.05)
        assert isinstance(app.screen, MainScreen)


async def test_tabs_count_what_is_out_of_sight(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows(40, 12))
    async with (app := FetchdeckApp(engine)).run_test(size=SIZE) as pilot:
        assert await comes(pilot, lambda: labels(app)["causes"] == 2)
        assert app.screen.query_one("#causes", CauseTable).snapshot is app.snapshot
        assert app.screen.query_one("#hosts", VirtualTable).snapshot is not app.snapshot


async def test_a_table_that_comes_into_sight_is_up_to_date_at_once(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows(40, 12))
    async with (app := FetchdeckApp(engine)).run_test(size=SIZE):
        screen = app.screen
        assert isinstance(screen, MainScreen)
        engine.now = running(revision=100)
        app.pull()
        for tab in ("succeeded", "failed", "hosts", "in-flight"):
            screen.tab = tab
            assert screen.table.snapshot is app.snapshot, tab


async def test_causes_of_a_run_that_is_over_are_seen_as_they_were(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows(40, 12))
    async with (app := FetchdeckApp(engine)).run_test(size=SIZE) as pilot:
        await pilot.press("4")
        table = app.screen.query_one("#causes", CauseTable)
        assert await comes(pilot, lambda: bool(table.row_count))
        assert table.now > 1.7e9
        engine.now = running(state=RunState.FINISHED, revision=100, counts=Counts(succeeded=40, failed=12))
        app.pull()
        assert table.now < 1.71e9


async def test_charts_learn_at_once_that_a_run_is_over(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows(40, 12))
    async with (app := FetchdeckApp(engine)).run_test(size=SIZE) as pilot:
        assert " now" in seen(app)
        history = engine.now.history
        engine.now = running(state=RunState.FINISHED, history=history, revision=100)
        app.pull()
        await pilot.pause()
        assert " now" not in seen(app)


def labels(app: FetchdeckApp) -> dict[str, int | None]:
    """How many rows each tab tells of."""
    return {tab.id: tab.rows for tab in app.screen.query_one(TabBar).tabs}
