"""Real journal files with given rows, made with the project's schema and plain INSERTs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fetchdeck.core.journal import schema
from fetchdeck.core.model import FailureKind, State
from msgspec import Struct, field

STARTED = 1_700_000_000.0
"""Wall clock of the first attempt in a made journal."""


class Made(Struct):
    """One request to put in a journal; what is left out is made up to fit its state."""

    state: State = State.SUCCEEDED
    url: str = ""
    method: str = "GET"
    host: str | None = None
    columns: dict[str, Any] = field(default_factory=dict)
    headers: Sequence[tuple[str, str]] = ()
    sent: str | None = None
    """The request's body."""
    status: int | None = None
    kind: FailureKind | None = None
    message: str | None = None
    attempts: int = 1
    size: int | None = None
    elapsed_ms: float | None = 333.0
    ended: bool | None = None
    """Whether it has an order number; by default those in a terminal state have."""
    reply: tuple[bytes, bytes | None] | None = None
    """Raw response headers and body."""
    body_path: str | None = None
    hops: Sequence[tuple[str, int]] = ()
    connect_ms: tuple[float | None, float | None, float | None] = (None, None, None)
    """What DNS, connect and TLS took in the first attempt, milliseconds."""


def make_journal(path: Path, rows: Iterable[Made] = ()) -> Path:
    """Write a journal with these rows, numbered from 0 in order; returns the path."""
    db = open_journal(path)
    append(db, rows)
    db.close()
    return path


def open_journal(path: Path) -> sqlite3.Connection:
    """A writing connection to a journal with the newest schema, as the engine's writer has one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = WAL")
    schema.prepare(db, path)
    return db


def append(db: sqlite3.Connection, rows: Iterable[Made]) -> None:
    """Add rows after those there are, with their attempts, responses and causes, counters kept right."""
    found: dict[str, int] = dict(db.execute("SELECT name, n FROM counters"))
    number: int = db.execute("SELECT ifnull(max(id), -1) + 1 FROM requests").fetchone()[0]
    with db:
        for row_id, row in enumerate(rows, start=number):
            order = None
            if row.state.terminal if row.ended is None else row.ended:
                order = found["ended"] = found.get("ended", 0) + 1
            _insert(db, row_id, row, order)
            found[row.state.label] = found.get(row.state.label, 0) + 1
            found["bytes"] = found.get("bytes", 0) + (row.size or 0)
        _save_counters(db, found)


def requeue(db: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Queue ended requests again, as the writer does for a retry."""
    found: dict[str, int] = dict(db.execute("SELECT name, n FROM counters"))
    with db:
        for row_id in ids:
            state = State(db.execute("SELECT state FROM requests WHERE id = ?", (row_id,)).fetchone()[0])
            db.execute(
                "UPDATE requests SET state = 0, ended = NULL, ended_at = NULL, cause = NULL WHERE id = ?",
                (row_id,),
            )
            found[state.label] -= 1
            found["queued"] = found.get("queued", 0) + 1
            found["requeues"] = found.get("requeues", 0) + 1
        _save_counters(db, found)


def _save_counters(db: sqlite3.Connection, found: dict[str, int]) -> None:
    names = {state.label: 0 for state in State} | {"ended": 0, "requeues": 0, "bytes": 0} | found
    db.executemany("INSERT OR REPLACE INTO counters VALUES (?, ?)", names.items())


def _insert(db: sqlite3.Connection, row_id: int, row: Made, order: int | None) -> None:
    url = row.url or f"http://127.0.0.1/items/{row_id}"
    host = row.host if row.host is not None else (urlsplit(url).hostname or "")
    spec = (
        json.dumps({"headers": list(row.headers), "body": row.sent})
        if row.headers or row.sent is not None
        else None
    )
    cause = _cause(db, row_id, row) if row.state is State.FAILED and row.kind else None
    ended_at = None if order is None else STARTED + order
    db.execute(
        "INSERT INTO requests(id, state, attempts, line, method, url, host, row, spec, status, kind, message, "
        "cause, bytes, elapsed_ms, ended_at, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(row_id, int(row.state), row.attempts, row_id + 1, row.method, url, host),
            *(json.dumps(row.columns), spec, row.status, row.kind, row.message, cause),
            *(row.size, row.elapsed_ms, ended_at, order),
        ),
    )
    for n in range(1, row.attempts + 1 if row.state.terminal else 1):
        last = n == row.attempts
        kind = row.kind if last else (row.kind or FailureKind.HTTP_STATUS)
        hops = json.dumps([list(hop) for hop in row.hops]) if last and row.hops else None
        db.execute(
            "INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(row_id, n, STARTED + 2 * n, row.elapsed_ms or 0.0, (row.elapsed_ms or 0.0) * 0.75),
                *(row.status if last else 503, kind, row.message if last else "HTTP 503", hops),
                *(row.connect_ms if n == 1 else (None, None, None)),
            ),
        )
    if row.reply is not None or row.body_path is not None:
        headers, body = row.reply or (b"", None)
        db.execute(
            "INSERT INTO responses VALUES (?, ?, ?, ?, ?, ?, 0)",
            (row_id, headers, body, row.body_path, row.size or len(body or b""), url if row.hops else None),
        )


def _cause(db: sqlite3.Connection, row_id: int, row: Made) -> int:
    signature = f"{row.kind}: {row.message}"
    found = db.execute("SELECT id FROM causes WHERE signature = ?", (signature,)).fetchone()
    if found:
        db.execute("UPDATE causes SET n = n + 1, last_at = last_at + 1 WHERE id = ?", found)
        return int(found[0])
    made = db.execute(
        "INSERT INTO causes(signature, kind, status, n, first_at, last_at, sample) VALUES (?, ?, ?, 1, ?, ?, ?)",
        (signature, row.kind, row.status, STARTED, STARTED, row_id),
    )
    return int(made.lastrowid or 0)
