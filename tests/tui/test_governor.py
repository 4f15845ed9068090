"""The governor on the dashboard and in plain progress: its state, what overrides it, what it does to hosts."""

from __future__ import annotations

from pathlib import Path

import pytest
from fetchdeck.core.past import EventKind
from fetchdeck.core.snapshot import Event
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.plain import LogView
from fetchdeck.tui.screens.event import EventScreen
from fetchdeck.tui.screens.main import MainScreen
from fetchdeck.tui.widgets.event_log import EventLog
from fetchdeck.tui.widgets.host_table import HostTable
from msgspec.structs import replace

from ..support.hostile import SHOWN, check_terminal
from ..support.scripted_engine import asked_hosts, governed_hosts, host, rows, running, scripted, seen
from ..support.scripted_tables import ScriptedTables, TableApp, screen_text

SIZES = [(80, 24), (120, 24), (120, 40), (200, 60)]
DECISION = "api.example.com 64→41: 14 of 62 refused, ceiling about 43/s, next probe in 60 s."


@pytest.mark.parametrize("size", SIZES)
async def test_a_turns_it_on_and_off_and_the_controls_say_so(tmp_path: Path, size: tuple[int, int]) -> None:
    engine = scripted(tmp_path, obeys=True)
    async with (app := FetchdeckApp(engine)).run_test(size=size) as pilot:
        await pilot.pause()
        assert "◇ manual" in seen(app)
        await pilot.press("a")
        assert engine.commands == [("set_auto", True)]
        await pilot.pause()
        assert "◆ auto" in seen(app)
        assert "◇ manual" not in seen(app)
        await pilot.press("a")
        await pilot.pause()
        assert engine.commands[-1] == ("set_auto", False)
        assert "◇ manual" in seen(app)


@pytest.mark.parametrize(
    ("keys", "limit"),
    [("+", 45), ("-", 37), ("]", 82), ("[", 20), (("c", "ctrl+u", "7", "enter"), 7)],
)
async def test_other_keys_override_it_from_the_limit_it_has_found(
    tmp_path: Path, keys: tuple[str, ...], limit: int
) -> None:
    engine = scripted(tmp_path, now=running(auto=True, limit=41, in_use=41), obeys=True)
    async with (app := FetchdeckApp(engine)).run_test(size=(80, 24)) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        assert engine.commands == [("set_concurrency", limit)]
        assert "◇ manual" in seen(app)


async def test_whoever_types_a_concurrency_is_told_that_it_ends_the_governing(tmp_path: Path) -> None:
    engine = scripted(tmp_path, now=running(auto=True, limit=41))
    async with (app := FetchdeckApp(engine)).run_test(size=(80, 24)) as pilot:
        await pilot.press("c")
        await pilot.pause()
        assert "turns it on again." in seen(app)


async def test_a_click_on_the_hint_turns_it_on(tmp_path: Path) -> None:
    engine = scripted(tmp_path)
    async with (app := FetchdeckApp(engine)).run_test(size=(160, 40)) as pilot:
        while "s sort" not in seen(app).splitlines()[-1]:
            await pilot.pause(0.01)
        at = seen(app).splitlines()[-1].index("a auto")
        await pilot.click("KeyFooter", offset=(at + 3, 0))
        assert engine.commands == [("set_auto", True)]


async def test_hosts_tell_their_limits_at_80_columns() -> None:
    engine = ScriptedTables()
    engine.known_hosts = list(governed_hosts())
    app = TableApp(table := HostTable(engine))
    async with app.run_test(size=(80, 12)):
        app.snapshot = engine.snapshot()
        header, *lines = screen_text(table)
        assert header.split() == [
            *("host", "in", "flight", "rate/s", "limit", "pace", "cools", "until", "p95", "failed", "%")
        ]
        told = [line.split() for line in lines[:5]]
        assert told[0] == ["▸", "places.example", "480", "0", "41", "43/s", "–", "452", "ms", "9.0%"]
        assert told[1] == ["cdn.pl…mple:8443", "20", "0", "20", "–", "–", "31", "ms", "0.0%"]
        assert told[2][1:5] == ["0", "0", "1", "30/min"]
        assert told[2][5] == "◷"
        assert told[4][3:7] == ["2", "0", "–", "–"]


async def test_limits_take_no_room_before_there_are_any_and_stay_after_the_first() -> None:
    engine = ScriptedTables()
    engine.known_hosts = list(asked_hosts())
    app = TableApp(table := HostTable(engine))
    async with app.run_test(size=(80, 12)):
        app.snapshot = engine.snapshot()
        assert "p95" in screen_text(table)[0]
        assert "limit" not in screen_text(table)[0]
        engine.known_hosts = list(governed_hosts())
        app.snapshot = replace(engine.snapshot(), revision=1)
        assert "limit" in screen_text(table)[0]
        engine.known_hosts = [host(0, "places.example", 1)]
        app.snapshot = replace(engine.snapshot(), revision=2)
        assert "limit" in screen_text(table)[0]


async def test_decisions_are_told_in_the_events_and_in_full_on_enter(tmp_path: Path) -> None:
    happened = (
        Event(0, 1.7e9, EventKind.GOVERNOR, DECISION),
        Event(1, 1.7e9, EventKind.COOLING, "api.example.com rests for 30 s, because it asks for that."),
    )
    engine = scripted(tmp_path, rows(), happened=happened)
    async with (app := FetchdeckApp(engine)).run_test(size=(80, 24)) as pilot:
        await pilot.press("6", "home")
        await pilot.pause()
        assert "◆ governor    api.example.com 64→41: 14 of 62 refused" in seen(app)
        assert "◷ cooling     api.example.com rests for 30 s" in seen(app)
        assert "next probe in 60 s" not in seen(app)
        await pilot.press("enter")
        assert isinstance(app.screen, EventScreen)
        await pilot.pause()
        assert "next probe in 60 s" in " ".join(seen(app).replace("│", "").split())
        await pilot.press("escape")
        assert isinstance(app.screen, MainScreen)


async def test_hostile_events_are_visible_text_in_full_too(tmp_path: Path) -> None:
    for number, (text, shown) in enumerate(SHOWN.items()):
        engine = scripted(tmp_path / str(number), happened=(Event(0, 1.7e9, EventKind.GOVERNOR, text),))
        async with (app := FetchdeckApp(engine)).run_test(size=(120, 24)) as pilot:
            await pilot.press("6", "enter")
            await pilot.pause()
            assert isinstance(app.screen, EventScreen)
            assert shown[:20] in seen(app)
            check_terminal(seen(app))


async def test_every_kind_of_event_has_a_word() -> None:
    engine = ScriptedTables()
    engine.events = [Event(n, 1.7e9, kind, "so it was") for n, kind in enumerate(EventKind)]
    app = TableApp(table := EventLog(engine))
    async with app.run_test(size=(80, 24)):
        app.snapshot = engine.snapshot()
        text = "\n".join(screen_text(table))
        for kind in EventKind:
            assert f" {kind.value} " in text


def test_plain_progress_prints_decisions_as_they_are() -> None:
    events = (Event(0, 1.0, EventKind.GOVERNOR, DECISION),)
    assert LogView(5.0).frame(running(), events, 0.0) == f"fetchdeck: {DECISION}\n"
