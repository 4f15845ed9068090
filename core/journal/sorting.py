"""Lists of requests sorted by a column: made in one go, on a thread and a connection of their own."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from time import perf_counter

from msgspec import Struct

from .filter import RowFilter
from .natural_list import selection
from .order import Order
from .records import TableRow
from .rows import ROW_COLUMNS, table_row

_INSTRUCTIONS = 20_000
"""Of SQLite's machine, between two looks at whether the sort is still wanted: less than a millisecond."""


class Unwanted(Exception):  # noqa: N818
    """A sort was given up before it was done."""


class SortedList(Struct, frozen=True):
    """Requests at their positions, in a temporary table of a connection that serves nothing else."""

    db: sqlite3.Connection
    size: int
    took_s: float

    def page(self, start: int, count: int) -> tuple[TableRow, ...]:
        """The requests at positions `start` to `start + count - 1`, as they are now."""
        sql = (
            f"SELECT {ROW_COLUMNS} FROM temp.sorted JOIN requests ON id = request "  # noqa: S608
            "WHERE pos BETWEEN ? AND ? ORDER BY pos"
        )
        return tuple(table_row(record) for record in self.db.execute(sql, (start + 1, start + count)))

    def position(self, request: int) -> int | None:
        """Where a request stands, or None. Searches the list: 30 ms in a million."""
        found = self.db.execute("SELECT pos - 1 FROM temp.sorted WHERE request = ?", (request,)).fetchone()
        return int(found[0]) if found else None


class Sort:
    """A sort under way; `future` has the list, Unwanted once it was cancelled, or SQLite's error."""

    future: Future[SortedList]

    def __init__(self, connect: Callable[[], sqlite3.Connection], rows: RowFilter, order: Order) -> None:
        """Nothing is done before `run`; `connect` opens a connection that keeps its lists where it should."""
        self._connect = connect
        self._rows = rows
        self._order = order
        self._unwanted = threading.Event()
        self._made: SortedList | None = None
        self._lock = threading.Lock()

    def cancel(self) -> None:
        """Give it up, also while it runs; what it has made is closed."""
        with self._lock:
            self._unwanted.set()
            if self._made is not None:
                self._made.db.close()
                self._made = None

    def run(self) -> SortedList:
        """Sort, on the sorter's thread."""
        if self._unwanted.is_set():
            raise Unwanted
        began = perf_counter()
        db = self._connect()
        try:
            db.set_progress_handler(self._unwanted.is_set, _INSTRUCTIONS)
            size = self._fill(db)
            db.set_progress_handler(None, 0)
            with self._lock:
                if self._unwanted.is_set():
                    raise Unwanted
                self._made = SortedList(db, size, perf_counter() - began)
                return self._made
        except BaseException as error:
            db.close()
            if self._unwanted.is_set():
                raise Unwanted from error
            raise

    def _fill(self, db: sqlite3.Connection) -> int:
        """One statement, in which SQLite sorts with a few megabytes however many rows there are."""
        where, values = selection(self._rows)
        key, way = self._order.column.key, "DESC" if self._order.descending else "ASC"
        db.execute("CREATE TABLE temp.sorted(pos INTEGER PRIMARY KEY, request INTEGER NOT NULL)")
        return db.execute(
            f"INSERT INTO temp.sorted(request) SELECT id FROM requests WHERE {where} "  # noqa: S608
            f"ORDER BY {key} {way} NULLS LAST, id {way}",
            values,
        ).rowcount


class Sorter:
    """Runs one sort after another on a thread of its own, and knows which lists are still open."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        """No thread is started before the first sort."""
        self._connect = connect
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal-sorter")
        self._open: set[Sort] = set()

    def begin(self, rows: RowFilter, order: Order) -> Sort:
        """Start a sort, behind those that were started before."""
        sort = Sort(self._connect, rows, order)
        self._open.add(sort)
        sort.future = self._thread.submit(sort.run)
        return sort

    def discard(self, sort: Sort) -> None:
        """Give a sort up, or close its list."""
        sort.cancel()
        self._open.discard(sort)

    def close(self) -> None:
        """Give up all sorts and close all lists; waits for a sort under way to notice, some milliseconds."""
        for sort in tuple(self._open):
            self.discard(sort)
        self._thread.shutdown(wait=True)
