"""Pictures of the dashboard, compared with those that were looked at: `pytest --snapshot-update` after a change."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from fetchdeck.core.handle import Latency, RunState, Second, Snapshot
from fetchdeck.core.model import Counts
from fetchdeck.tui import theme
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.screens.inspect import InspectScreen
from fetchdeck.tui.screens.inspect_view import LinesView
from fetchdeck.tui.screens.main import MainScreen
from fetchdeck.tui.widgets.cause_table import CauseTable
from fetchdeck.tui.widgets.journal_table import JournalTable
from textual.pilot import Pilot

from ..support.scripted_engine import history, rows, running, scripted

DARK, LIGHT = theme.DARK.name, theme.LIGHT.name
PAUSED = replace(
    running(),
    state=RunState.PAUSED,
    reason="no answer from places.example for 30 s",
    in_use=47,
    limit=16,
    eta=None,
)
SPIKE = replace(
    running(), history=(*history()[:60], Second(3, 2, Latency(340, 2_100, 31_000)), *history()[61:])
)
MIXED = replace(
    running(),
    counts=Counts(
        queued=20_977, in_flight=519, waiting=12, succeeded=4_991, failed=493, skipped=2, invalid=6
    ),
    saving=19,
)
FINISHED = replace(
    running(),
    state=RunState.FINISHED,
    counts=replace(running().counts, queued=0, in_flight=0, succeeded=26_507),
    in_use=0,
    eta=None,
    elapsed_s=754.0,
)


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tables show local times."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("size", "look", "keys", "run"),
    [
        pytest.param((80, 24), DARK, "1", running(), id="narrow-dark"),
        pytest.param((80, 24), LIGHT, "3", PAUSED, id="narrow-light-paused"),
        pytest.param((120, 40), DARK, "3", FINISHED, id="normal-dark-finished"),
        pytest.param((120, 40), DARK, "?", running(), id="help"),
        pytest.param((80, 24), DARK, "q", running(), id="leave"),
        pytest.param((80, 24), DARK, "R", running(), id="narrow-retry-all"),
        pytest.param((80, 24), DARK, "3", MIXED, id="narrow-mixed"),
        pytest.param((80, 24), DARK, ("3", "home", "enter"), running(), id="narrow-inspect"),
        pytest.param((80, 24), DARK, "5", running(), id="narrow-hosts"),
        pytest.param((120, 40), DARK, "5", running(), id="hosts"),
        pytest.param((80, 24), DARK, "4", SPIKE, id="narrow-spike"),
        pytest.param((120, 40), LIGHT, "1", SPIKE, id="spike-light"),
        pytest.param((200, 60), LIGHT, "6", running(total_known=False), id="wide-light"),
        pytest.param((200, 60), DARK, "2", running(saving=12), id="wide-dark"),
    ],
)
def test_the_dashboard_looks_as_it_did(
    snap_compare: Callable[..., bool],
    tmp_path: Path,
    size: tuple[int, int],
    look: str,
    keys: Sequence[str],
    run: Snapshot,
) -> None:
    app = FetchdeckApp(scripted(tmp_path, rows(), now=run))
    app.theme = look

    async def settle(pilot: Pilot[None]) -> None:
        for key in keys:
            await pilot.press(key)
            screen = pilot.app.screen
            while isinstance(screen, MainScreen) and not screen.query_one(CauseTable).causes_known:
                await pilot.pause(0.01)
            if isinstance(screen, MainScreen) and isinstance(table := screen.table, JournalTable):
                await table.settled()
            while isinstance(screen, InspectScreen) and screen.query_one(LinesView).virtual_size.height < 2:
                await pilot.pause(0.01)
        app.pull()
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=settle)
