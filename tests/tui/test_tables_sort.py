"""Sorting by any column: which order is next, and the tables that have it."""

from __future__ import annotations

import threading
from itertools import pairwise
from pathlib import Path

from fetchdeck.core.journal.reader import JournalReader
from fetchdeck.core.model import State
from fetchdeck.tui.widgets.columns import Cell, Column
from fetchdeck.tui.widgets.event_log import EventLog
from fetchdeck.tui.widgets.in_flight_table import InFlightTable
from fetchdeck.tui.widgets.journal_table import JournalTable
from fetchdeck.tui.widgets.table_sort import Chooser, Sorting, next_sorting, sorted_rows
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ..support.journal_factory import Made, append, make_journal, open_journal
from ..support.scripted_tables import SNAPSHOT, ScriptedTables, TableApp, screen_text
from .test_tables_live import event, flight

SIZE = (100, 12)
SMALL: Column[int] = Column("row", 5, lambda n: Cell(str(n)), sort=lambda n: n)
LARGE: Column[int] = Column("size", 5, lambda n: Cell(str(n)), sort=lambda n: n, largest_first=True)
UNSORTED: Column[int] = Column("why", 5, lambda n: Cell(str(n)))


def test_a_column_goes_its_own_way_then_the_other_then_back_to_nature() -> None:
    first = next_sorting(None, LARGE)
    assert first == Sorting("size", descending=True)
    second = next_sorting(first, LARGE)
    assert second == Sorting("size", descending=False)
    assert next_sorting(second, LARGE) is None
    assert next_sorting(second, SMALL) == Sorting("row", descending=False)


@given(st.lists(st.none() | st.integers(-5, 5)), st.booleans())
def test_rows_without_a_value_come_last_in_both_directions(values: list[int | None], down: bool) -> None:
    rows = list(enumerate(values))
    made = sorted_rows(rows, lambda row: row[1], down)
    assert sorted(made) == rows
    known = [row for row in made if row[1] is not None]
    assert made == (*known, *(row for row in made if row[1] is None))
    assert [row[1] for row in known] == sorted((v for v in values if v is not None), reverse=down)
    for one, other in pairwise(known):
        assert one[1] != other[1] or one[0] < other[0]


def test_a_choice_goes_round_from_the_order_there_is() -> None:
    chooser = Chooser.begin((SMALL, UNSORTED, LARGE), None)
    assert chooser.titles("as they ended") == ("as they ended", "row", "size")
    assert chooser.chosen(None) == Sorting("row", descending=False)
    assert chooser.moved(-1).chosen(Sorting("row", descending=False)) is None
    assert chooser.moved(2) == chooser.moved(-1)
    assert Chooser.begin((SMALL, LARGE), Sorting("size", descending=True)).at == 2


async def test_keys_sort_a_journal_and_its_newest_are_followed_in_its_own_order_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    times = [float(n * 37 % 101) for n in range(60)]
    make_journal(path, [Made(status=200, elapsed_ms=ms) for ms in times])
    table = JournalTable({State.SUCCEEDED})
    app = TableApp(table)
    async with app.run_test(size=SIZE) as pilot, JournalReader(path) as reader:
        table.connect(reader)
        await pilot.pause()
        app.snapshot = SNAPSHOT
        await table.settled()
        assert table.following
        table.action_sort()
        assert "sort by  as they ended  row " in screen_text(table)[0]
        await pilot.press("right", "right", "right", "right", "enter")
        await table.settled()
        lines = screen_text(table)
        assert "▼latency" in lines[0]
        assert "▼ by latency" in lines[-1]
        assert "follow" not in lines[-1]
        assert [table.row_at(at).elapsed_ms for at in range(3)] == sorted(times, reverse=True)[:3]  # type: ignore[union-attr]
        assert (table.cursor, table.following) == (0, False)
        table.action_reverse()
        await table.settled()
        assert table.row_at(0).elapsed_ms == 0.0  # type: ignore[union-attr]
        await pilot.press("G")
        assert not table.following
        table.action_sort()
        await pilot.press("escape")
        assert table.chooser is None
        table.action_sort()
        await pilot.press(*["left"] * 5, "enter")
        await table.settled()
        assert (table.sorting, table.following, table.cursor) == (None, True, 59)
        assert "following ↓" in screen_text(table)[-1]
        await table.remove()


