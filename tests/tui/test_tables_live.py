"""The tables that read from the engine's memory, and the filter line."""

from __future__ import annotations

from pathlib import Path

import pytest
from fetchdeck.core.journal.filter import RowFilter
from fetchdeck.core.latencies import Latency
from fetchdeck.core.model import FailureKind, Phase
from fetchdeck.core.past import EventKind
from fetchdeck.core.snapshot import Event, HostRow, InFlightRow, RunState
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.widgets.event_log import MOST, EventLog
from fetchdeck.tui.widgets.filter_bar import FilterBar
from fetchdeck.tui.widgets.host_table import HostTable
from fetchdeck.tui.widgets.in_flight_table import InFlightTable
from fetchdeck.tui.widgets.table_sort import Sorting
from msgspec.structs import replace
from textual.geometry import Size
from textual.screen import Screen
from textual.widgets import Input

from ..support.scripted_engine import in_flight, scripted
from ..support.scripted_tables import HOSTILE, SNAPSHOT, ScriptedTables, TableApp, screen_text

SIZE = (90, 13)


def flight(number: int, age_s: float = 0.1, url: str = "https://h/x") -> InFlightRow:
    return InFlightRow(number, "GET", url, 1, Phase.SENT, age_s, 0)


async def test_only_the_rows_in_sight_are_asked_for() -> None:
    engine = ScriptedTables()
    engine.rows = [flight(n) for n in range(500)]
    app = TableApp(table := InFlightTable(engine))
    async with app.run_test(size=SIZE) as pilot:
        app.snapshot = engine.snapshot()
        await pilot.press("end")
        assert table.selected is not None
        assert table.selected.id == 499
        app.snapshot = replace(engine.snapshot(), revision=1)
        engine.asked.clear()
        table.window_changed()
        assert engine.asked == [(489, 11)]


async def test_the_cursor_stays_on_its_request_until_it_ends() -> None:
    engine = ScriptedTables()
    engine.rows = [flight(n) for n in range(40)]
    app = TableApp(table := InFlightTable(engine))
    async with app.run_test(size=SIZE) as pilot:
        app.snapshot = engine.snapshot()
        await pilot.press("down", "down", "down", "space")
        assert table.chosen_ids() == (3,)
        assert table.selected == flight(4)
        del engine.rows[0:2]
        app.snapshot = replace(engine.snapshot(), revision=1)
        assert (table.cursor, table.selected) == (2, flight(4))
        del engine.rows[2]
        app.snapshot = replace(engine.snapshot(), revision=2)
        assert (table.cursor, table.selected) == (2, flight(5))


async def test_rows_that_are_others_at_each_look_are_looked_at_once_a_second() -> None:
    engine = ScriptedTables()
    app = TableApp(table := InFlightTable(engine))
    async with app.run_test(size=SIZE) as pilot:
        looks: list[bool] = []

        def look(first: int) -> bool:
            engine.rows = [flight(first + n) for n in range(20)]
            engine.asked.clear()
            app.snapshot = replace(engine.snapshot(), revision=first)
            return bool(engine.asked)

        looks = [look(100 * n) for n in range(10)]
        assert looks == [True, True, False, False, False, True, False, False, False, True]
        # What stays is looked at each time, the first one after skipped ones too.
        assert [look(901 + n) for n in range(6)] == [False, False, False, True, True, True]
        look(600)
        await pilot.press("down")
        assert table.selected == flight(601)


async def test_the_last_snapshot_is_looked_at_whatever_came_before() -> None:
    engine = ScriptedTables()
    app = TableApp(table := InFlightTable(engine))
    async with app.run_test(size=SIZE):
        for end in (
            {"in_use": 0},
            {"state": RunState.PAUSED},
            {"read_only": True},
        ):
            read_only = "read_only" in end
            for first in (0, 100):
                engine.rows = [flight(first + n) for n in range(4)]
                app.snapshot = replace(engine.snapshot(), revision=first, read_only=read_only)
            engine.rows = [flight(200)] if end != {"in_use": 0} else []
            last = replace(engine.snapshot(), revision=200, **end)
            for _ in range(2):
                app.snapshot = last
            assert table.row_at(0) == (flight(200) if engine.rows else None)


