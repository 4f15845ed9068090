"""Marks, columns and the foot of the tables: first the decisions, then what people do with them."""

from __future__ import annotations

from pathlib import Path

import pytest
from fetchdeck.core.journal.filter import RowFilter
from fetchdeck.core.model import Counts, State
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.screens.columns import Choice, ColumnsScreen
from fetchdeck.tui.screens.main import MainScreen
from fetchdeck.tui.settings.preferences import Preferences
from fetchdeck.tui.spans import text_of, width_of
from fetchdeck.tui.widgets import table_marks
from fetchdeck.tui.widgets.in_flight_table import InFlightTable
from fetchdeck.tui.widgets.journal_table import JournalTable
from fetchdeck.tui.widgets.table_foot import Foot, foot_line
from fetchdeck.tui.widgets.table_marks import Marks
from fetchdeck.tui.widgets.table_sort import Sorting
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot

from ..support.journal_factory import Made, append, open_journal
from ..support.scripted_engine import rows, running, scripted, seen
from ..support.scripted_tables import ScriptedTables, TableApp, screen_text
from .test_tables_journal import bench, successes
from .test_tables_live import flight

FEET = st.builds(
    Foot,
    position=st.integers(0, 10**7),
    rows=st.integers(0, 10**7),
    marked=st.integers(0, 10**7),
    everything=st.booleans(),
    sorting=st.none() | st.just(Sorting("latency", descending=True)),
    busy=st.sampled_from(["", "sorting"]),
    following=st.none() | st.booleans(),
    new=st.integers(0, 10**6),
)


@given(FEET, st.integers(0, 120))
def test_a_foot_fits_whatever_it_tells(foot: Foot, width: int) -> None:
    assert width_of(foot_line(foot, width)) <= width


def test_a_foot_tells_all_where_there_is_room_and_how_to_follow_to_the_last() -> None:
    foot = Foot(11, 1_200, 3, sorting=Sorting("size", descending=False), busy="sorting")
    assert text_of(foot_line(foot, 80)).rstrip() == " 12 of 1,200 · ● 3 marked · ▲ by size · sorting…"
    away = Foot(11, 1_200, 1_200, everything=True, following=False, new=37)
    told = text_of(foot_line(away, 60))
    assert told.split("  ")[0] == " 12 of 1,200 · ● all 1,200 marked"
    assert told.endswith("  37 new ↓ G follows ")
    assert text_of(foot_line(away, 22)).strip() == "37 new ↓ G follows"
    assert text_of(foot_line(Foot(0, 1, following=True), 40)).endswith("following ↓ ")


def test_marks_are_bounded_and_a_table_marked_as_a_whole_stays_so() -> None:
    marks = Marks().with_all(range(table_marks.MOST + 5))
    assert len(marks.keys) == table_marks.MOST
    everything = Marks(everything=True)
    assert everything.toggled(3) == everything.with_all((4,)) == everything
    assert everything.holds(99)
    assert everything.count(12) == 12
    assert not Marks().toggled(3).toggled(3)


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["toggle", "up", "down"])), max_size=30))
def test_a_choice_of_columns_keeps_all_of_them_and_shows_one_at_least(steps: list[tuple[int, str]]) -> None:
    choice = Choice.of(("a", "b", "c", "d", "e"), ("c", "a"))
    assert choice.titles == ("c", "a", "b", "d", "e")
    for at, what in steps:
        choice = choice.toggled(at) if what == "toggle" else choice.moved(at, -1 if what == "up" else 1)
    assert sorted(choice.titles) == ["a", "b", "c", "d", "e"]
    assert choice.chosen
    assert set(choice.chosen) == choice.shown


async def test_shift_and_arrows_mark_there_and_take_marks_away_on_the_way_back(tmp_path: Path) -> None:
    db = open_journal(tmp_path / "journal.sqlite")
    append(db, successes(20))
    db.close()
    async with bench(tmp_path / "journal.sqlite", State.SUCCEEDED) as it:
        await it.press("g", "down", "shift+down", "shift+down", "shift+down")
        assert it.table.marked == {1, 2, 3, 4}
        await it.press("shift+up", "shift+up")
        assert it.table.marked == {1, 2}
        await it.press("shift+up", "shift+up")
        assert it.table.marked == {0, 1}
        assert it.table.cursor == 0


async def test_a_range_reaches_rows_that_are_not_loaded(tmp_path: Path) -> None:
    db = open_journal(tmp_path / "journal.sqlite")
    append(db, successes(300))
    db.close()
    async with bench(tmp_path / "journal.sqlite", State.SUCCEEDED) as it:
        await it.press("g", "space", "G")
        it.table.action_mark_range()
        while len(it.table.marked) < 300:
            await it.pilot.pause(0.01)
        assert it.table.marked == set(range(300))
        it.table.clear_marks()
        await it.press("g")
        await it.pilot.click(it.table, offset=(20, 5), shift=True)
        while len(it.table.marked) < 5:
            await it.pilot.pause(0.01)
        assert it.table.marked == {0, 1, 2, 3, 4}
        await it.pilot.click(it.table, offset=(20, 3), control=True)
        assert it.table.marked == {0, 1, 3, 4}


