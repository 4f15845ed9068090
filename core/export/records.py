"""A journal's requests in input order with their responses and attempts, streamed in one read transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ..journal.filter import RowFilter
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


@dataclass(frozen=True, slots=True)
class Choice:
    """Which requests are exported: those in these states that a filter selects, too."""

    states: ExportStates = ExportStates.ALL
    rows: RowFilter = RowFilter()  # noqa: RUF009


EVERYTHING = Choice()


Record = tuple[
    int, str, str, str, int, int | None, str | None, str | None, int | None, int, float | None, float | None,
    bytes | None, bytes | None, str | None,
]  # fmt: skip
"""One request as journalled, its attempts aside: id, row (the input's own columns, a JSON object), method, url, state,
status, kind, message, bytes, attempts, elapsed_ms, ended_at, then headers (raw field lines; None where the last attempt
came to no reply), body and body_path. Plain tuples, as SQLite gives them: naming their fields made an export of a
million rows 0.4 s longer."""

_WIDTH = 15
Attempt = tuple[int, int, float, float, int | None, str | None, str | None]
"""Request, number, start (seconds since the epoch), elapsed ms, status, kind, message."""

# `bytes` is set exactly when the last attempt came to a reply: an earlier attempt's reply, which the journal
# keeps for the inspector, is not what the request came to.
_RECORDS = """
SELECT r.id, r.row, r.method, r.url, r.state, r.status, r.kind, r.message, r.bytes, r.attempts,
       r.elapsed_ms, r.ended_at, p.headers, p.body, p.body_path{more}
FROM {chosen} r LEFT JOIN responses p ON p.request = r.id AND r.bytes IS NOT NULL ORDER BY r.id
"""
_ATTEMPTS = """
SELECT a.request, a.n, a.started, a.elapsed_ms, a.status, a.kind, a.message
FROM {chosen} r CROSS JOIN attempts a ON a.request = r.id ORDER BY r.id, a.n
"""
_ROWS = "SELECT row{more} FROM {chosen} r ORDER BY r.id"
# The condition names columns as they are in `requests`, which responses and attempts have some of, too.
_CHOSEN = "(SELECT * FROM requests WHERE state IN ({states}) AND {condition})"


class JournalRows:
    """The chosen requests as the journal has them, secrets masked; memory does not grow with their number."""

    def __init__(self, db: sqlite3.Connection, choice: Choice) -> None:
        """`db` is within a read transaction, so that all answers are of one moment."""
        self._db = db
        states = ",".join(str(int(state)) for state in choice.states.states)
        condition, self._values = choice.rows.where()
        self._chosen = _CHOSEN.format(states=states, condition=condition)

    def records(self) -> Iterator[Record]:
        """The requests in input order."""
        return self._select(_RECORDS)

    def attempts(self) -> Iterator[Attempt]:
        """Their attempts, in the order of the requests and then of their numbers."""
        return self._select(_ATTEMPTS)

    def columns(self) -> Iterator[str]:
        """The input's own columns, as JSON objects."""
        return (row for (row,) in self._select(_ROWS))

    def _select(self, sql: str, more: str = "") -> Iterator[Any]:
        return self._db.execute(sql.format(chosen=self._chosen, more=more), self._values)

    def _records_and(self, more: str) -> Iterator[tuple[Record, tuple[Any, ...]]]:
        """Records with further columns of `requests`."""
        for found in self._select(_RECORDS, f", {more}"):
            yield found[:_WIDTH], found[_WIDTH:]

    def _columns_and(self, more: str) -> Iterator[tuple[Any, ...]]:
        """The columns of `requests` named, after the input's own."""
        return self._select(_ROWS, f", {more}")
