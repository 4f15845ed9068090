"""The run's past in the journal: a row for every ten seconds in which something went on, fewer once it is long."""

from __future__ import annotations

import json
import sqlite3

from ..latencies import Latencies
from ..past import EventKind, Stretch

HISTORY = """
CREATE TABLE history(
    id INTEGER PRIMARY KEY,
    session INTEGER NOT NULL,            -- sessions.n
    at REAL NOT NULL,                    -- when it began
    seconds REAL NOT NULL,               -- how long it was
    running_s REAL NOT NULL,             -- how much of it the run was not paused
    succeeded INTEGER NOT NULL,          -- attempts
    failed INTEGER NOT NULL,
    in_flight REAL NOT NULL,             -- on average
    slots INTEGER NOT NULL,              -- the concurrency limit at its end
    latencies TEXT NOT NULL              -- JSON: first cell, counts; cell n ends at 2^((n + 1) / 16) ms
)
"""
ADD = """
INSERT INTO history(session, at, seconds, running_s, succeeded, failed, in_flight, slots, latencies)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_READ = """
SELECT id, at, seconds, running_s, succeeded, failed, in_flight, slots, latencies FROM history
WHERE id > ? ORDER BY id
"""
_EVENTS = "SELECT id, at, kind, text FROM events WHERE id > ? ORDER BY id DESC LIMIT ?"
_KINDS = {kind.value: kind for kind in EventKind}
Moment = tuple[int, float, EventKind, str]
"""Number, wall clock, kind and text of an event."""


def values_of(session: int, stretch: Stretch) -> tuple[object, ...]:
    """For `ADD`."""
    return (
        session,
        stretch.at,
        stretch.seconds,
        stretch.running_s,
        stretch.succeeded,
        stretch.failed,
        stretch.in_flight,
        stretch.limit,
        json.dumps(stretch.latencies.stored, separators=(",", ":")),
    )


def read_history(db: sqlite3.Connection, after: int = 0) -> list[tuple[int, Stretch]]:
    """Stretches behind number `after`, in order, each with its number; none in an older journal."""
    if not _has(db, "history"):
        return []
    return [
        (number, Stretch(at, seconds, running, good, bad, flying, slots, Latencies.read(json.loads(cells))))
        for number, at, seconds, running, good, bad, flying, slots, cells in db.execute(_READ, (after,))
    ]


def read_moments(db: sqlite3.Connection, after: int = 0, most: int = 500) -> list[Moment]:
    """The last events behind number `after`, in order, those of kinds that are not known here left out."""
    if not _has(db, "events"):
        return []
    found = db.execute(_EVENTS, (after, most)).fetchall()
    return [(number, at, _KINDS[kind], text) for number, at, kind, text in reversed(found) if kind in _KINDS]


def _has(db: sqlite3.Connection, table: str) -> bool:
    return db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone() is not None
