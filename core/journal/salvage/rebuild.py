"""The new journal: rows that were salvaged go in, and all that can be counted is counted again."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...durable import sync
from ...model import IDEMPOTENT_METHODS, FailureKind, State
from ...policies.signature import Signatures
from .. import schema
from ..entries import LOST_MESSAGE
from ..trends import count_trends
from .records import Row
from .tables import Table

ANY_ROW = 2**62
"""Above every row number."""
_IDEMPOTENT = ", ".join(f"'{method}'" for method in sorted(IDEMPOTENT_METHODS))
_UNANSWERED = "state = 3 AND state >= 3 AND NOT EXISTS (SELECT 1 FROM responses WHERE request = id)"
_NO_REPLY = "status = NULL, message = NULL, bytes = NULL, sent = 0"
_QUEUE_AGAIN = f"""
UPDATE requests SET state = 0, tries = 0, kind = NULL, elapsed_ms = NULL, ended_at = NULL, ended = NULL, {_NO_REPLY}
WHERE {_UNANSWERED} AND method IN ({_IDEMPOTENT})
"""  # noqa: S608
_LOSE_REPLY = f"""
UPDATE requests SET {_NO_REPLY}, state = 4, kind = 'outcome_unknown', message = ? WHERE {_UNANSWERED}
"""  # noqa: S608
_UNSURE = f"""
UPDATE requests SET {_NO_REPLY}, state = 4, kind = 'outcome_unknown', message = ?, ended_at = ?,
ended = (SELECT ifnull(max(ended), 0) FROM requests) + 1
WHERE state < 3 AND method NOT IN ({_IDEMPOTENT})
"""  # noqa: S608
_FORGET_SIZES = """
UPDATE requests SET bytes = NULL
WHERE bytes IS NOT NULL AND NOT EXISTS (SELECT 1 FROM responses WHERE request = id)
"""
_CAUSE = """
INSERT INTO causes(id, signature, kind, status, n, first_at, last_at, sample) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_NOBODYS = "UPDATE requests SET cause = NULL WHERE state != 4 AND cause IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Known:
    """What the damaged journal still tells of itself."""

    meta: Mapping[str, Any]
    """JSON values by key."""
    counters: Mapping[str, int]
    doubtful: bool
    """Whether commits are lost, so that what reads may be out of date."""


@dataclass(slots=True)
class Doubts:
    """What was saved in part."""

    refetched: int = 0
    """Requests that had succeeded, and whose responses are lost: queued again."""
    unknown: int = 0
    """Requests that must not be sent again by themselves, and of which nobody knows how they ended."""


class NewJournal:
    """A journal of the newest schema in the making; durable, and at its place, after `finish`."""

    def __init__(self, path: Path) -> None:
        """`path` must not exist; until the end it has another name."""
        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        self._db = sqlite3.connect(self._part, isolation_level=None)
        self._db.execute(f"PRAGMA page_size = {schema.PAGE_SIZE}")
        schema.prepare(self._db, self._part)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute("BEGIN")

    def close(self) -> None:
        """Close it; without `finish` before, it is no journal."""
        self._db.close()

    def add(self, table: Table, rows: Iterable[Row]) -> int:
        """Take in rows whose keys are not there yet; returns how many."""
        before = self._db.total_changes
        marks = ", ".join("?" * len(table.columns))
        self._db.executemany(f"INSERT OR IGNORE INTO {table.name} VALUES ({marks})", rows)  # noqa: S608
        return self._db.total_changes - before

    def size_of(self, request: int) -> tuple[bool, int | None]:
        """Whether a request is there, and the bytes of its reply where its last attempt came to one."""
        found = self._db.execute("SELECT bytes FROM requests WHERE id = ?", (request,)).fetchone()
        return found is not None, found[0] if found is not None else None

    @property
    def requests(self) -> tuple[int, int]:
        """How many requests there are, and the number after the last one's."""
        count, following = self._db.execute(
            "SELECT count(*), ifnull(max(id) + 1, 0) FROM requests"
        ).fetchone()
        return count, following

    def settle(self, *, doubtful: bool) -> Doubts:
        """Give requests the states that what was saved of them allows; `doubtful` where rows may be out of date."""
        doubts = Doubts()
        doubts.refetched = self._db.execute(_QUEUE_AGAIN).rowcount
        doubts.unknown = self._db.execute(_LOSE_REPLY, (LOST_MESSAGE,)).rowcount
        if doubtful:
            doubts.unknown += self._db.execute(_UNSURE, (LOST_MESSAGE, time.time())).rowcount
        self._db.execute(_FORGET_SIZES)
        return doubts

    def count(self, known: Known) -> None:
        """Make the causes and the counters anew, from the requests."""
        self._db.executemany(_CAUSE, self._causes())
        count_trends(self._db)
        states: dict[int, int] = dict(self._db.execute("SELECT state, count(*) FROM requests GROUP BY state"))
        last, octets = self._db.execute(
            "SELECT ifnull(max(ended), 0), ifnull(sum(bytes), 0) FROM requests"
        ).fetchone()
        counters = {state.label: states.get(state, 0) for state in State} | {
            "bytes": known.counters.get("bytes", octets),
            "requeues": known.counters.get("requeues", 0),
            "ended": max(last, known.counters.get("ended", 0)),
        }
        self._db.executemany("INSERT INTO counters VALUES (?, ?)", counters.items())

    def tell(self, key: str, value: object) -> None:
        """Store a JSON value."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value)))

    def finish(self) -> None:
        """Make it durable and give it its name."""
        self._db.execute("COMMIT")
        self._db.close()
        sync(self._part)
        self._part.rename(self._path)
        sync(self._path.parent)

    def _causes(self) -> Iterator[Row]:
        # Numbers of causes are given anew; a request that was skipped could have one that is another's now.
        self._db.execute(_NOBODYS)
        found: dict[str, list[Any]] = {}
        names = Signatures()
        blamed: list[tuple[int, int]] = []
        taken: set[int] = set()
        failed = (
            "SELECT id, kind, status, message, ended_at, cause FROM requests WHERE state = 4 ORDER BY ended"
        )
        for request, kind, status, message, at, cause in self._db.execute(failed):
            text = names.of(FailureKind(kind), status, message or kind)
            if text not in found:
                number = cause if cause and cause not in taken else max(taken, default=0) + 1
                taken.add(number)
                found[text] = [number, text, kind, status, 0, at or 0.0, at or 0.0, request]
            row = found[text]
            row[4] += 1
            row[6] = at or row[6]
            if cause != row[0]:
                blamed.append((row[0], request))
        self._db.executemany("UPDATE requests SET cause = ? WHERE id = ?", blamed)
        return (tuple(row) for row in found.values())


def ingest_of(known: Known, count: int, following: int) -> dict[str, object]:
    """How far the input has been read, for a journal with so many requests, the last one numbered `following - 1`.

    `lost_below` says that rows under it which are not in the journal may have been there, and may have been sent.
    """
    told = known.meta.get("ingest")
    rows = max(told["rows"], following) if told is not None else following
    whole = told is not None and count == rows == told["rows"]
    done = whole and told is not None and bool(told["done"])
    if whole:
        lost_below = ANY_ROW if known.doubtful and not done else 0
    else:
        lost_below = rows if told is not None and not known.doubtful else ANY_ROW
    # The digest is that of exactly these rows.
    digest = told.get("digest", "") if told is not None and told["rows"] == rows else ""
    return {"rows": rows, "done": done, "digest": digest, "lost_below": lost_below}
