"""Pictures of the dashboard, compared with those that were looked at: `pytest --snapshot-update` after a change."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from fetchdeck.core.handle import (
    Asking,
    Event,
    EventKind,
    Latency,
    RunState,
    Second,
    Snapshot,
    Spending,
)
from fetchdeck.core.model import Counts, State
from fetchdeck.tui import theme
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.screens.canary import CanaryScreen
from fetchdeck.tui.screens.inspect import InspectScreen
from fetchdeck.tui.screens.inspect_view import LinesView
from fetchdeck.tui.screens.main import MainScreen
from fetchdeck.tui.widgets import spending_line
from fetchdeck.tui.widgets.cause_table import CauseTable
from fetchdeck.tui.widgets.journal_table import JournalTable
from textual.pilot import Pilot

from ..support.journal_factory import Made
from ..support.scripted_engine import governed_hosts, history, rows, running, scripted

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
NOW = 1_700_074_800.0
SPENT = Spending(12_345, 100_000, "day", NOW + 5 * 3600, "12.40 USD", "33.10 USD")
GOVERNED = running(auto=True, limit=41, in_use=41, spending=SPENT)
DECIDED = (
    Event(
        0, NOW, EventKind.GOVERNOR,
        "places.example 64→41: 14 of 62 refused, ceiling about 43/s, next probe in 60 s.",
    ),
    Event(1, NOW, EventKind.COOLING, "cdn.places.example:8443 rests for 30 s, because it asks for that."),
)  # fmt: skip
CANARIES = (
    Made(
        State.SUCCEEDED,
        "https://places.example/v1/details?place=0&key=***",
        headers=[("Authorization", "Bearer ***"), ("Accept", "application/json")],
        status=200,
        reply=(b"Content-Type: application/json", b'{"status": "OK", "name": "Bern", "population": 133883}'),
    ),
    *(Made(State.SUCCEEDED, status=200) for _ in range(2)),
)


def asks(asking: Asking, reason: str) -> Snapshot:
    return running(
        state=RunState.PAUSED, asking=asking, reason=reason, eta=None, in_use=0,
        counts=Counts(queued=26_997, succeeded=3),
    )  # fmt: skip


CANARY = asks(Asking.CANARY, "the first 3 have been sent: 3 succeeded, 0 failed")
REFUSED = asks(Asking.CREDENTIALS, "places.example answers 401 Unauthorized to what it accepted before")
STOPPED = replace(PAUSED, asking=Asking.STOP, reason="20% of the last 100 requests failed, the limit is 20%")


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tables show local times."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setattr(spending_line, "time", lambda: NOW)
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
        pytest.param((80, 24), DARK, "5", GOVERNED, id="narrow-governed-hosts"),
        pytest.param((120, 40), LIGHT, "5", GOVERNED, id="governed-hosts-light"),
        pytest.param((200, 60), DARK, "6", GOVERNED, id="wide-governed-events"),
        pytest.param((80, 24), DARK, ("6", "home", "enter"), GOVERNED, id="narrow-event"),
        pytest.param((80, 24), DARK, "", CANARY, id="narrow-canary"),
        pytest.param((120, 40), LIGHT, "", CANARY, id="canary-light"),
        pytest.param((80, 24), DARK, "API_KEY=abc", REFUSED, id="narrow-credentials"),
        pytest.param((120, 40), LIGHT, ("escape",), REFUSED, id="refused-light"),
        pytest.param((80, 24), DARK, "3", STOPPED, id="narrow-stopped"),
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
    made, governed = CANARIES if run is CANARY else rows(), run is GOVERNED
    more = {"asked": governed_hosts(), "happened": DECIDED} if governed else {}
    app = FetchdeckApp(scripted(tmp_path, made, now=run, **more))
    app.theme = look

    async def settle(pilot: Pilot[None]) -> None:
        await pilot.pause()
        while isinstance(screen := pilot.app.screen, CanaryScreen):
            if screen.query_one(LinesView).virtual_size.height > 2:
                break
            await pilot.pause(0.01)
        for key in keys:
            await pilot.press(key)
            screen = pilot.app.screen
            while isinstance(screen, MainScreen) and not screen.query_one(CauseTable).causes_known:
                await pilot.pause(0.01)
            if isinstance(screen, MainScreen) and isinstance(table := screen.table, JournalTable):
                await table.settled()
            while isinstance(screen, InspectScreen) and screen.detail is None:
                await pilot.pause(0.01)
        app.pull()
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=settle)