async def test_more_rows_than_there_are_lines_lay_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A layout of the whole screen takes more than a paint, and rows in flight come and go all the time."""
    laid_out: list[int] = []
    lay_out = Screen._refresh_layout

    def counted(screen: Screen[None], size: Size | None = None, scroll: bool = False) -> None:
        laid_out.append(1)
        lay_out(screen, size, scroll)

    monkeypatch.setattr(Screen, "_refresh_layout", counted)
    engine = ScriptedTables()
    app = TableApp(table := InFlightTable(engine))
    async with app.run_test(size=SIZE) as pilot:
        bars: list[bool] = []
        for revision, count in enumerate((3, 40, 5, 50)):
            engine.rows = [flight(n) for n in range(count)]
            app.snapshot = replace(engine.snapshot(), revision=revision)
            table.resize_to(count, now=True)
            await pilot.pause()
            ground = table.background_colors[1].rich_color
            bar = [strip.crop(SIZE[0] - 1) for strip in app.screen._compositor.render_strips()]
            styles = [segment.style for strip in bar for segment in strip]
            bars.append(not all(style and style.bgcolor == ground for style in styles))
            if not revision:
                assert laid_out
                laid_out.clear()
        assert bars == [False, True, False, True]
        assert not laid_out


@pytest.mark.parametrize("key", ["end", "L"])
async def test_the_cursor_stays_in_sight_when_the_terminal_shrinks(key: str) -> None:
    engine = ScriptedTables()
    engine.rows = [flight(n) for n in range(500)]
    app = TableApp(table := InFlightTable(engine))
    async with app.run_test(size=(90, 30)) as pilot:
        app.snapshot = engine.snapshot()
        await pilot.press(key)
        selected = table.selected
        await pilot.resize_terminal(90, 12)
        await pilot.pause()
        assert selected is not None
        assert table.selected == selected
        (line,) = [line for line in screen_text(table) if line.startswith("▸")]
        assert f" {selected.id} " in line


@pytest.mark.parametrize("size", [(100, 60), (60, 14), (200, 20), (20, 12)])
async def test_the_dashboards_cursor_stays_in_sight_at_any_size(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    engine = scripted(tmp_path, flying=in_flight(500))
    async with (app := FetchdeckApp(engine)).run_test(size=(100, 24)) as pilot:
        await pilot.press("G")
        await pilot.pause()
        table = app.screen.query_one(InFlightTable)
        assert table.cursor == 499
        await pilot.resize_terminal(*size)
        await pilot.pause()
        first, height = table.window()
        assert first <= table.cursor < first + height


async def test_stragglers_stand_out_with_a_word() -> None:
    engine = ScriptedTables()
    engine.rows = [flight(1, age_s=1.2), flight(2, age_s=0.9)]
    app = TableApp(table := InFlightTable(engine))
    async with app.run_test(size=SIZE):
        app.snapshot = engine.snapshot()
        lines = screen_text(table)
        assert "▲ slow 1.2 s" in lines[1]
        assert "slow" not in lines[2]
        app.snapshot = replace(engine.snapshot(), latency=None, revision=1)
        assert "slow" not in screen_text(table)[1]


async def test_rows_are_drawn_anew_for_another_percentile_only_where_it_makes_one_slow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = ScriptedTables()
    engine.rows = [flight(1, age_s=1.2), flight(2, age_s=0.9)]
    drawn: list[int] = []
    monkeypatch.setattr(InFlightTable, "repaint_rows", lambda table: drawn.append(table.row_count))
    app = TableApp(table := InFlightTable(engine))
    async with app.run_test(size=SIZE):
        for p95, repainted in ((500.0, 1), (510.0, 1), (590.0, 1), (610.0, 2), (620.0, 2), (400.0, 3)):
            app.snapshot = replace(SNAPSHOT, latency=Latency(1.0, p95, p95), in_use=2)
            assert len(drawn) == repainted, p95
        table.sort_by(Sorting("age", descending=True))
        app.snapshot = replace(SNAPSHOT, latency=Latency(1.0, 410.0, 410.0), in_use=2)
        assert len(drawn) == 4


async def test_hostile_urls_in_flight_are_harmless() -> None:
    engine = ScriptedTables()
    engine.rows = [flight(n, url=url) for n, url in enumerate(HOSTILE)]
    app = TableApp(table := InFlightTable(engine))
    async with app.run_test(size=(70, 13)):
        app.snapshot = engine.snapshot()
        assert "␛[31mred" in screen_text(table)[1]


async def test_fewer_requests_in_flight_leave_no_old_rows() -> None:
    engine = ScriptedTables()
    engine.rows = [flight(n) for n in range(8)]
    app = TableApp(table := InFlightTable(engine))
    async with app.run_test(size=SIZE) as pilot:
        app.snapshot = engine.snapshot()
        await pilot.press("end")
        engine.rows.clear()
        app.snapshot = replace(engine.snapshot(), revision=1)
        assert table.selected is None or table.row_count == 8
        assert not any("https" in line or "h/x" in line for line in screen_text(table))


def host(number: int, name: str, succeeded: int = 1) -> HostRow:
    return HostRow(number, name, 1, succeeded, 2, 333.0, 1_240.0, FailureKind.TIMEOUT, None, None, 0.0)


async def test_the_cursor_stays_with_its_host_when_the_order_changes() -> None:
    engine = ScriptedTables()
    engine.known_hosts = [host(n, f"h{n}.example") for n in range(60)]
    app = TableApp(table := HostTable(engine))
    async with app.run_test(size=SIZE) as pilot:
        app.snapshot = SNAPSHOT
        await pilot.press("down", "down")
        engine.known_hosts[0:3] = [host(2, "h2.example", 9), host(0, "h0.example"), host(1, "h1.example")]
        engine.asked.clear()
        app.snapshot = replace(SNAPSHOT, revision=1)
        assert engine.asked == [(0, 11)]
        assert (table.cursor, table.selected) == (0, host(2, "h2.example", 9))


async def test_hosts_that_share_a_row_and_hostile_ones_are_named_harmlessly() -> None:
    engine = ScriptedTables()
    engine.known_hosts = [
        *(host(n, name) for n, name in enumerate(HOSTILE)),
        HostRow(99, "", 0, 0, 0, None, None, None, None, None, 0.0),
    ]
    app = TableApp(table := HostTable(engine))
    async with app.run_test(size=(120, 13)):
        app.snapshot = SNAPSHOT
        lines = screen_text(table)
        assert "␛[31mred" in lines[1]
        assert "66.7%" in lines[1]
        assert "1.2 s" in lines[1]
        assert "timeout" in lines[1]
        assert "all other hosts" in lines[len(HOSTILE) + 1]


def event(seq: int, text: str = "Concurrency 50 → 100.") -> Event:
    return Event(seq, 1_700_000_000.0 + seq, EventKind.CONCURRENCY, text)


async def test_events_are_pulled_once_and_bounded() -> None:
    engine = ScriptedTables()
    engine.events = [event(n, text) for n, text in enumerate(HOSTILE)]
    app = TableApp(table := EventLog(engine))
    async with app.run_test(size=SIZE):
        app.snapshot = SNAPSHOT
        assert table.row_count == len(HOSTILE)
        assert "± concurrency" in screen_text(table)[1]
        engine.events += [event(n) for n in range(len(HOSTILE), MOST + 100)]
        app.snapshot = replace(SNAPSHOT, revision=1)
        assert table.row_count == MOST
        assert table.selected == engine.events[-1]


async def test_overwritten_events_are_told() -> None:
    engine = ScriptedTables()
    engine.events, engine.first_event = [event(n) for n in range(5)], 3
    app = TableApp(table := EventLog(engine))
    async with app.run_test(size=SIZE):
        app.snapshot = SNAPSHOT
        assert [table.row_at(at).seq for at in range(table.row_count)] == [2, 3, 4]
        assert "3 earlier events" in screen_text(table)[1]


async def test_a_filter_takes_effect_when_typing_stops_or_enter_is_pressed() -> None:
    app = TableApp(bar := FilterBar())
    async with app.run_test(size=SIZE) as pilot:
        assert not bar.is_open
        bar.open()
        # Typed at once: on a slow machine a pause between two keys would be a filter of its own.
        bar.query_one(Input).value = "kind:dns"
        await pilot.press("enter")
        await pilot.pause()
        changed, closed = app.heard
        assert isinstance(changed, FilterBar.Changed)
        assert (changed.filter, changed.text) == (RowFilter.parse("kind:dns"), "kind:dns")
        assert isinstance(closed, FilterBar.Closed)
        assert not bar.is_open


async def test_escape_takes_the_filter_away() -> None:
    app = TableApp(bar := FilterBar())
    async with app.run_test(size=SIZE) as pilot:
        bar.open()
        bar.set_text("status:5xx")
        await pilot.press("escape")
        await pilot.pause()
        assert [type(message) for message in app.heard] == [
            FilterBar.Changed,
            FilterBar.Changed,
            FilterBar.Closed,
        ]
        assert app.heard[1].filter == RowFilter()
        assert (bar.text, bar.is_open) == ("", False)


async def test_a_filter_that_cannot_be_understood_is_said_and_keeps_the_line_open() -> None:
    app = TableApp(bar := FilterBar())
    async with app.run_test(size=SIZE) as pilot:
        bar.open()
        bar.query_one(Input).value = "kind:[@click=app.quit]\x1b"
        await pilot.press("enter")
        await pilot.pause()
        assert app.heard == []
        assert bar.is_open
        hint = bar.query_one(".filter--hint").render_line(0).text
        assert hint.startswith("! The filter term 'kind:[@click=app.quit]")
        assert "\x1b" not in hint
