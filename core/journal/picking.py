"""Choosing requests that are to change their state together, without holding them in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager

_PICK = "INSERT OR IGNORE INTO picked SELECT id, state, cause FROM requests WHERE "
_BY_STATE = "SELECT state, count(*) FROM picked GROUP BY state"
_BY_CAUSE = "SELECT cause, count(*) FROM picked WHERE state = 4 AND cause IS NOT NULL GROUP BY cause"


@contextmanager
def picked(
    db: sqlite3.Connection, condition: str, values: Sequence[object], ids: Collection[int] | None = None
) -> Generator[tuple[dict[int, int], dict[int, int]]]:
    """A temporary table `picked` of requests, and how many there are by state and, of failed ones, by cause.

    `ids` narrows what the condition selects to those.
    """
    db.execute("CREATE TEMP TABLE picked(id INTEGER PRIMARY KEY, state INTEGER, cause INTEGER)")
    try:
        if ids is None:
            db.execute(_PICK + condition, values)
        else:
            db.executemany(f"{_PICK}{condition} AND id = ?", [(*values, request) for request in ids])
        yield dict(db.execute(_BY_STATE)), dict(db.execute(_BY_CAUSE))
    finally:
        db.execute("DROP TABLE picked")
