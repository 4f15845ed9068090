"""A journal's requests in input order with their responses and attempts, streamed in one read transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, NamedTuple

from ..model import State


class ExportStates(StrEnum):
    """Which requests an export holds."""

    ALL = "all"
    """Every row, those the run is not done with included."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """Failed and invalid rows: all that did not work and was not skipped by hand."""

    @property
    def states(self) -> tuple[State, ...]:
        """The request states that are meant."""
        if self is ExportStates.SUCCEEDED:
            return (State.SUCCEEDED,)
        return (State.FAILED, State.INVALID) if self is ExportStates.FAILED else tuple(State)


class Record(NamedTuple):
    """One request as journalled, its attempts aside; texts hold no secrets."""

    id: int
    row: str
    """The input's own columns, a JSON object."""
    method: str
    url: str
    state: int
    status: int | None
    kind: str | None
    message: str | None
    bytes: int | None
    attempts: int
    elapsed_ms: float | None
    ended_at: float | None
    headers: bytes | None
    """Raw field lines; None where the last attempt came to no reply."""
    body: bytes | None
    body_path: str | None


Attempt = tuple[int, int, float, float, int | None, str | None, str | None]
"""Request, number, start (seconds since the epoch), elapsed ms, status, kind, message."""

# `bytes` is set exactly when the last attempt came to a reply: an earlier attempt's reply, which the journal
# keeps for the inspector, is not what the request came to.
_RECORDS = """
SELECT r.id, r.row, r.method, r.url, r.state, r.status, r.kind, r.message, r.bytes, r.attempts,
       r.elapsed_ms, r.ended_at, p.headers, p.body, p.body_path
FROM requests r LEFT JOIN responses p ON p.request = r.id AND r.bytes IS NOT NULL
WHERE r.state IN ({states}) ORDER BY r.id
"""
_ATTEMPTS = """
SELECT a.request, a.n, a.started, a.elapsed_ms, a.status, a.kind, a.message
FROM requests r CROSS JOIN attempts a ON a.request = r.id
WHERE r.state IN ({states}) ORDER BY r.id, a.n
"""
_ROWS = "SELECT row FROM requests WHERE state IN ({states})"


def records(db: sqlite3.Connection, states: ExportStates) -> Iterator[Record]:
    """The chosen requests in input order; memory does not grow with their number."""
    return map(Record._make, _rows(db, _RECORDS, states))


def attempts(db: sqlite3.Connection, states: ExportStates) -> Iterator[Attempt]:
    """The attempts of the chosen requests, in the order of the requests and then of their numbers."""
    return _rows(db, _ATTEMPTS, states)


def columns(db: sqlite3.Connection, states: ExportStates) -> Iterator[str]:
    """The input's own columns of the chosen requests, as JSON objects."""
    return (row for (row,) in _rows(db, _ROWS, states))


def _rows(db: sqlite3.Connection, sql: str, states: ExportStates) -> Iterator[Any]:
    chosen = ",".join(str(int(state)) for state in states.states)
    return db.execute(sql.format(states=chosen))
