"""Journals of any size, made with the project's own schema in a few seconds a million rows."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from fetchdeck.core.journal import schema
from fetchdeck.core.model import FailureKind, State

HOSTS = 40
FAILS_EVERY = 50
"""Of so many requests one fails."""
_INSERT = """
INSERT INTO requests(id, state, attempts, line, method, url, host, row, status, kind, message, cause, bytes,
elapsed_ms, ended_at, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_CAUSES = (
    (FailureKind.HTTP_STATUS, 503, "HTTP 503 Service Unavailable"),
    (FailureKind.HTTP_STATUS, 404, "HTTP 404 Not Found"),
    (FailureKind.TIMEOUT, None, "no reply within 30 s"),
)


def make(path: Path, rows: int) -> sqlite3.Connection:
    """A writing connection to a journal with so many ended requests."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = OFF")
    schema.prepare(db, path)
    append(db, rows)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return db


def append(db: sqlite3.Connection, rows: int) -> None:
    """Add so many ended requests in one transaction, the counters and causes kept right."""
    first: int = db.execute("SELECT ifnull(max(id), -1) + 1 FROM requests").fetchone()[0]
    db.execute("BEGIN IMMEDIATE")
    db.executemany(_INSERT, _rows(first, rows))
    total = first + rows
    failed = (total + FAILS_EVERY - 1) // FAILS_EVERY
    counters = {state.label: 0 for state in State} | {"ended": total, "requeues": 0, "bytes": total * 1_000}
    counters |= {State.FAILED.label: failed, State.SUCCEEDED.label: total - failed}
    db.executemany("INSERT OR REPLACE INTO counters VALUES (?, ?)", counters.items())
    now = time.time()
    for n, (kind, status, message) in enumerate(_CAUSES):
        known = (
            n + 1,
            f"{kind}: {message}",
            kind,
            status,
            (failed + len(_CAUSES) - 1 - n) // len(_CAUSES),
            now,
            now,
            n * FAILS_EVERY,
        )
        columns = "id, signature, kind, status, n, first_at, last_at, sample"
        db.execute(f"INSERT OR REPLACE INTO causes({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", known)
    db.execute("COMMIT")


def _rows(first: int, count: int) -> Iterator[tuple[object, ...]]:
    chance = random.Random(first)
    began = time.time() - 3600
    for n in range(first, first + count):
        host = f"api-{n % HOSTS}.example.com"
        url = f"https://{host}/v1/places/{n * 7919 % 1_000_003}/details?lang=en&fields=name,geometry"
        row = f'{{"place": "{n}", "name": "City {n}"}}'
        attempts, size, latency = 1 + (n % 9 == 0), chance.randrange(200, 5_000), chance.lognormvariate(5, 1)
        if n % FAILS_EVERY:
            fate = (int(State.SUCCEEDED), 200, None, None, None)
        else:
            cause = n // FAILS_EVERY % len(_CAUSES)
            kind, status, message = _CAUSES[cause]
            fate = (int(State.FAILED), status, kind.value, message, cause + 1)
        state, status, kind, message, cause = fate
        yield (
            *(n, state, attempts, n + 2, "GET", url, host, row, status, kind, message, cause),
            *(size, latency, began + n / 1_000, n + 1),
        )
