"""Pictures of every screen, compared with those that were looked at: `pytest --snapshot-update` after a change.

One app start shows a scene in all its sizes and looks, since starting takes longer than a picture.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import pytest
from fetchdeck.core.latencies import Latency
from fetchdeck.core.model import Counts, State
from fetchdeck.core.past import EventKind
from fetchdeck.core.snapshot import Asking, Event, RunState, Second, Snapshot, Spending
from fetchdeck.tui import theme
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.screens.inspect import InspectScreen
from fetchdeck.tui.screens.main import MainScreen
from fetchdeck.tui.settings.config_file import Config, Read
from fetchdeck.tui.settings.preferences import Preferences
from fetchdeck.tui.widgets import host_table, spending_line, status_header
from fetchdeck.tui.widgets.cause_table import CauseTable
from fetchdeck.tui.widgets.journal_table import JournalTable
from msgspec.structs import replace
from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widgets import Input

from ..support.journal_factory import Made
from ..support.scripted_engine import governed_hosts, history, rows, running, scripted, seen

Size = tuple[int, int]
Look = tuple[Size, str]
DARK, LIGHT = "dark", "light"
SMALL, MIDDLE, LARGE = (80, 24), (120, 40), (200, 60)
EVERY: tuple[Look, ...] = tuple(product((SMALL, MIDDLE, LARGE), (DARK, LIGHT)))
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


@dataclass(frozen=True)
class Scene:
    """One state of one screen, and the sizes and themes it is looked at in."""

    id: str
    keys: Sequence[str] = ()
    run: Snapshot = field(default_factory=running)
    looks: tuple[Look, ...] = EVERY
    rows: Callable[[], Iterable[Made]] = rows
    governed: bool = False


SCENES = (
    Scene("dashboard"),
    Scene("succeeded", "2"),
    Scene("failed", "3"),
    Scene("causes", "4"),
    Scene("hosts", "5"),
    Scene("events", "6"),
    Scene("inspector", ("3", "home", "enter")),
    Scene("help", "?"),
    Scene("prompt", "c"),
    Scene("quit", "q"),
    Scene("finished", "3", FINISHED),
    Scene("paused", "3", PAUSED, ((SMALL, LIGHT),)),
    Scene("retry-all", "R", looks=((SMALL, DARK),)),
    Scene("mixed", "3", MIXED, ((SMALL, DARK),)),
    Scene("spike", "4", SPIKE, ((SMALL, DARK), (MIDDLE, LIGHT))),
    Scene("reading-input", "6", running(total_known=False), ((LARGE, LIGHT),)),
    Scene("saving", "2", running(saving=12), ((LARGE, DARK),)),
    Scene("governed-hosts", "5", GOVERNED, ((SMALL, DARK), (MIDDLE, LIGHT)), governed=True),
    Scene("governed-events", "6", GOVERNED, ((LARGE, DARK),), governed=True),
    Scene("event", ("6", "home", "enter"), GOVERNED, ((SMALL, DARK),), governed=True),
    Scene("canary", "", CANARY, ((SMALL, DARK), (MIDDLE, LIGHT)), rows=lambda: CANARIES),
    Scene("credentials", "API_KEY=abc", REFUSED, ((SMALL, DARK),)),
    Scene("refused", ("escape",), REFUSED, ((MIDDLE, LIGHT),)),
    Scene("stopped", "3", STOPPED, ((SMALL, DARK),)),
    Scene("palette", ("ctrl+p",), looks=((SMALL, DARK),)),
)
HIGH = Scene("high-contrast", "3", MIXED, ((MIDDLE, "high-contrast"),))


@pytest.fixture(autouse=True)
def fixed_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tables show local times, and some lines what is still to come."""
    monkeypatch.setenv("TZ", "UTC")
    for module in (spending_line, status_header, host_table):
        monkeypatch.setattr(module, "time", lambda: NOW)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("scene", [*SCENES, HIGH], ids=lambda scene: scene.id)
async def test_a_screen_looks_as_it_did(scene: Scene, snapshot: SnapshotAssertion, tmp_path: Path) -> None:
    pictures = snapshot.use_extension(SVGImageExtension)
    more = {"asked": governed_hosts(), "happened": DECIDED} if scene.governed else {}
    engine = scripted(tmp_path, scene.rows(), now=scene.run, **more)
    # A cursor that blinks is in half of the pictures.
    app = FetchdeckApp(engine, preferences=Preferences(Read(Config(reduced_motion=True))))
    other: list[str] = []
    async with app.run_test(size=scene.looks[0][0]) as pilot:
        await settled(pilot)
        for key in scene.keys:
            await pilot.press(key)
            await settled(pilot)
        for size, look in scene.looks:
            await pilot.resize_terminal(*size)
            app.theme = theme.NICKNAMES[look]
            app.pull()
            await settled(pilot)
            for field in app.screen.query(Input):
                # The palette's is not ours, and knows nothing of reduced motion.
                field.cursor_blink = False
            name = f"{size[0]}x{size[1]}-{look}"
            picture = app.export_screenshot(title=scene.id)
            if pictures(name=name) != picture:
                other.append(name)
                (tmp_path / f"{name}.svg").write_text(picture)
    assert not other, f"look at the pictures in {tmp_path}, and if they are right: pytest --snapshot-update"


async def settled(pilot: Pilot[None]) -> None:
    """Wait until what the screen reads has been read and painted: three looks at it show the same."""
    app, alike, before = pilot.app, 0, ""
    assert isinstance(app, FetchdeckApp)
    fails = app.snapshot is not None and app.snapshot.counts.failed > 0
    while alike < 3:
        await pilot.pause()
        screen = app.screen_stack[0]
        if isinstance(screen, MainScreen) and isinstance(table := screen.table, JournalTable):
            await table.settled()
        known = not isinstance(screen, MainScreen) or bool(screen.query_one(CauseTable).causes_known)
        read = not isinstance(app.screen, InspectScreen) or app.screen.detail is not None
        # The palette shows its commands when it has found them all.
        searched = all(
            worker.is_finished for worker in app.workers if isinstance(worker.node, CommandPalette)
        )
        now = seen(app)
        whole = read and searched and (known or not fails)
        alike, before = (alike + 1 if now == before and whole else 0), now
        await pilot.pause(0.005)
