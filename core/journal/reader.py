"""Read-only access to a journal, also while another process writes it: pages, details, causes."""

from __future__ import annotations

import asyncio
import itertools
import json
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from ..errors import RunError
from ..model import Counts, FailureKind, State
from . import schema
from .filter import RowFilter
from .records import AttemptRecord, Cause, RequestDetail, ResponseRecord, TableRow

T = TypeVar("T")
_ROW_COLUMNS = "id, line, state, method, url, attempts, status, kind, message, bytes, elapsed_ms, ended_at"


def connect(path: Path) -> sqlite3.Connection:
    """Open a journal for reading; raises RunError where there is none or it is not ours to read."""
    if not path.is_file():
        raise RunError(f"There is no run in {path.parent}: {path.name} is missing. Name a run folder.")
    try:
        db = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False, timeout=10
        )
    except sqlite3.Error as error:
        raise RunError(f"{path} cannot be read: {error}.") from error
    try:
        schema.check(db, path)
    except RunError:
        db.close()
        raise
    return db


def counts(db: sqlite3.Connection) -> Counts:
    """How many requests are in each state, without scanning them."""
    found: dict[str, int] = dict(db.execute("SELECT name, n FROM counters"))
    return Counts(**{state.label: found.get(state.label, 0) for state in State})


def causes(db: sqlite3.Connection) -> tuple[Cause, ...]:
    """Failure clusters, the largest first."""
    rows = db.execute(
        "SELECT id, signature, kind, status, n, first_at, last_at, sample FROM causes WHERE n > 0 ORDER BY n DESC, id"
    )
    return tuple(Cause(i, text, FailureKind(kind), *rest) for i, text, kind, *rest in rows)


def table_row(record: tuple[object, ...]) -> TableRow:
    """Build a row from the columns of `_ROW_COLUMNS`, in their order."""
    i, line, state, method, url, attempts, status, kind, *rest = record
    typed_kind = FailureKind(kind) if kind is not None else None
    return TableRow(i, line, State(state), method, url, attempts, status, typed_kind, *rest)  # pyright: ignore


