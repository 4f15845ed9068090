"""Read-only access to a journal, also while another process writes it: pages, details, causes."""

from __future__ import annotations

import asyncio
import itertools
import json
import sqlite3
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from ..errors import RunError
from ..model import Counts, FailureKind, State
from . import schema
from .filter import RowFilter
from .opening import open_for_reading
from .order import Order
from .records import AttemptRecord, Cause, EventRecord, RequestDetail, ResponseRecord
from .rows import ROW_COLUMNS, table_row
from .sorting import Sorter
from .temp_store import keep_lists_on_disk
from .trends import read_trend
from .view import View

T = TypeVar("T")


def connect(path: Path) -> sqlite3.Connection:
    """Open a journal for reading; raises RunError where there is none or it is not ours to read."""
    if not path.is_file():
        raise RunError(f"There is no run in {path.parent}: {path.name} is missing. Name a run folder.")
    db = open_for_reading(path)
    try:
        schema.check(db, path)
        # A larger cache or mmap_size brought nothing; a mapped file can raise SIGBUS.
        keep_lists_on_disk(db)
    except (RunError, sqlite3.Error):
        db.close()
        raise
    return db


def counts(db: sqlite3.Connection) -> Counts:
    """How many requests are in each state, without scanning them."""
    found: dict[str, int] = dict(db.execute("SELECT name, n FROM counters"))
    return Counts(**{state.label: found.get(state.label, 0) for state in State})


def causes(db: sqlite3.Connection) -> tuple[Cause, ...]:
    """Failure clusters, the largest first; those of a journal from before trends were kept have none."""
    columns = {name for (name,) in db.execute("SELECT name FROM pragma_table_info('causes')")}
    recent = "recent" if "recent" in columns else "NULL"
    rows = db.execute(
        f"SELECT id, signature, kind, status, n, first_at, last_at, sample, {recent} FROM causes "  # noqa: S608
        "WHERE n > 0 ORDER BY n DESC, id"
    )
    return tuple(
        Cause(id_, text, FailureKind(kind), status, count, first_at, last_at, sample, read_trend(trend))
        for id_, text, kind, status, count, first_at, last_at, sample, trend in rows
    )


class JournalReader:
    """Asynchronous reads on one thread and one read-only connection of its own, off the event loop."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened before `open`."""
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal-reader")
        self._db: sqlite3.Connection | None = None
        self._numbers = itertools.count(1)
        self._sorter = Sorter(lambda: connect(path))

    @property
    def path(self) -> Path:
        """The journal; bodies stand below its folder."""
        return self._path

    @property
    def sorter(self) -> Sorter:
        """Where the views' sorted lists are made."""
        return self._sorter

    async def open(self) -> JournalReader:
        """Connect; raises RunError where there is no readable journal."""
        self._db = await self._call(lambda: connect(self._path))
        return self

    async def close(self) -> None:
        """Close the connection and its views, after the reads under way."""
        if self._db is not None:
            await self._call(self._sorter.close)
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

    async def events(self, after: int, count: int) -> tuple[EventRecord, ...]:
        """What happened to the run as a whole, oldest first: the first `count` of the events behind number `after`.

        None in a journal from before they were kept.
        """
        return await self.read(lambda db: _events(db, after, count))

    async def retryable(self, rows: RowFilter) -> int:
        """How many requests a retry of all that the filter selects would queue again: failed or skipped ones."""
        where, values = rows.where()
        sql = f"SELECT count(*) FROM requests WHERE state IN (4, 5) AND {where}"  # noqa: S608
        return await self.read(lambda db: int(db.execute(sql, values).fetchone()[0]))

    async def unsent(self, ids: Collection[int]) -> frozenset[int]:
        """Those of these requests that are queued, or wait for a retry."""
        sql = "SELECT id FROM requests WHERE id = ? AND state IN (0, 2)"
        return await self.read(
            lambda db: frozenset(row[0] for request in ids for row in db.execute(sql, (request,)))
        )

    async def unsent_matching(self, rows: RowFilter, after: int, most: int) -> tuple[int, ...]:
        """Requests that a filter selects and that are queued or wait for a retry: the first `most` behind `after`."""
        where, values = rows.where()
        sql = f"SELECT id FROM requests WHERE id > ? AND state IN (0, 2) AND {where} ORDER BY id LIMIT ?"  # noqa: S608
        return await self.read(lambda db: tuple(row[0] for row in db.execute(sql, (after, *values, most))))

    def view(self, rows: RowFilter, order: Order | None = None) -> View:
        """A numbered list of the requests a filter selects; call its `refresh` before its `page`.

        Without an order they stand as they ended, or as they were accepted where the filter names other states.
        """
        return View(self, next(self._numbers), rows, order)

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run one piece of reading on the reader's thread."""
        db = self._db
        if db is None:
            raise RuntimeError("the journal reader is not open")
        return await self._call(lambda: work(db))

    async def _call(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _events(db: sqlite3.Connection, after: int, count: int) -> tuple[EventRecord, ...]:
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'events'").fetchone():
        return ()
    sql = "SELECT id, session, at, kind, text FROM events WHERE id > ? ORDER BY id LIMIT ?"
    return tuple(EventRecord(*row) for row in db.execute(sql, (after, count)))


def _detail(db: sqlite3.Connection, request: int) -> RequestDetail | None:
    found = db.execute(
        f"SELECT {ROW_COLUMNS}, row, spec FROM requests WHERE id = ?",  # noqa: S608
        (request,),
    ).fetchone()
    if found is None:
        return None
    *columns, row, spec = found
    sent: dict[str, Any] = json.loads(spec) if spec else {}
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
    # The columns of an older journal are the first ones of a newer one.
    rows = db.execute("SELECT * FROM attempts WHERE request = ? ORDER BY n", (request,))
    return tuple(
        AttemptRecord(
            n,
            started,
            elapsed,
            ttfb,
            status,
            FailureKind(kind) if kind else None,
            message,
            read_hops(hops),
            *times,
        )
        for _, n, started, elapsed, ttfb, status, kind, message, hops, *times in rows
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
