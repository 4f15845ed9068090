"""A live, numbered selection of requests, kept beside the journal by a reader."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from .filter import RowFilter
from .order import Order
from .records import TableRow
from .rows import ROW_COLUMNS, table_row

T = TypeVar("T")
STEP = 20_000
"""Requests looked at in one piece of reading: some 10 ms by an index, 30 ms when texts are searched."""


class Reading(Protocol):
    """What a view needs of its reader."""

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run one piece of reading on the reader's thread."""
        ...


@dataclass(slots=True)
class _List:
    """One temporary table of positions, and how far it has been filled."""

    table: str
    requeues: int
    seen: int = -1
    """The last `ended` or `id` that was looked at."""
    whole: bool = False
    """Whether it has been filled to its end once."""


class View:
    """Position to request in constant time, however many there are, for one filter.

    Positions stand in a temporary table of the reader's connection, so that no page needs OFFSET. Where the
    filter names terminal states alone, requests are listed in the order they ended and a refresh only
    appends; otherwise they are listed by row number and a refresh builds the list anew, the old one serving
    until the new one is whole. Reading goes in steps, so that no other reader waits long, no read
    transaction keeps the journal's WAL from its checkpoint, and whoever waits may give up between two.
    """

    def __init__(self, reader: Reading, number: int, rows: RowFilter, order: Order | None = None) -> None:
        self._reader = reader
        self._number = number
        self._generation = 0
        self._rows = rows
        self._order = order
        terminal = bool(rows.states) and all(state.terminal for state in rows.states)
        self._appends = terminal and order is None
        self._list: _List | None = None
        self._next: _List | None = None
        self._closed = False
        self.size = 0
        """How many requests it held at the last refresh or step."""
        self.rebuilt = 0
        """How often positions were dealt anew; while it is unchanged, they are the same."""

    @property
    def rows(self) -> RowFilter:
        """The filter that selects its requests."""
        return self._rows

    @property
    def order(self) -> Order | None:
        """What they are sorted by; None for the order in which they ended, or were accepted."""
        return self._order

    async def refresh(self) -> int:
        """Take in all that has changed since; returns the new size."""
        while await self.step():
            pass
        return self.size

    async def step(self) -> bool:
        """Take in a bounded part of what has changed; returns whether there is more, False once closed."""
        return False if self._closed else await self._reader.read(self._step)

    async def page(self, start: int, count: int) -> tuple[TableRow, ...]:
        """The requests at positions `start` to `start + count - 1` (0-based), as they are now."""
        return await self._reader.read(lambda db: self._page(db, start, count))

    async def position(self, request: int) -> int | None:
        """Where a request stands in the view, or None. Searches the list: 30 ms in a million."""
        return await self._reader.read(lambda db: self._position(db, request))

    async def close(self) -> None:
        """Forget the list; a refresh under way ends at its next step."""
        self._closed = True
        await self._reader.read(self._drop)

    def _step(self, db: sqlite3.Connection) -> bool:
        if self._closed:
            return False
        ended, requeues, last_id = _marks(db)
        filling = self._target(db, requeues)
        end = ended if self._appends else last_id
        first, filling.seen = filling.seen, end if self._order else min(end, filling.seen + STEP)
        if filling.seen > first:
            self._fill(db, filling, first)
        if more := filling.seen < end:
            self.size = self._size(db) if filling is self._list else self.size
            return more
        filling.whole = True
        if self._next is not None:
            self._swap(db, self._next)
        self.size = self._size(db)
        return False

    def _target(self, db: sqlite3.Connection, requeues: int) -> _List:
        """The list to fill: the one there is, where it only grows; else a new one, beside the old."""
        if self._next is not None:
            if self._next.requeues == requeues or not self._appends:
                return self._next
            db.execute(f"DROP TABLE {self._next.table}")
            self._next = None
        if self._list is None:
            self._list = self._create(db, requeues)
            self.rebuilt += 1
            return self._list
        if self._list.requeues == requeues if self._appends else not self._list.whole:
            return self._list
        self._next = self._create(db, requeues)
        return self._next

    def _create(self, db: sqlite3.Connection, requeues: int) -> _List:
        self._generation += 1
        made = _List(f"temp.view_{self._number}_{self._generation}", requeues)
        db.execute(f"CREATE TABLE {made.table}(pos INTEGER PRIMARY KEY, request INTEGER NOT NULL)")
        return made

    def _fill(self, db: sqlite3.Connection, filling: _List, first: int) -> None:
        where, values = self._rows.where()
        order = "ended" if self._appends else "id"
        # The partial index serves only a query that repeats its condition word for word.
        where = f"state >= 3 AND {where}" if self._appends else where
        by = order
        if self._order is not None:
            way = "DESC" if self._order.descending else "ASC"
            by = f"{self._order.column.key} {way} NULLS LAST, id {way}"
        db.execute(
            f"INSERT INTO {filling.table}(request) SELECT id FROM requests "  # noqa: S608
            f"WHERE {order} > ? AND {order} <= ? AND {where} ORDER BY {by}",
            [first, filling.seen, *values],
        )

    def _swap(self, db: sqlite3.Connection, ready: _List) -> None:
        if self._list is not None:
            db.execute(f"DROP TABLE {self._list.table}")
        self._list, self._next = ready, None
        self.rebuilt += 1

    def _drop(self, db: sqlite3.Connection) -> None:
        for old in (self._list, self._next):
            if old is not None:
                db.execute(f"DROP TABLE {old.table}")
        self._list = self._next = None
        self.size = 0

    def _size(self, db: sqlite3.Connection) -> int:
        if self._list is None:
            return 0
        size: int = db.execute(f"SELECT ifnull(max(pos), 0) FROM {self._list.table}").fetchone()[0]  # noqa: S608
        return size

    def _page(self, db: sqlite3.Connection, start: int, count: int) -> tuple[TableRow, ...]:
        if self._list is None:
            return ()
        sql = (
            f"SELECT {ROW_COLUMNS} FROM {self._list.table} JOIN requests ON id = request "  # noqa: S608
            "WHERE pos BETWEEN ? AND ? ORDER BY pos"
        )
        return tuple(table_row(record) for record in db.execute(sql, (start + 1, start + count)))

    def _position(self, db: sqlite3.Connection, request: int) -> int | None:
        if self._list is None:
            return None
        sql = f"SELECT pos - 1 FROM {self._list.table} WHERE request = ?"  # noqa: S608
        found = db.execute(sql, (request,)).fetchone()
        return int(found[0]) if found else None


def _marks(db: sqlite3.Connection) -> tuple[int, int, int]:
    """The last order number given, how often requests were queued again, and the last row number."""
    found: dict[str, int] = dict(
        db.execute("SELECT name, n FROM counters WHERE name IN ('ended', 'requeues')")
    )
    last: int = db.execute("SELECT ifnull(max(id), -1) FROM requests").fetchone()[0]
    return found.get("ended", 0), found.get("requeues", 0), last