async def test_the_cursor_keeps_its_row_in_a_sorted_journal_that_grows(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    make_journal(path, [Made(status=200, elapsed_ms=10.0 * n) for n in range(30)])
    table = JournalTable({State.SUCCEEDED})
    app = TableApp(table)
    async with app.run_test(size=SIZE) as pilot, JournalReader(path) as reader:
        table.connect(reader)
        await pilot.pause()
        app.snapshot = SNAPSHOT
        await table.settled()
        table.sort_by(Sorting("latency", descending=True))
        await table.settled()
        await pilot.press("down", "down")
        assert table.selected is not None
        held = table.selected.id
        db = open_journal(path)
        append(db, [Made(status=200, elapsed_ms=999.0)] * 5)
        db.close()
        app.snapshot = replace(SNAPSHOT, revision=1)
        await table.settled()
        assert (table.selected.id, table.cursor) == (held, 7)
        await table.remove()


async def test_requests_in_flight_are_sorted_in_memory_and_seldom_where_that_takes_long() -> None:
    engine = ScriptedTables()
    engine.rows = [flight(n, age_s=9 - n / 10, url=f"https://h{n * 7 % 20}/x") for n in range(20)]
    app = TableApp(table := InFlightTable(engine))
    async with app.run_test(size=SIZE) as pilot:
        app.snapshot = engine.snapshot()
        table.sort_by(Sorting("URL", descending=False))
        assert [table.row_at(at).url for at in (0, 1)] == ["https://h0/x", "https://h1/x"]  # type: ignore[union-attr]
        await pilot.press("down", "down")
        held = table.selected
        assert held is not None
        engine.rows = [row for row in engine.rows if row.url != "https://h0/x"]
        table._due = 0.0
        app.snapshot = replace(engine.snapshot(), revision=1)
        assert (table.selected, table.cursor) == (held, 1)
        engine.asked.clear()
        table._due = float("inf")
        app.snapshot = replace(engine.snapshot(), revision=2)
        assert engine.asked == []
        assert await table.neighbour(held.id, 1) == engine.rows[0].id or table.cursor == 2


async def test_a_click_on_a_title_sorts_reverses_and_gives_up(tmp_path: Path) -> None:
    engine = ScriptedTables()
    engine.events = [event(n, text) for n, text in enumerate(("b", "c", "a"))]
    app = TableApp(table := EventLog(engine))
    async with app.run_test(size=SIZE) as pilot:
        app.snapshot = SNAPSHOT
        at = screen_text(table)[0].index("what happened")
        orders: list[list[str]] = []
        for _ in range(3):
            await pilot.click(table, offset=(at + 2, 0))
            orders.append([table.row_at(n).text for n in range(3)])  # type: ignore[union-attr]
        assert orders == [["a", "b", "c"], ["c", "b", "a"], ["b", "c", "a"]]
        assert table.following


async def test_a_sort_under_way_is_told_until_the_rows_stand_in_its_order(tmp_path: Path) -> None:
    path = make_journal(tmp_path / "journal.sqlite", [Made(status=200, elapsed_ms=9.0 - n) for n in range(9)])
    table = JournalTable({State.SUCCEEDED})
    app = TableApp(table)
    async with app.run_test(size=SIZE) as pilot, JournalReader(path) as reader:
        table.connect(reader)
        app.snapshot = SNAPSHOT
        await pilot.pause()
        go_on = threading.Event()
        reader.sorter._thread.submit(go_on.wait)
        try:
            table.sort_by(Sorting("latency", descending=False))
            while table.foot().busy != "sorting":
                await pilot.pause(0.01)
            for _ in range(5):
                await pilot.pause(0.05)
                assert table.foot().busy == "sorting"
            assert "sorting" in screen_text(table)[-1]
        finally:
            go_on.set()
        while table.foot().busy:
            await pilot.pause(0.01)
        first = table.row_at(0)
        assert first is not None
        assert first.elapsed_ms == 1.0
