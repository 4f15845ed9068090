"""Views of a journal that grows while they look at it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from fetchdeck.core.errors import RunError
from fetchdeck.core.journal import natural_lists
from fetchdeck.core.journal.filter import RowFilter
from fetchdeck.core.journal.order import Order, SortColumn
from fetchdeck.core.journal.reader import JournalReader
from fetchdeck.core.model import FailureKind, State

from ..support.journal_factory import Made, append, open_journal, requeue

FAILED = RowFilter(states=frozenset({State.FAILED}))


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    db = open_journal(tmp_path / "journal.sqlite")
    yield db
    db.close()


@pytest.fixture
async def reader(writer: sqlite3.Connection, tmp_path: Path) -> AsyncIterator[JournalReader]:
    async with JournalReader(tmp_path / "journal.sqlite") as opened:
        yield opened


def failed(count: int) -> list[Made]:
    return [Made(State.FAILED, kind=FailureKind.RESET, message="reset") for _ in range(count)]


def in_steps_of(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(natural_lists, "FIRST_STEP", rows)
    monkeypatch.setattr(natural_lists, "LONGEST_STEP", rows)
    monkeypatch.setattr(natural_lists, "STEP_S", 60.0)


async def ids(reader: JournalReader, rows: RowFilter, order: Order | None = None) -> list[int]:
    view = reader.view(rows, order)
    await view.refresh()
    return [row.id for row in await view.page(0, 1_000)]


async def test_terminal_rows_are_listed_in_the_order_they_ended(
    reader: JournalReader, writer: sqlite3.Connection
) -> None:
    append(writer, [*failed(3), Made(State.QUEUED), Made(State.SUCCEEDED)])
    writer.execute("UPDATE requests SET ended = 9 WHERE id = 0")
    writer.execute("UPDATE counters SET n = 9 WHERE name = 'ended'")
    writer.commit()
    assert await ids(reader, FAILED) == [1, 2, 0]


async def test_a_refresh_appends_and_keeps_positions(
    reader: JournalReader, writer: sqlite3.Connection
) -> None:
    append(writer, failed(2))
    view = reader.view(FAILED)
    assert await view.refresh() == 2
    before = view.rebuilt
    append(writer, [Made(), *failed(2)])
    assert await view.refresh() == 4
    assert [row.id for row in await view.page(1, 2)] == [1, 3]
    assert (view.rebuilt, await view.position(4), await view.position(2)) == (before, 3, None)


async def test_rows_that_are_retried_leave_the_list(
    reader: JournalReader, writer: sqlite3.Connection
) -> None:
    append(writer, failed(4))
    view = reader.view(FAILED)
    await view.refresh()
    before = view.rebuilt
    requeue(writer, [1])
    assert await view.refresh() == 3
    assert [row.id for row in await view.page(0, 9)] == [0, 2, 3]
    assert view.rebuilt > before


async def test_a_list_of_pending_rows_follows_their_states(
    reader: JournalReader, writer: sqlite3.Connection
) -> None:
    append(writer, [Made(State.QUEUED) for _ in range(5)])
    view = reader.view(RowFilter(states=frozenset({State.QUEUED})))
    assert await view.refresh() == 5
    writer.execute("UPDATE requests SET state = 1 WHERE id < 2")
    writer.commit()
    assert await view.refresh() == 3
    assert [row.id for row in await view.page(0, 9)] == [2, 3, 4]


async def test_a_list_grows_step_by_step_and_equals_one_made_at_once(
    reader: JournalReader, writer: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_steps_of(3, monkeypatch)
    append(writer, [row for _ in range(5) for row in (*failed(1), Made())])
    for states in ({State.FAILED}, {State.FAILED, State.SUCCEEDED}, set[State]()):
        view = reader.view(RowFilter(states=frozenset(states)))
        sizes: list[int] = []
        while await view.step():
            sizes.append(view.size)
        assert sizes == sorted(sizes)
        assert len(sizes) == 3
        assert view.size == (5 if states == {State.FAILED} else 10)
        assert await view.refresh() == view.size


async def test_closing_ends_a_list_that_is_being_filled(
    reader: JournalReader, writer: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_steps_of(1, monkeypatch)
    append(writer, failed(50))
    view = reader.view(FAILED)
    filling = asyncio.create_task(view.refresh())
    await asyncio.sleep(0)
    await view.close()
    assert await filling < 50
    assert not await view.step()
    assert await reader.read(lambda db: db.execute("SELECT count(*) FROM temp.sqlite_master").fetchone()) == (
        0,
    )


async def test_no_view_holds_back_a_checkpoint(
    reader: JournalReader, writer: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_steps_of(4, monkeypatch)
    append(writer, failed(20))
    view = reader.view(FAILED)
    assert await view.step()
    append(writer, failed(20))
    busy, frames, moved = writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert (busy, frames, moved) == (0, 0, 0)
    assert await view.refresh() == 40


async def test_a_journal_that_is_missing_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="There is no run in"):
        await JournalReader(tmp_path / "none" / "journal.sqlite").open()


async def test_a_view_can_be_sorted_by_any_column_either_way(
    reader: JournalReader, writer: sqlite3.Connection
) -> None:
    append(
        writer,
        [
            Made(status=404, url="https://b/", attempts=3, elapsed_ms=5.0, size=7),
            Made(State.FAILED, url="http://c/", kind=FailureKind.RESET, message="x", elapsed_ms=None),
            Made(status=200, url="http://a/", attempts=2, elapsed_ms=9.0, size=1),
        ],
    )
    expected = {
        SortColumn.ROW: [0, 1, 2],
        SortColumn.STATE: [0, 2, 1],
        SortColumn.STATUS: [2, 0, 1],
        SortColumn.WHY: [1, 0, 2],
        SortColumn.URL: [2, 0, 1],
        SortColumn.TRIES: [1, 2, 0],
        SortColumn.LATENCY: [0, 2, 1],
        SortColumn.SIZE: [2, 0, 1],
        SortColumn.ENDED: [0, 1, 2],
    }
    valued = {SortColumn.STATUS: 2, SortColumn.WHY: 1, SortColumn.LATENCY: 2, SortColumn.SIZE: 2}
    for rows in (RowFilter(), RowFilter(states=frozenset(s for s in State if s.terminal))):
        for column, ascending in expected.items():
            cut = valued.get(column, 3)
            descending = ascending[:cut][::-1] + ascending[cut:][::-1]
            assert await ids(reader, rows, Order(column)) == ascending, column
            assert await ids(reader, rows, Order(column).reversed) == descending, column
