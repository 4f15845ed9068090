"""The ways out of the dashboard, each of which leaves the engine in order."""

from __future__ import annotations

from pathlib import Path

import pytest
from fetchdeck.core.model import Counts
from fetchdeck.core.snapshot import RunState
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.screens.main import MainScreen
from fetchdeck.tui.screens.quit import LeaveScreen
from msgspec.structs import replace

from ..support.scripted_engine import running, scripted, seen


@pytest.mark.parametrize("state", [RunState.FINISHED, RunState.INTERRUPTED])
@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q"])
async def test_a_run_that_is_over_is_left_at_once(tmp_path: Path, state: RunState, key: str) -> None:
    engine = scripted(tmp_path, now=running(state=state))
    async with (app := FetchdeckApp(engine)).run_test() as pilot:
        await pilot.press(key)
    assert app.return_code == 0
    assert engine.commands == []


@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q"])
async def test_a_running_run_asks_first_and_escape_stays(tmp_path: Path, key: str) -> None:
    engine = scripted(tmp_path)
    async with FetchdeckApp(engine).run_test() as pilot:
        await pilot.press(key)
        assert isinstance(pilot.app.screen, LeaveScreen)
        assert "21,504 requests are not done" in seen(pilot.app)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, MainScreen)
    assert engine.commands == []


async def test_a_click_on_the_hint_asks_too(tmp_path: Path) -> None:
    async with (app := FetchdeckApp(scripted(tmp_path))).run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.click("KeyFooter", offset=(seen(app).splitlines()[-1].index("q leave"), 0))
        await pilot.pause()
        assert isinstance(app.screen, LeaveScreen)
        assert "21,504 requests are not done" in seen(app)


async def test_the_dialog_tells_of_the_run_as_it_is_now(tmp_path: Path) -> None:
    engine = scripted(tmp_path)
    async with (app := FetchdeckApp(engine)).run_test(size=(80, 24)) as pilot:
        await pilot.press("q")
        assert "wait for 500 in flight" in seen(app)
        engine.now = running(counts=Counts(queued=1_003, in_flight=400, succeeded=25_597))
        app.pull()
        await pilot.pause()
        assert "1,403 requests are not done" in seen(app)
        assert "wait for 400 in flight" in seen(app)


async def test_with_nothing_in_flight_there_is_one_way_to_leave(tmp_path: Path) -> None:
    engine = scripted(tmp_path)
    engine.now = running(state=RunState.PAUSED, counts=Counts(queued=7, succeeded=3), in_use=0)
    async with (app := FetchdeckApp(engine)).run_test(size=(80, 24)) as pilot:
        await pilot.press("q")
        await pilot.pause()
        assert "7 requests are not done" in seen(app)
        assert "drain and leave" not in seen(app)
        assert seen(app).splitlines()[-1].split() == ["enter", "leave", "esc", "stay"]
        engine.now = running()
        app.pull()
        await pilot.pause()
        assert "wait for 500 in flight" in seen(app)
        assert "d drain and leave" in seen(app).splitlines()[-1]


@pytest.mark.parametrize("key", ["d", "enter", "n", "q", "ctrl+c"])
async def test_a_run_that_ends_under_the_dialog_is_left_by_any_of_its_keys(tmp_path: Path, key: str) -> None:
    engine = scripted(tmp_path)
    async with (app := FetchdeckApp(engine)).run_test(size=(80, 24)) as pilot:
        await pilot.press("q")
        engine.now = running(state=RunState.FINISHED, counts=Counts(succeeded=27_000))
        app.pull()
        await pilot.pause()
        assert "The run has just finished" in seen(app)
        assert "in flight" not in seen(app)[seen(app).index("Leave the run?") :].partition("╰")[0]
        await pilot.press(key)
        assert app._exit is True
    assert engine.commands == []


async def test_a_run_that_ends_under_the_dialog_can_be_looked_at(tmp_path: Path) -> None:
    engine = scripted(tmp_path)
    async with (app := FetchdeckApp(engine)).run_test() as pilot:
        await pilot.press("q")
        engine.now = running(state=RunState.FINISHED, counts=Counts(succeeded=27_000))
        app.pull()
        await pilot.press("escape")
        assert isinstance(app.screen, MainScreen)
        assert app._exit is False


async def test_d_drains_and_leaves_when_the_run_is_interrupted(tmp_path: Path) -> None:
    engine = scripted(tmp_path, obeys=True)
    async with (app := FetchdeckApp(engine)).run_test() as pilot:
        await pilot.press("q", "d")
        assert engine.commands == [("drain",)]
        assert "▼ draining · 500 in flight to end" in seen(app)
        app.pull()
        await pilot.pause()
        assert app.is_running
        assert app._exit is False
        engine.now = replace(engine.now, state=RunState.INTERRUPTED)
        app.pull()
        assert app._exit is True
    assert engine.commands == [("drain",)]


async def test_n_leaves_at_once(tmp_path: Path) -> None:
    engine = scripted(tmp_path, obeys=True)
    async with (app := FetchdeckApp(engine)).run_test() as pilot:
        await pilot.press("q", "n")
        assert app._exit is True
    assert engine.commands == [("abandon",)]


@pytest.mark.parametrize("first", [("ctrl+c",), ("q",), ("q", "d"), ("l", "ctrl+c")])
async def test_the_second_interrupt_leaves_at_once(tmp_path: Path, first: tuple[str, ...]) -> None:
    engine = scripted(tmp_path, obeys=True)
    async with (app := FetchdeckApp(engine)).run_test() as pilot:
        await pilot.press(*first, "ctrl+c")
        assert app._exit is True
    assert engine.commands[-1] == ("abandon",)


async def test_an_interrupt_that_was_taken_back_counts_no_more(tmp_path: Path) -> None:
    engine = scripted(tmp_path)
    async with FetchdeckApp(engine).run_test() as pilot:
        await pilot.press("ctrl+c", "escape", "ctrl+c")
        assert isinstance(pilot.app.screen, LeaveScreen)
    assert engine.commands == []


async def test_a_drain_that_the_engine_began_does_not_close_the_dashboard(tmp_path: Path) -> None:
    engine = scripted(tmp_path, now=running(state=RunState.INTERRUPTED, reason="too many failures"))
    async with (app := FetchdeckApp(engine)).run_test():
        app.pull()
        assert app._exit is False
        assert "⚠ interrupted · too many failures" in seen(app)


async def test_a_finished_run_stays_and_a_retry_sets_it_going_again(tmp_path: Path) -> None:
    engine = scripted(tmp_path, now=running(state=RunState.FINISHED))
    async with (app := FetchdeckApp(engine)).run_test() as pilot:
        assert "■ finished · R retries failures, q leaves" in seen(app)
        engine.now = running()
        await pilot.press("R", "enter")
        assert engine.commands[0][0] == "retry_matching"
        assert "▶ running" in seen(app)