async def test_new_rows_are_counted_while_the_user_looks_elsewhere(tmp_path: Path) -> None:
    db = open_journal(tmp_path / "journal.sqlite")
    append(db, successes(30))
    async with bench(tmp_path / "journal.sqlite", State.SUCCEEDED) as it:
        assert "following ↓" in screen_text(it.table)[-1]
        await it.press("g")
        assert "G follows ↓" in screen_text(it.table)[-1]
        append(db, successes(7))
        await it.revise()
        foot = screen_text(it.table)[-1]
        assert "7 new ↓ G follows" in foot
        await it.pilot.click(it.table, offset=(foot.index("7 new") + 2, it.table.size.height - 1))
        assert it.table.following
        assert it.table.cursor == 36
        await it.press("up", "down")
        assert not it.table.following
        await it.press("down")
        assert it.table.following
        db.close()


async def test_vim_keys_move_by_lines_halves_and_screens() -> None:
    engine = ScriptedTables()
    engine.rows = [flight(n) for n in range(100)]
    app = TableApp(table := InFlightTable(engine))
    async with app.run_test(size=(80, 22)) as pilot:
        app.snapshot = engine.snapshot()
        height = table.window()[1]
        for key, position in (
            ("ctrl+d", height // 2),
            ("H", 0),
            ("L", height - 1),
            ("M", (height - 1) // 2),
            ("G", 99),
            ("ctrl+u", 99 - height // 2),
            ("g", 0),
            ("ctrl+f", height - 1),
            ("ctrl+b", 0),
        ):
            await pilot.press(key)
            assert table.cursor == position, key


@pytest.mark.parametrize("size", [(20, 5), (80, 24), (120, 40), (200, 60)])
async def test_every_table_shows_all_its_columns_at_any_size(size: tuple[int, int]) -> None:
    engine = ScriptedTables()
    engine.rows = [flight(n, url="https://例え.jp/👩\u200d👩\u200d👧/🇨🇭/e\u0301") for n in range(9)]
    app = TableApp(table := InFlightTable(engine))
    async with app.run_test(size=size) as pilot:
        app.snapshot = engine.snapshot()
        table.show_columns([column.title for column in table.available])
        screen_text(table)
        table.action_sort()
        for _ in range(len(table.available) + 1):
            await pilot.press("right")
            line = screen_text(table)[0]
            assert table.chooser is not None
            chosen = table.chooser.titles(table.NATURAL)[table.chooser.at]
            assert chosen in line or size[0] == 20


async def shown(pilot: Pilot[None], key: str) -> JournalTable:
    await pilot.press(key)
    screen = pilot.app.screen
    assert isinstance(screen, MainScreen)
    assert isinstance(screen.table, JournalTable)
    await screen.table.settled()
    return screen.table


async def test_all_marked_rows_are_retried_by_their_filter(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows(failed=12), now=running(counts=Counts(failed=12)))
    async with FetchdeckApp(engine).run_test(size=(100, 30)) as pilot:
        table = await shown(pilot, "3")
        await pilot.press("asterisk")
        assert "● all 12 marked" in seen(pilot.app)
        await pilot.press("space")
        assert table.marks.everything
        await pilot.press("r")
        while not engine.commands:
            await pilot.pause(0.01)
        assert engine.commands == [("retry_matching", table.rows_filter)]
        assert not table.marks


async def test_all_queued_rows_are_skipped_after_a_question(tmp_path: Path) -> None:
    engine = scripted(tmp_path, [Made(State.QUEUED, ended=False)] * 5 + [Made(State.WAITING)] * 2)
    async with FetchdeckApp(engine).run_test(size=(100, 30)) as pilot:
        table = await shown(pilot, "3")
        table.set_filter(RowFilter.parse("state:queued state:waiting"))
        await table.settled()
        await pilot.press("asterisk", "x")
        assert "Skip 7 requests?" in seen(pilot.app)
        await pilot.press("enter")
        while not engine.commands:
            await pilot.pause(0.01)
        assert engine.commands == [("cancel", tuple(range(7)))]


async def test_marked_requests_are_copied_together(tmp_path: Path) -> None:
    async with FetchdeckApp(scripted(tmp_path, rows())).run_test(size=(100, 30)) as pilot:
        await shown(pilot, "2")
        await pilot.press("g", "space", "space", "y")
        while not pilot.app.clipboard:
            await pilot.pause(0.01)
        assert pilot.app.clipboard.count("curl ") == 2


async def test_columns_are_chosen_moved_and_remembered(tmp_path: Path) -> None:
    preferences = Preferences()
    engine = scripted(tmp_path, rows())
    async with FetchdeckApp(engine, preferences=preferences).run_test(size=(120, 30)) as pilot:
        table = await shown(pilot, "2")
        await pilot.press("v")
        assert isinstance(pilot.app.screen, ColumnsScreen)
        # The first is hidden, the second goes up to its place.
        await pilot.press("space", "down", "shift+up", "enter")
        await pilot.pause()
        assert table.shown_columns[:2] == ("status", "URL")
        assert "row" not in screen_text(table)[0]
        assert preferences.columns("succeeded") == table.shown_columns
        await pilot.press("v", "u", "enter")
        await pilot.pause()
        assert (table.shown_columns, preferences.columns("succeeded")) == (table.usual, ())
