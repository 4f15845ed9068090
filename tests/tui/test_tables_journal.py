"""The tables of finished requests over a real journal that grows."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fetchdeck.core.journal.filter import RowFilter
from fetchdeck.core.journal.reader import JournalReader
from fetchdeck.core.journal.view import View
from fetchdeck.core.model import FailureKind, State
from fetchdeck.tui.widgets.cause_table import CauseTable
from fetchdeck.tui.widgets.journal_table import JournalTable
from msgspec.structs import replace
from textual.events import MouseScrollUp
from textual.pilot import Pilot

from ..support.journal_factory import Made, append, make_journal, open_journal, requeue
from ..support.scripted_tables import HOSTILE, SNAPSHOT, TableApp, screen_text

HEIGHT = 13


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    db = open_journal(tmp_path / "journal.sqlite")
    yield db
    db.close()


class Bench:
    """One table on screen, and the journal it reads."""

    def __init__(self, table: JournalTable, app: TableApp, pilot: Pilot[None]) -> None:
        self.table = table
        self.app = app
        self.pilot = pilot
        self.revision = 0

    async def revise(self) -> None:
        """The engine tells that rows changed; return when the table shows them."""
        self.revision += 1
        self.app.snapshot = replace(SNAPSHOT, revision=self.revision)
        await self.table.settled()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.table.settled()

    def ids(self) -> list[int]:
        """The request numbers that the screen shows, top first."""
        first, height = self.table.window()
        rows = [self.table.row_at(at) for at in range(first, min(first + height, self.table.row_count))]
        return [row.id for row in rows if row is not None]


@asynccontextmanager
async def bench(path: Path, *states: State, size: tuple[int, int] = (100, HEIGHT)) -> AsyncIterator[Bench]:
    table = JournalTable(states, id="table")
    app = TableApp(table)
    async with app.run_test(size=size) as pilot, JournalReader(path) as reader:
        table.connect(reader)
        made = Bench(table, app, pilot)
        await pilot.pause()
        await made.revise()
        yield made
        await table.remove()


def successes(count: int) -> list[Made]:
    return [Made(status=200, size=1_000) for _ in range(count)]


async def test_it_follows_the_newest_rows(journal: sqlite3.Connection, tmp_path: Path) -> None:
    append(journal, successes(30))
    async with bench(tmp_path / "journal.sqlite", State.SUCCEEDED) as it:
        assert it.ids() == list(range(19, 30))
        append(journal, successes(200))
        await it.revise()
        assert it.ids() == list(range(219, 230))
        assert it.table.selected is not None
        assert it.table.selected.id == 229


async def test_the_cursor_stays_on_its_row_while_new_ones_arrive(
    journal: sqlite3.Connection, tmp_path: Path
) -> None:
    append(journal, successes(30))
    async with bench(tmp_path / "journal.sqlite", State.SUCCEEDED) as it:
        await it.press("up", "k")
        shown = it.ids()
        append(journal, successes(5))
        await it.revise()
        assert (it.ids(), it.table.row_count) == (shown, 35)
        assert it.table.selected is not None
        assert it.table.selected.id == 27
        await it.press("G")
        append(journal, successes(5))
        await it.revise()
        assert it.ids()[-1] == 39


async def test_the_cursor_stays_on_its_row_when_earlier_ones_are_retried(
    journal: sqlite3.Connection, tmp_path: Path
) -> None:
    append(journal, successes(60))
    async with bench(tmp_path / "journal.sqlite", State.SUCCEEDED) as it:
        await it.press("pageup", "pageup")
        before = it.table.selected
        line = it.table.cursor - it.table.window()[0]
        requeue(journal, range(10))
        await it.revise()
        assert it.table.row_count == 50
        assert before is not None
        assert it.table.selected == before
        assert it.table.cursor - it.table.window()[0] == line


async def test_keys_and_wheel_move_through_all_pages(journal: sqlite3.Connection, tmp_path: Path) -> None:
    append(journal, successes(100))
    async with bench(tmp_path / "journal.sqlite", State.SUCCEEDED) as it:
        await it.press("g")
        assert it.ids() == list(range(11))
        await it.press("pagedown")
        assert it.table.cursor == 10
        await it.press("j", "j")
        assert it.ids() == list(range(2, 13))
        await it.press("end")
        it.table.post_message(MouseScrollUp(it.table, 5, 5, 0, -1, 0, False, False, False))
        await it.pilot.pause()
        await it.table.settled()
        assert it.ids()[-1] < 99
        assert not it.table.following


async def test_clicks_select_mark_and_open(journal: sqlite3.Connection, tmp_path: Path) -> None:
    append(journal, successes(5))
    async with bench(tmp_path / "journal.sqlite", State.SUCCEEDED) as it:
        await it.pilot.click(it.table, offset=(20, 2))
        assert it.table.chosen_ids() == (1,)
        await it.pilot.click(it.table, offset=(1, 4))
        assert it.table.marked == {3}
        await it.pilot.click(it.table, offset=(20, 3), times=2)
        opened = it.app.heard[-1]
        assert isinstance(opened, JournalTable.Opened)
        assert opened.row.id == 2
        assert opened.table is it.table


async def test_marks_hold_whatever_is_selected(journal: sqlite3.Connection, tmp_path: Path) -> None:
    append(journal, successes(5))
    async with bench(tmp_path / "journal.sqlite", State.SUCCEEDED) as it:
        await it.press("g", "space", "space", "down")
        assert it.table.chosen_ids() == (0, 1)
        assert [line[:2] for line in screen_text(it.table)[1:6]] == [" ●", " ●", "  ", "▸ ", "  "]
        it.table.clear_marks()
        assert it.table.chosen_ids() == (3,)


async def test_a_filter_narrows_the_table_and_goes(journal: sqlite3.Connection, tmp_path: Path) -> None:
    append(
        journal, [Made(State.FAILED, status=500 + n % 2 * 3, kind=FailureKind.HTTP_STATUS) for n in range(40)]
    )
    async with bench(tmp_path / "journal.sqlite", State.FAILED, State.SKIPPED) as it:
        await it.press("space")
        it.table.set_filter(RowFilter.parse("status:503"))
        await it.table.settled()
        assert it.table.row_count == 20
        assert set(it.ids()) <= set(range(1, 40, 2))
        assert it.table.marked == frozenset()
        assert it.table.rows_filter.states == {State.FAILED, State.SKIPPED}
        it.table.set_filter(RowFilter.parse("nowhere"))
        await it.table.settled()
        assert it.table.row_count == 0
        assert "No request matches" in screen_text(it.table)[2]
        it.table.set_filter(RowFilter())
        await it.table.settled()
        assert it.table.row_count == 40


async def test_only_the_last_of_many_filters_is_shown(journal: sqlite3.Connection, tmp_path: Path) -> None:
    append(journal, [Made(status=200, url=f"http://h/{'ab' * n}") for n in range(30)])
    async with bench(tmp_path / "journal.sqlite", State.SUCCEEDED) as it:
        for length in range(1, 20):
            it.table.set_filter(RowFilter.parse("ab" * length))
            await it.pilot.pause(0)
        await it.table.settled()
        assert it.table.row_count == 30 - 19


async def test_a_search_that_finds_nothing_is_not_painted_at_each_step(
    journal: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(journal, successes(5))
    async with bench(tmp_path / "journal.sqlite", State.SUCCEEDED) as it:
        more, painted = iter([True] * 20), list[int]()
        step, changed = View.step, it.table.rows_changed

        async def short_step(view: View) -> bool:
            return next(more, False) or await step(view)

        def counted() -> None:
            painted.append(it.table.row_count)
            changed()

        monkeypatch.setattr(View, "step", short_step)
        monkeypatch.setattr(it.table, "rows_changed", counted)
        it.table.set_filter(RowFilter.parse("nowhere"))
        await it.table.settled()
        assert it.table.row_count == 0
        assert len(painted) <= 3


async def test_a_hidden_table_reads_nothing_and_catches_up(
    journal: sqlite3.Connection, tmp_path: Path
) -> None:
    append(journal, successes(3))
    async with bench(tmp_path / "journal.sqlite", State.SUCCEEDED) as it:
        it.table.display = False
        await it.pilot.pause()
        append(journal, successes(4))
        await it.revise()
        assert it.table.row_count == 3
        it.table.display = True
        await it.pilot.pause()
        await it.table.settled()
        assert it.table.row_count == 7


async def test_neighbours_go_to_the_ends(journal: sqlite3.Connection, tmp_path: Path) -> None:
    append(journal, successes(3))
    async with bench(tmp_path / "journal.sqlite", State.SUCCEEDED) as it:
        assert [await it.table.neighbour(n, -1) for n in range(3)] == [None, 0, 1]
        assert [await it.table.neighbour(n, 1) for n in range(3)] == [1, 2, None]
        assert it.table.cursor == 2


@pytest.mark.parametrize("width", [40, 80, 200])
async def test_hostile_texts_are_drawn_harmless_and_in_their_width(tmp_path: Path, width: int) -> None:
    rows = [Made(State.FAILED, url="http://h/", message="x", kind=FailureKind.RESET)]
    for text in HOSTILE:
        stored = text.encode("utf-8", "replace").decode()
        rows.append(Made(State.FAILED, url=stored, host="h", message=stored * 9, kind=FailureKind.RESET))
    path = make_journal(tmp_path / "journal.sqlite", rows)
    async with bench(path, State.FAILED, size=(width, HEIGHT)) as it:
        text = "\n".join(screen_text(it.table))
        assert "✗ failed" in text
        if width == 200:
            assert "[@click=app.quit]quit[/]" in text
            assert "␛]52;c;aGk=␇" in text
        assert it.app.is_running


async def test_an_empty_table_says_what_it_is_for(journal: sqlite3.Connection, tmp_path: Path) -> None:
    append(journal, [Made(State.QUEUED)])
    async with bench(tmp_path / "journal.sqlite", State.FAILED) as it:
        assert "failed" in screen_text(it.table)[2]
        assert it.table.selected is None
        assert it.table.chosen_ids() == ()
        await it.press("down", "space", "enter", "end", "home", "pageup")
        assert it.app.heard == []


async def test_a_journal_that_breaks_is_said_and_not_fatal(
    journal: sqlite3.Connection, tmp_path: Path
) -> None:
    append(journal, successes(3))
    async with bench(tmp_path / "journal.sqlite", State.SUCCEEDED) as it:
        journal.execute("ALTER TABLE requests RENAME TO gone")
        journal.commit()
        it.app.snapshot = replace(SNAPSHOT, revision=99)
        while not it.table.notice:
            await it.pilot.pause(0.01)
        assert "cannot be read" in screen_text(it.table)[0]
        journal.execute("ALTER TABLE gone RENAME TO requests")
        journal.commit()
        await it.revise()
        assert it.table.notice == ""


async def test_causes_are_listed_largest_first(journal: sqlite3.Connection, tmp_path: Path) -> None:
    append(
        journal, [Made(State.FAILED, kind=FailureKind.DNS, message=m) for m in ["a", "b", "b", HOSTILE[2]]]
    )
    table = CauseTable()
    app = TableApp(table)
    async with app.run_test(size=(90, HEIGHT)) as pilot, JournalReader(tmp_path / "journal.sqlite") as reader:
        table.connect(reader)
        app.snapshot = SNAPSHOT
        await app.workers.wait_for_complete()
        assert [table.row_at(at).count for at in range(table.row_count)] == [2, 1, 1]
        assert "50%" in screen_text(table)[1]
        append(journal, [Made(State.FAILED, kind=FailureKind.DNS, message="a") for _ in range(3)])
        await pilot.press("enter")
        app.snapshot = replace(SNAPSHOT, revision=1)
        await app.workers.wait_for_complete()
        opened = app.heard[0]
        assert isinstance(opened, CauseTable.Opened)
        assert opened.row.signature == "dns: b"
        assert (table.cursor, table.selected and table.selected.signature) == (1, "dns: b")
        await table.remove()
