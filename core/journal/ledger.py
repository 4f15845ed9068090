"""The numbers a journal keeps so that nobody has to scan it: counters by name, and failures by cause."""

from __future__ import annotations

import sqlite3
from collections import Counter

from ..model import Counts, FailureKind, State
from ..policies.signature import signature
from .entries import Ended

_ADD_CAUSE = """
INSERT INTO causes(signature, kind, status, n, first_at, last_at, sample) VALUES (?, ?, ?, 1, ?, ?, ?)
"""


class Ledger:
    """Counters and causes as they are inside the transaction under way; `load` goes back to what is committed."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Read what is committed."""
        self._db = db
        self._counters: Counter[str] = Counter()
        self._causes: dict[str, int] = {}
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
        self._causes = dict(self._db.execute("SELECT signature, id FROM causes"))

    def save(self) -> None:
        """Store the counters with the transaction under way."""
        self._db.executemany("INSERT OR REPLACE INTO counters VALUES (?, ?)", self._counters.items())

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
        text = signature(kind, status, message or kind.value)
        known = self._causes.get(text)
        if known is not None:
            self._db.execute("UPDATE causes SET n = n + 1, last_at = ? WHERE id = ?", (now, known))
            return known
        new = self._db.execute(_ADD_CAUSE, (text, kind, status, now, now, request)).lastrowid
        self._causes[text] = int(new or 0)
        return self._causes[text]

    def pardon(self, causes: dict[int, int]) -> None:
        """So many failures of each cause are failures no more."""
        self._db.executemany(
            "UPDATE causes SET n = n - ? WHERE id = ?", [(n, cause) for cause, n in causes.items()]
        )
