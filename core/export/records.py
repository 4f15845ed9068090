"""A journal's requests in input order with their responses and attempts, streamed in one read transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from enum import StrEnum
from itertools import chain
from typing import Any

from msgspec import Struct

from ..journal.filter import RowFilter
from ..model import State
from .blocks import in_blocks


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


class Choice(Struct, frozen=True):
    """Which requests are exported: those in these states that a filter selects, too."""

    states: ExportStates = ExportStates.ALL
    rows: RowFilter = RowFilter()


EVERYTHING = Choice()


Record = tuple[
    int, str, str, str, int, int | None, str | None, str | None, int | None, int, float | None, float | None,
    bytes | None, bytes | None, str | None,
]  # fmt: skip
"""One request as journalled, its attempts aside: id, row (the input's own columns, a JSON object), method, url, state,
status, kind, message, bytes, attempts, elapsed_ms, ended_at, then headers (raw field lines; None where the last attempt
came to no reply), body and body_path. Plain tuples, as SQLite gives them: naming their fields made an export of a
million rows 0.4 s longer."""

Tried = tuple[
    int, str, str, str, int, int | None, str | None, str | None, int | None, int, float | None, float | None,
    bytes | None, bytes | None, str | None,
    int | None, float, float, int | None, str | None, str | None,
]  # fmt: skip
"""A request with one of its attempts: number, start (seconds since the epoch), elapsed ms, status, kind and message.
The number, and all behind it, is None where there is no attempt."""

_FIELDS = (
    "r.id, r.row, r.method, r.url, r.state, r.status, r.kind, r.message, r.bytes, r.attempts, "
    "r.elapsed_ms, r.ended_at, p.headers, p.body, p.body_path"
)
_TRY = "a.n, a.started, a.elapsed_ms, a.status, a.kind, a.message"

# The order of the ids is the order of all: those joined to them are looked up by them. LIMIT keeps SQLite from
# joining them by an index of the condition's and from sorting whole rows, at the end, where blocks wait for them.
# The condition names columns as they are in `requests`, which responses and attempts have some of, too.
_CHOSEN = """(SELECT id FROM requests WHERE state IN ({states}) AND {condition} ORDER BY id LIMIT -1) c
CROSS JOIN requests r ON r.id = c.id"""
_ALL = "requests r NOT INDEXED"
"""Every request, as they stand in the table, which is in the order of their ids: 4 % less than looking each one up."""
# `bytes` is set exactly when the last attempt came to a reply: an earlier attempt's reply, which the journal
# keeps for the inspector, is not what the request came to.
_REPLIES = "LEFT JOIN responses p ON p.request = r.id AND r.bytes IS NOT NULL"
_ATTEMPTS = "LEFT JOIN attempts a ON a.request = r.id"


class JournalRows:
    """The chosen requests as the journal has them, secrets masked; memory does not grow with their number."""

    def __init__(self, db: sqlite3.Connection, choice: Choice) -> None:
        """`db` is within a read transaction, so that all answers are of one moment."""
        self._db = db
        states = ",".join(str(int(state)) for state in choice.states.states)
        condition, self._values = choice.rows.where()
        self._chosen = _ALL if choice == EVERYTHING else _CHOSEN.format(states=states, condition=condition)

    def records(self) -> Iterator[Record]:
        """The requests in input order."""
        return chain.from_iterable(self._requests(_FIELDS, _REPLIES))

    def tries(self) -> Iterator[list[Tried]]:
        """The requests in input order, in blocks: once for each attempt, by its number, or once without any."""
        return self._requests(f"{_FIELDS}, {_TRY}", f"{_REPLIES} {_ATTEMPTS}")

    def columns(self) -> Iterator[str]:
        """The input's own columns, as JSON objects."""
        return (row for block in self._select("r.row") for (row,) in block)

    def _requests(self, fields: str, joined: str) -> Iterator[list[Any]]:
        """Blocks of requests, with the fields of a Record at least."""
        return self._select(fields, joined)

    def _select(self, fields: str, joined: str = "") -> Iterator[list[Any]]:
        return in_blocks(self._db, fields, f"{self._chosen} {joined}", self._values)
