"""How a run stands, read from its journal at next to no cost while another process writes it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

JOURNAL = "journal.sqlite"
_ENDED = ("succeeded", "failed", "skipped", "invalid")
_PENDING = ("queued", "in_flight", "waiting")
MIDDLE = 0.8
"""Share of a run's requests."""


class Standing(NamedTuple):
    """How far a run is."""

    done: int
    """Requests in a terminal state."""
    total: int
    """Rows that have been read."""


class Watch:
    """A read-only connection to the journal of a run that is, or will be, under way."""

    def __init__(self, run: Path) -> None:
        self._path = run / JOURNAL
        self._db: sqlite3.Connection | None = None

    def counters(self) -> dict[str, int]:
        """The journal's counters, empty before there is a journal."""
        try:
            if self._db is None:
                if not self._path.exists():
                    return {}
                self._db = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=1)
            return dict(self._db.execute("SELECT name, n FROM counters"))
        except sqlite3.OperationalError:  # it is only just being made
            return {}

    def now(self) -> Standing:
        """How far the run is."""
        found = self.counters()
        done = sum(found.get(state, 0) for state in _ENDED)
        return Standing(done, done + sum(found.get(state, 0) for state in _PENDING))

    def close(self) -> None:
        if self._db is not None:
            self._db.close()

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a journal says when its run is over."""

    succeeded: int
    total: int
    body_bytes: int
    failed_attempts: int
    """Attempts that did not succeed, whatever became of their requests."""
    elapsed_s: float
    """Of the last session, by its own account."""
    middle_s: float
    """In which the middle `MIDDLE` of the requests ended, when starting was over and ending had not begun."""


def outcome(run: Path) -> Outcome:
    """Read a run that nobody is working on."""
    with closing(sqlite3.connect(f"file:{run / JOURNAL}?mode=ro", uri=True)) as db:
        counters = dict(db.execute("SELECT name, n FROM counters"))
        failed = db.execute("SELECT count(*) FROM attempts WHERE kind IS NOT NULL").fetchone()[0]
        elapsed = db.execute("SELECT elapsed_s FROM sessions ORDER BY n DESC LIMIT 1").fetchone()[0]
        succeeded = counters.get("succeeded", 0)
        first, last = (_ended_at(db, succeeded * share) for share in ((1 - MIDDLE) / 2, (1 + MIDDLE) / 2))
    states = (*_ENDED, *_PENDING)
    return Outcome(
        succeeded,
        sum(counters.get(state, 0) for state in states),
        counters.get("bytes", 0),
        failed,
        elapsed,
        last - first,
    )


def _ended_at(db: sqlite3.Connection, place: float) -> float:
    """When the request ended that came so far in the order of those that succeeded; 0 where there is none."""
    found = db.execute(
        "SELECT ended_at FROM requests WHERE state = 3 AND state >= 3 AND ended >= ? ORDER BY ended LIMIT 1",
        (int(place),),
    ).fetchone()
    return found[0] if found else 0.0