class JournalReader:
    """Asynchronous reads on one thread and one read-only connection of its own, off the event loop."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened before `open`."""
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal-reader")
        self._db: sqlite3.Connection | None = None
        self._numbers = itertools.count(1)

    async def open(self) -> JournalReader:
        """Connect; raises RunError where there is no readable journal."""
        self._db = await self._call(lambda: connect(self._path))
        return self

    async def close(self) -> None:
        """Close the connection and its views, after the reads under way."""
        if self._db is not None:
            await self._call(self._db.close)
            self._db = None
        self._thread.shutdown(wait=False)

    async def __aenter__(self) -> JournalReader:
        return await self.open()

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def counts(self) -> Counts:
        """How many requests are in each state."""
        return await self.read(counts)

    async def causes(self) -> tuple[Cause, ...]:
        """Failure clusters, the largest first."""
        return await self.read(causes)

    async def detail(self, request: int) -> RequestDetail | None:
        """All that is known of one request, or None for an id that is not in the journal."""
        return await self.read(lambda db: _detail(db, request))

    def view(self, rows: RowFilter) -> View:
        """A numbered list of the requests a filter selects; call its `refresh` before its `page`."""
        return View(self, next(self._numbers), rows)

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run one piece of reading on the reader's thread."""
        db = self._db
        if db is None:
            raise RuntimeError("the journal reader is not open")
        return await self._call(lambda: work(db))

    async def _call(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


class View:
    """A live, numbered selection of requests: position to request in constant time, however many there are.

    Positions stand in a temporary table of the reader's connection, so that no page needs OFFSET. Where the
    filter names terminal states alone, requests are listed in the order they ended and a refresh only
    appends; otherwise they are listed by row number and a refresh builds the list anew.
    """

    def __init__(self, reader: JournalReader, number: int, rows: RowFilter) -> None:
        self._reader = reader
        self._table = f"temp.view_{number}"
        self._rows = rows
        self._appends = bool(rows.states) and all(state.terminal for state in rows.states)
        self._built = False
        self._requeues = -1
        self._last_ended = -1
        self.size = 0
        """How many requests it held at the last refresh."""

    async def refresh(self) -> int:
        """Take in what has changed since; returns the new size."""
        self.size = await self._reader.read(self._refresh)
        return self.size

    async def page(self, start: int, count: int) -> tuple[TableRow, ...]:
        """The requests at positions `start` to `start + count - 1` (0-based), as they are now."""
        return await self._reader.read(lambda db: self._page(db, start, count))

    async def position(self, request: int) -> int | None:
        """Where a request stands in the view, or None."""
        sql = f"SELECT pos - 1 FROM {self._table} WHERE request = ?"  # noqa: S608
        found = await self._reader.read(lambda db: db.execute(sql, (request,)).fetchone())
        return int(found[0]) if found else None

    async def close(self) -> None:
        """Forget the list."""
        await self._reader.read(lambda db: db.execute(f"DROP TABLE IF EXISTS {self._table}"))

    def _refresh(self, db: sqlite3.Connection) -> int:
        marks: dict[str, int] = dict(
            db.execute("SELECT name, n FROM counters WHERE name IN ('ended', 'requeues')")
        )
        requeues, ended = marks.get("requeues", 0), marks.get("ended", 0)
        if not (self._built and self._appends and requeues == self._requeues):
            db.execute(f"DROP TABLE IF EXISTS {self._table}")
            db.execute(f"CREATE TABLE {self._table}(pos INTEGER PRIMARY KEY, request INTEGER NOT NULL)")
            self._built, self._requeues, self._last_ended = True, requeues, -1
        where, values = self._rows.where()
        order = "ended" if self._appends else "id"
        if self._appends:
            where = f"({where}) AND ended > ? AND ended <= ?"
            values = [*values, self._last_ended, ended]
        insert = f"INSERT INTO {self._table}(request) SELECT id FROM requests WHERE {where} ORDER BY {order}"  # noqa: S608
        db.execute(insert, values)
        db.commit()
        self._last_ended = ended
        size: int = db.execute(f"SELECT ifnull(max(pos), 0) FROM {self._table}").fetchone()[0]  # noqa: S608
        return size

    def _page(self, db: sqlite3.Connection, start: int, count: int) -> tuple[TableRow, ...]:
        if not self._built:
            return ()
        sql = (
            f"SELECT {_ROW_COLUMNS} FROM {self._table} JOIN requests ON id = request "  # noqa: S608
            "WHERE pos BETWEEN ? AND ? ORDER BY pos"
        )
        return tuple(table_row(record) for record in db.execute(sql, (start + 1, start + count)))


def _detail(db: sqlite3.Connection, request: int) -> RequestDetail | None:
    found = db.execute(
        f"SELECT {_ROW_COLUMNS}, row, spec FROM requests WHERE id = ?",  # noqa: S608
        (request,),
    ).fetchone()
    if found is None:
        return None
    *columns, row, spec = found
    sent = json.loads(spec) if spec else {}
    return RequestDetail(
        row=table_row(tuple(columns)),
        columns=json.loads(row),
        headers=tuple((name, value) for name, value in sent.get("headers", ())),
        body=sent["body"].encode() if sent.get("body") is not None else None,
        attempts=attempts(db, request),
        response=response(db, request),
    )


def attempts(db: sqlite3.Connection, request: int) -> tuple[AttemptRecord, ...]:
    """All journalled attempts of one request, in order."""
    rows = db.execute(
        "SELECT n, started, elapsed_ms, ttfb_ms, status, kind, message, hops FROM attempts WHERE request = ? ORDER BY n",
        (request,),
    )
    return tuple(
        AttemptRecord(
            n, started, elapsed, ttfb, status, FailureKind(kind) if kind else None, message, read_hops(hops)
        )
        for n, started, elapsed, ttfb, status, kind, message, hops in rows
    )


def read_hops(text: str | None) -> tuple[tuple[str, int], ...]:
    """The redirects of one attempt from their JSON."""
    return tuple((str(url), int(status)) for url, status in json.loads(text)) if text else ()


def response(db: sqlite3.Connection, request: int) -> ResponseRecord | None:
    """The response that was kept for one request."""
    found = db.execute(
        "SELECT headers, body, body_path, bytes, final_url, unverified FROM responses WHERE request = ?",
        (request,),
    ).fetchone()
    if found is None:
        return None
    headers, body, body_path, size, final_url, unverified = found
    return ResponseRecord(read_headers(headers), body, body_path, size, final_url, bool(unverified))


def read_headers(raw: bytes) -> tuple[tuple[str, str], ...]:
    """Header pairs from field lines joined by CRLF; bytes that are not UTF-8 read as Latin-1 (RFC 9110, 5.5)."""
    pairs: list[tuple[str, str]] = []
    for line in raw.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon:
            pairs.append((name.decode("latin-1"), _decode(value.strip())))
    return tuple(pairs)


def _decode(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
