"""The numbers a journal keeps so that nobody has to scan it: counters by name, and failures by cause."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping

from ..model import Counts, FailureKind, State
from .cause_book import CauseBook
from .entries import Ended


class Ledger:
    """Counters and causes as they are inside the transaction under way; `load` goes back to what is committed."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Read what is committed."""
        self._db = db
        self._counters: Counter[str] = Counter()
        self._causes = CauseBook(db)
        self.load()

    @property
    def counts(self) -> Counts:
        """How many requests are in each state."""
        return Counts(**{state.label: self._counters[state.label] for state in State})

    @property
    def received_bytes(self) -> int:
        """Octets of response bodies received over all attempts."""
        return self._counters["bytes"]

    def load(self) -> None:
        """Forget what was not committed."""
        self._counters = Counter(dict(self._db.execute("SELECT name, n FROM counters")))
        self._causes.load()

    def save(self) -> None:
        """Store counters and causes with the transaction under way."""
        self._db.executemany("INSERT OR REPLACE INTO counters VALUES (?, ?)", self._counters.items())
        self._causes.save()

    def add(self, name: str, count: int) -> None:
        """Count something."""
        self._counters[name] += count

    def move(self, before: State, after: State, count: int) -> None:
        """Some requests changed their state."""
        self._counters[before.label] -= count
        self._counters[after.label] += count

    def recount(self) -> None:
        """Count the states by a scan; for what must never happen."""
        found: dict[int, int] = dict(self._db.execute("SELECT state, count(*) FROM requests GROUP BY state"))
        for state in State:
            self._counters[state.label] = found.get(state, 0)

    def next_ended(self) -> int:
        """The next number in the order in which requests end."""
        self._counters["ended"] += 1
        return self._counters["ended"]

    def blame(self, one: Ended, now: float) -> int:
        """Count a failure with its like; returns the cause's id."""
        return self.blame_for(one.id, one.kind or FailureKind.UNEXPECTED, one.status, one.message, now)

    def blame_for(
        self, request: int, kind: FailureKind, status: int | None, message: str | None, now: float
    ) -> int:
        """The same for a failure that was no attempt of this run's."""
        return self._causes.blame(request, kind, status, message, now)

    def pardon(self, causes: Mapping[int, int]) -> None:
        """So many failures of each cause are failures no more."""
        self._causes.pardon(causes)
