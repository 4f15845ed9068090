"""Views that fill from their newest end, sorted ones that are made again and again, and what both cost."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from fetchdeck.core.errors import RunError
from fetchdeck.core.journal import natural_lists, sorting
from fetchdeck.core.journal.filter import RowFilter
from fetchdeck.core.journal.order import Order, SortColumn
from fetchdeck.core.journal.reader import JournalReader, connect
from fetchdeck.core.journal.view import View
from fetchdeck.core.model import State
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..support.clock import Clock
from ..support.journal_factory import Made, append, open_journal, requeue

SUCCEEDED = RowFilter(states=frozenset({State.SUCCEEDED}))
SLOWEST = Order(SortColumn.LATENCY, descending=True)
NEWEST = Order(SortColumn.ENDED, descending=True)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    db = open_journal(tmp_path / "journal.sqlite")
    yield db
    db.close()


@pytest.fixture
async def reader(writer: sqlite3.Connection, tmp_path: Path) -> AsyncIterator[JournalReader]:
    async with JournalReader(tmp_path / "journal.sqlite") as opened:
        yield opened


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(natural_lists, "FIRST_STEP", 3)
    monkeypatch.setattr(natural_lists, "LONGEST_STEP", 3)


def succeeded(*latencies: float) -> list[Made]:
    return [Made(status=200, elapsed_ms=latency) for latency in latencies]


async def ids(view: View) -> list[int]:
    return [row.id for row in await view.page(0, 1_000)]


async def wait_for_sort(view: View) -> None:
    assert view._sorted is not None
    assert await view._sorted.wait()


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize("rows", [SUCCEEDED, RowFilter()])
async def test_a_list_fills_from_its_newest_end(
    reader: JournalReader, writer: sqlite3.Connection, rows: RowFilter
) -> None:
    append(writer, succeeded(*range(10)))
    view, seen = reader.view(rows), [0]
    while await view.step():
        assert await ids(view) == list(range(10 - view.size, 10))
        assert view.rebuilt > seen[-1]
        seen.append(view.rebuilt)
    assert await ids(view) == list(range(10))
    assert [await view.position(request) for request in (0, 9, 10)] == [0, 9, None]


@pytest.mark.usefixtures("small_steps")
async def test_what_ends_while_a_list_is_filled_comes_behind_it(
    reader: JournalReader, writer: sqlite3.Connection
) -> None:
    append(writer, succeeded(*range(8)))
    view = reader.view(SUCCEEDED)
    assert await view.step()
    append(writer, succeeded(*range(4)))
    assert await view.step()
    assert await ids(view) == list(range(2, 11))
    assert await view.refresh() == 12
    assert [row.id for row in await view.page(6, 4)] == [6, 7, 8, 9]
    assert [await view.position(request) for request in range(12)] == list(range(12))


@pytest.mark.usefixtures("small_steps")
async def test_the_newest_first_is_the_same_list_read_backwards(
    reader: JournalReader, writer: sqlite3.Connection
) -> None:
    append(writer, succeeded(*range(8)))
    view = reader.view(SUCCEEDED, NEWEST)
    assert not view.sorting
    assert await view.step()
    assert await ids(view) == [7, 6, 5]
    await view.refresh()
    before = view.rebuilt
    assert [row.id for row in await view.page(5, 9)] == [2, 1, 0]
    append(writer, succeeded(1, 1))
    await view.refresh()
    assert await ids(view) == list(range(9, -1, -1))
    assert view.rebuilt > before
    assert await view.position(9) == 0


async def test_requests_that_ended_twice_are_found(reader: JournalReader, writer: sqlite3.Connection) -> None:
    append(writer, succeeded(*range(9)))
    view = reader.view(SUCCEEDED)
    await view.refresh()
    writer.execute("UPDATE requests SET ended = 99 WHERE id = 4")
    requeue(writer, [6])
    assert [await view.position(request) for request in range(9)] == list(range(9))


async def test_a_sorted_view_is_unsorted_until_the_sort_is_done(
    reader: JournalReader, writer: sqlite3.Connection
) -> None:
    append(writer, succeeded(5, 9, 7))
    view = reader.view(SUCCEEDED, SLOWEST)
    await view.step()
    assert (view.sorting, view.size) == (True, 3)
    assert await ids(view) == [0, 1, 2]
    before = view.rebuilt
    await wait_for_sort(view)
    await view.step()
    assert (view.sorting, view.size, await ids(view)) == (False, 3, [1, 2, 0])
    assert view.rebuilt > before
    assert [await view.position(request) for request in (1, 2, 0, 3)] == [0, 1, 2, None]


async def test_a_sorted_list_serves_until_the_next_is_whole_and_rests_in_between(
    reader: JournalReader, writer: sqlite3.Connection
) -> None:
    clock = Clock()
    append(writer, succeeded(5, 9, 7))
    view = View(reader, 99, SUCCEEDED, SLOWEST, clock)
    assert await view.refresh() == 3
    assert view.rest is None
    append(writer, succeeded(8))
    assert not await view.step()
    assert view.rest is not None
    assert 0 < view.rest < 60
    assert await ids(view) == [1, 2, 0]
    clock.now += view.rest
    await view.step()
    assert await ids(view) == [1, 2, 0]
    await wait_for_sort(view)
    await view.step()
    assert await ids(view) == [1, 3, 2, 0]
    assert view.rest is None


async def test_a_list_built_anew_waits_its_time(reader: JournalReader, writer: sqlite3.Connection) -> None:
    clock = Clock()
    append(writer, [Made(State.QUEUED) for _ in range(5)])
    view = View(reader, 99, RowFilter(), None, clock)
    assert await view.refresh() == 5
    for taken in (6, 7):
        append(writer, [Made(State.QUEUED)])
        assert await view.refresh() == taken
    append(writer, [Made(State.QUEUED)])
    assert not await view.step()
    assert view.size == 7
    assert view.rest
    clock.now += view.rest
    while await view.step():
        pass
    assert (view.size, view.rest) == (8, None)
    assert not await view.step()
    assert view.rest is None


async def test_a_sort_is_given_up_with_its_view(
    reader: JournalReader, writer: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go_on = threading.Event(), threading.Event()
    fill = sorting.Sort._fill

    def slow(self: sorting.Sort, db: sqlite3.Connection) -> int:
        began.set()
        go_on.wait()
        return fill(self, db)

    monkeypatch.setattr(sorting.Sort, "_fill", slow)
    append(writer, succeeded(*range(5)))
    view = reader.view(SUCCEEDED, SLOWEST)
    await view.step()
    began.wait()
    sort = view._sorted._sort if view._sorted is not None else None
    assert sort is not None
    await view.close()
    go_on.set()
    assert isinstance(sort.future.exception(), sorting.Unwanted)
    assert view.size == 0


@pytest.mark.parametrize(
    "error", [sqlite3.OperationalError("the disk is full"), RunError("no connection: the disk is full")]
)
async def test_a_sort_that_fails_is_told_and_tried_again(
    reader: JournalReader, writer: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def full(self: sorting.Sort, db: sqlite3.Connection) -> int:
        raise error

    append(writer, succeeded(5, 9))
    clock = Clock()
    view = View(reader, 99, SUCCEEDED, SLOWEST, clock)
    with monkeypatch.context() as patch:
        patch.setattr(sorting.Sort, "_fill", full)
        with pytest.raises(type(error), match="full"):
            await view.refresh()
    assert await ids(view) == [0, 1]
    assert not await view.step()
    assert view.rest
    clock.now += view.rest
    assert await view.refresh() == 2
    assert await ids(view) == [1, 0]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(
    latencies=st.lists(st.none() | st.integers(0, 3).map(float), max_size=12),
    column=st.sampled_from([SortColumn.LATENCY, SortColumn.ROW, SortColumn.ENDED]),
    descending=st.booleans(),
    start=st.integers(0, 12),
    count=st.integers(0, 12),
)
def test_any_page_is_a_part_of_the_sorted_whole(
    tmp_path: Path,
    latencies: list[float | None],
    column: SortColumn,
    descending: bool,
    start: int,
    count: int,
) -> None:
    path = tmp_path / "journal.sqlite"
    path.unlink(missing_ok=True)
    writer = open_journal(path)
    append(writer, [Made(elapsed_ms=latency) for latency in latencies])
    writer.close()

    async def read() -> list[int]:
        async with JournalReader(path) as reader:
            view = reader.view(SUCCEEDED, Order(column, descending))
            await view.refresh()
            return [row.id for row in await view.page(start, count)]

    wanted = sorted(range(len(latencies)), reverse=descending)
    if column is SortColumn.LATENCY:
        known = [i for i in wanted if latencies[i] is not None]
        known.sort(key=lambda i: latencies[i] or 0.0, reverse=descending)
        wanted = known + [i for i in wanted if latencies[i] is None]
    assert asyncio.run(read()) == wanted[start : start + count]


async def test_lists_stand_in_a_file_without_a_name(tmp_path: Path, writer: sqlite3.Connection) -> None:
    append(writer, succeeded(*range(50)))
    db = connect(tmp_path / "journal.sqlite")
    assert db.execute("PRAGMA temp_store").fetchone() == (1,)
    db.execute("CREATE TEMP TABLE much AS SELECT zeroblob(9000000)")
    opened = [str(fd.readlink()) for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink()]
    assert any("etilqs" in name and "(deleted)" in name for name in opened)
    db.close()


def test_lists_stand_in_memory_where_no_file_can_be_made(tmp_path: Path, writer: sqlite3.Connection) -> None:
    append(writer, succeeded(1, 3, 2))
    script = f"""
import asyncio, resource
from pathlib import Path
from fetchdeck.core.journal.filter import RowFilter
from fetchdeck.core.journal.order import Order, SortColumn
from fetchdeck.core.journal.reader import JournalReader
async def main():
    async with JournalReader(Path({str(tmp_path / "journal.sqlite")!r})) as reader:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        view = reader.view(RowFilter(), Order(SortColumn.LATENCY))
        await view.refresh()
        print([row.id for row in await view.page(0, 9)])
        print(view._sorted._serving[1].db.execute("PRAGMA temp_store").fetchone())
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.split("\n")[:2] == ["[0, 2, 1]", "(2,)"], done.stderr
