"""A list of requests in the order they ended or were accepted, filled from its newest end."""

from __future__ import annotations

import sqlite3

from msgspec import Struct

from .filter import RowFilter
from .records import TableRow
from .rows import ROW_COLUMNS, table_row


class Marks(Struct, frozen=True):
    """How far a journal had come when it was looked at."""

    ended: int
    """The last number given in the order in which requests end."""
    requeues: int
    """How often requests were queued again."""
    last_id: int
    """The last row number; -1 in an empty journal."""
    version: int
    """Another number after each change that another connection committed; compare those of one connection alone."""

    def differ(self, later: Marks, rows: RowFilter) -> bool:
        """Whether the requests that a filter selects may be others by now, or stand elsewhere."""
        if listed_as_ended(rows):
            return (self.ended, self.requeues) != (later.ended, later.requeues)
        return self.version != later.version


def listed_as_ended(rows: RowFilter) -> bool:
    """Whether a filter names terminal states alone: its requests have an order in which they ended."""
    return bool(rows.states) and all(state.terminal for state in rows.states)


def read_marks(db: sqlite3.Connection) -> Marks:
    """Look, without scanning anything."""
    found: dict[str, int] = dict(
        db.execute("SELECT name, n FROM counters WHERE name IN ('ended', 'requeues')")
    )
    last: int = db.execute("SELECT ifnull(max(id), -1) FROM requests").fetchone()[0]
    version: int = db.execute("PRAGMA data_version").fetchone()[0]
    return Marks(found.get("ended", 0), found.get("requeues", 0), last, version)


def selection(rows: RowFilter) -> tuple[str, list[object]]:
    """The filter's condition and its parameters, worded so that the journal's indexes serve it.

    A partial index serves only a query that repeats its condition word for word.
    """
    where, values = rows.where()
    if listed_as_ended(rows):
        return f"state >= 3 AND {where}", values
    if rows.states and not any(state.terminal for state in rows.states):
        return f"state < 3 AND {where}", values
    return where, values


class NaturalList:
    """Two temporary tables of positions that only ever grow at their end, which SQLite does fastest.

    `older` begins at the newest request there was at first and goes back in time; `newer` takes those that ended since.
    """

    def __init__(self, db: sqlite3.Connection, name: str, rows: RowFilter, marks: Marks) -> None:
        """An empty list; `name` is that of no other."""
        self._by_ended = listed_as_ended(rows)
        self._rows = rows
        self.marks = marks
        self._older, self._newer = f"temp.older_{name}", f"temp.newer_{name}"
        for table in (self._older, self._newer):
            db.execute(f"CREATE TABLE {table}(pos INTEGER PRIMARY KEY, request INTEGER NOT NULL)")
        self._high = self._low = marks.ended if self._by_ended else marks.last_id
        self._floor = 0 if self._by_ended else -1
        self._old = self._new = 0
        self.grown_back = 0
        """How often rows were put before those there were."""
        self.grown_on = 0
        """How often rows were put behind them."""

    @property
    def size(self) -> int:
        """How many requests it holds."""
        return self._old + self._new

    @property
    def whole(self) -> bool:
        """Whether it has been filled back to the oldest request."""
        return self._low <= self._floor

    def grow(self, db: sqlite3.Connection, marks: Marks, chunk: int) -> bool:
        """Look at the next `chunk` requests at either end; returns whether there is more to look at.

        A list in the order of acceptance takes in no newer ones: states change anywhere in it, and it is built anew.
        """
        if self._by_ended and self._high < marks.ended:
            top = min(marks.ended, self._high + chunk)
            added = self._insert(db, self._newer, "ASC", self._high, top)
            self._high, self._new = top, self._new + added
            self.grown_on += bool(added)
        if not self.whole:
            bottom = max(self._floor, self._low - chunk)
            added = self._insert(db, self._older, "DESC", bottom, self._low)
            self._low, self._old = bottom, self._old + added
            self.grown_back += bool(added)
        return not self.whole or (self._by_ended and self._high < marks.ended)

    def page(self, db: sqlite3.Connection, start: int, count: int) -> tuple[TableRow, ...]:
        """The requests at positions `start` to `start + count - 1`, oldest first."""
        rows: list[TableRow] = []
        end = min(self.size, start + count)
        if start < min(end, self._old):
            span = (self._old - min(end, self._old) + 1, self._old - start)
            rows += _rows_at(db, self._older, "DESC", span)
        if end > self._old:
            span = (max(start, self._old) - self._old + 1, end - self._old)
            rows += _rows_at(db, self._newer, "ASC", span)
        return tuple(rows)

    def position(self, db: sqlite3.Connection, request: int) -> int | None:
        """Where a request stands, or None: at once in a list in order, else by a search (30 ms in a million)."""
        key = self._key(db, "SELECT {} FROM requests WHERE id = ?", request)
        low, high = 0, self.size - 1
        # Requests that were queued again have lost their number, or have another one.
        while key is not None and low <= high:
            middle = (low + high) // 2
            found = self._key_at(db, middle)
            if found is None:
                break
            if found == key:
                return middle
            low, high = (middle + 1, high) if found < key else (low, middle - 1)
        return self._searched(db, request)

    def drop(self, db: sqlite3.Connection) -> None:
        """Give its tables back."""
        db.execute(f"DROP TABLE IF EXISTS {self._older}")
        db.execute(f"DROP TABLE IF EXISTS {self._newer}")

    def _insert(self, db: sqlite3.Connection, table: str, way: str, first: int, last: int) -> int:
        where, values = selection(self._rows)
        by = "ended" if self._by_ended else "id"
        return db.execute(
            f"INSERT INTO {table}(request) SELECT id FROM requests "  # noqa: S608
            f"WHERE {by} > ? AND {by} <= ? AND {where} ORDER BY {by} {way}",
            [first, last, *values],
        ).rowcount

    def _key_at(self, db: sqlite3.Connection, position: int) -> int | None:
        old = position < self._old
        table, at = (self._older, self._old - position) if old else (self._newer, position - self._old + 1)
        return self._key(db, f"SELECT {{}} FROM {table} JOIN requests ON id = request WHERE pos = ?", at)  # noqa: S608

    def _key(self, db: sqlite3.Connection, sql: str, value: int) -> int | None:
        found = db.execute(sql.format("ended" if self._by_ended else "id"), (value,)).fetchone()
        return found[0] if found else None

    def _searched(self, db: sqlite3.Connection, request: int) -> int | None:
        sql = "SELECT pos FROM {} WHERE request = ?"
        if found := db.execute(sql.format(self._older), (request,)).fetchone():
            return self._old - int(found[0])
        found = db.execute(sql.format(self._newer), (request,)).fetchone()
        return self._old + int(found[0]) - 1 if found else None


def _rows_at(db: sqlite3.Connection, table: str, way: str, span: tuple[int, int]) -> list[TableRow]:
    sql = (
        f"SELECT {ROW_COLUMNS} FROM {table} JOIN requests ON id = request "  # noqa: S608
        f"WHERE pos BETWEEN ? AND ? ORDER BY pos {way}"
    )
    return [table_row(record) for record in db.execute(sql, span)]
