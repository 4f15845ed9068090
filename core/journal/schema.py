"""The journal's tables and the named steps that bring an older file up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from ..errors import RunError
from .damage import unusable
from .history import HISTORY
from .trends import count_trends

APPLICATION_ID = 0x66646B31
"""Marks the file as a fetchdeck journal (`PRAGMA application_id`)."""

PAGE_SIZE = 8192
"""Bytes of a new journal's pages.

SQLite's own 4096 hold three replies of 1 KB and waste a sixth. With 8192 the file is an eighth smaller, an export reads
it a seventh faster, and a run takes 1.3 % less of the processor. 16384 gain little more, and a lone commit writes more.
"""
PAGE_SIZES = (PAGE_SIZE, 4096)
"""What journals have: those of earlier versions stay as they are."""

MOST_VERSIONS = 1000
"""A version beyond this is damage rather than a fetchdeck of the future."""

_TABLES = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- What would otherwise have to be scanned: a count per state, 'bytes', 'requeues', 'ended'.
CREATE TABLE counters(name TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE requests(
    id INTEGER PRIMARY KEY,              -- 0-based row number
    state INTEGER NOT NULL,              -- core/model.py State
    attempts INTEGER NOT NULL DEFAULT 0, -- leased so far, over all sessions
    tries INTEGER NOT NULL DEFAULT 0,    -- charged against --retries since it was last queued
    sealed INTEGER NOT NULL DEFAULT 0,   -- 1: a secret was masked in url, 2: in row or spec; 4: see edits
    sent INTEGER NOT NULL DEFAULT 0,     -- a non-idempotent request that may be on the wire
    line INTEGER NOT NULL,               -- where it stands in the input
    method TEXT NOT NULL,
    url TEXT NOT NULL,                   -- secrets masked
    host TEXT NOT NULL,
    row TEXT NOT NULL,                   -- the input's columns, JSON, secrets masked
    spec TEXT,                           -- a JSONL row's own headers and body, JSON, secrets masked
    status INTEGER,
    kind TEXT,                           -- core/model.py FailureKind
    message TEXT,
    cause INTEGER,                       -- causes.id
    bytes INTEGER,
    elapsed_ms REAL,
    ended_at REAL,
    ended INTEGER                        -- order in which requests ended
);
CREATE INDEX pending ON requests(state, id) WHERE state < 3;
CREATE INDEX done ON requests(state, ended) WHERE state >= 3;

CREATE TABLE attempts(
    request INTEGER NOT NULL,
    n INTEGER NOT NULL,                  -- 1-based
    started REAL NOT NULL,
    elapsed_ms REAL NOT NULL,
    ttfb_ms REAL,
    status INTEGER,
    kind TEXT,                           -- NULL for the attempt that succeeded
    message TEXT,
    hops TEXT,                           -- redirects followed, JSON [[url, status], ...]
    PRIMARY KEY(request, n)
) WITHOUT ROWID;

CREATE TABLE responses(
    request INTEGER PRIMARY KEY,
    headers BLOB NOT NULL,
    body BLOB,
    body_path TEXT,                      -- below the run folder, for bodies too large for this file
    bytes INTEGER NOT NULL,
    final_url TEXT,                      -- where redirects led, masked; NULL without redirects
    unverified INTEGER NOT NULL          -- the body ended with the connection
);

CREATE TABLE causes(
    id INTEGER PRIMARY KEY,
    signature TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    status INTEGER,
    n INTEGER NOT NULL,
    first_at REAL NOT NULL,
    last_at REAL NOT NULL,
    sample INTEGER NOT NULL              -- requests.id
);

CREATE TABLE sessions(
    n INTEGER PRIMARY KEY,
    pid INTEGER NOT NULL,
    started REAL NOT NULL,
    elapsed_s REAL NOT NULL,
    outcome TEXT                         -- NULL while it runs, and after a kill
);
"""


_EVENTS = """
CREATE TABLE events(
    id INTEGER PRIMARY KEY,
    session INTEGER NOT NULL,            -- sessions.n
    at REAL NOT NULL,
    kind TEXT NOT NULL,                  -- core/past.py EventKind
    text TEXT NOT NULL                   -- secrets masked
)
"""


_EDITS = """
CREATE TABLE edits(
    request INTEGER PRIMARY KEY,
    headers TEXT NOT NULL,               -- JSON [[name, value], ...], secrets masked
    body BLOB,                           -- secrets masked
    origins TEXT NOT NULL,               -- what each mask stands for, core/journal/edits.py
    first_url TEXT NOT NULL              -- the URL that its row made, secrets masked
)
"""


def _create(db: sqlite3.Connection) -> None:
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            db.execute(statement)


def _keep_events(db: sqlite3.Connection) -> None:
    db.execute(_EVENTS)


def _keep_connect_times(db: sqlite3.Connection) -> None:
    # NULL where a connection was reused, or where it did not come to it.
    for column in ("dns_ms", "connect_ms", "tls_ms"):
        db.execute(f"ALTER TABLE attempts ADD COLUMN {column} REAL")


def _keep_trends(db: sqlite3.Connection) -> None:
    # JSON list of [minute since the epoch, failures], at most an hour of them.
    db.execute("ALTER TABLE causes ADD COLUMN recent TEXT NOT NULL DEFAULT '[]'")
    # Also of requests that have been skipped since: they keep the cause that they had failed by.
    db.execute("CREATE INDEX of_cause ON requests(cause, ended) WHERE cause IS NOT NULL")
    count_trends(db)


def _keep_edits(db: sqlite3.Connection) -> None:
    db.execute(_EDITS)


def _keep_history(db: sqlite3.Connection) -> None:
    db.execute(HISTORY)


MIGRATIONS: tuple[tuple[str, Callable[[sqlite3.Connection], None]], ...] = (
    ("create the tables", _create),
    ("keep what happens to the run", _keep_events),
    ("keep what making a connection took", _keep_connect_times),
    ("keep the trends of failures", _keep_trends),
    ("keep requests that were edited", _keep_edits),
    ("keep the past for the charts", _keep_history),
)
"""Named steps; a journal's `user_version` is how many of them it has seen."""


def prepare(db: sqlite3.Connection, path: Path, newest: int = len(MIGRATIONS)) -> None:
    """Bring a writable connection's file to version `newest` of the schema; raises RunError as `check` does."""
    check(db, path)
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    if version >= newest:
        return
    # All steps together: each commit more is a wait for the disk before the first request.
    with db:
        db.execute("BEGIN IMMEDIATE")
        for _, step in MIGRATIONS[version:newest]:
            step(db)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {newest}")


def check(db: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that is no journal, or one that a newer fetchdeck has written."""
    try:
        version: int = db.execute("PRAGMA user_version").fetchone()[0]
        application: int = db.execute("PRAGMA application_id").fetchone()[0]
        tables: int = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    except sqlite3.Error as error:
        raise unusable(path, error) from error
    if application != APPLICATION_ID and (tables or application):
        raise RunError(
            f"{path} is no fetchdeck journal. It was left as it is; use another folder (--run OTHER)."
        )
    if version > len(MIGRATIONS):
        raise newer(path, version)


def newer(path: Path, version: int) -> RunError:
    """The refusal of a journal that a newer fetchdeck has written."""
    return RunError(
        f"{path} was written by a newer fetchdeck (journal version {version}, this one knows "
        f"{len(MIGRATIONS)}). Upgrade fetchdeck to go on with this run."
    )
