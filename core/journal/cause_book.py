"""Failures by cause as the writer counts them: in memory within a transaction, in one row for each when it is saved."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from msgspec import Struct

from ..model import FailureKind
from ..policies.signature import Signatures
from ..policies.trend import NO_TREND, Trend
from .trends import read_trend, write_trend

_LOAD = "SELECT id, signature, kind, status, n, last_at, sample, recent FROM causes"
_ADD = (
    "INSERT INTO causes(signature, kind, status, n, first_at, last_at, sample) VALUES (?, ?, ?, 0, ?, ?, ?)"
)
_SAVE = "UPDATE causes SET n = ?, last_at = ?, sample = ?, recent = ? WHERE id = ?"
_STILL = "SELECT 1 FROM requests WHERE id = ? AND cause = ? AND state = 4"
_NEWEST = "SELECT id FROM requests WHERE cause = ? AND state = 4 ORDER BY ended DESC LIMIT 1"


class _Entry(Struct):
    id: int
    count: int
    last_at: float
    sample: int
    trend: Trend


class CauseBook:
    """How many requests have failed by each cause, when, which may serve as a sample, and the trend."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Empty before `load`."""
        self._db = db
        self._names = Signatures()
        self._entries: dict[str, _Entry] = {}
        self._by_id: dict[int, _Entry] = {}
        self._changed: set[int] = set()
        self._pardoned: set[int] = set()

    def load(self) -> None:
        """Forget what was not committed."""
        self._names = Signatures()
        self._entries, self._by_id, self._changed, self._pardoned = {}, {}, set(), set()
        for cause, text, kind, status, count, last_at, sample, recent in self._db.execute(_LOAD):
            self._names.add(text, FailureKind(kind), status)
            self._enter(text, _Entry(cause, count, last_at, sample, read_trend(recent)))

    def blame(
        self, request: int, kind: FailureKind, status: int | None, message: str | None, now: float
    ) -> int:
        """Count a failure (`now` is the wall clock); returns the number of its cause."""
        text = self._names.of(kind, status, message or kind.value)
        entry = self._entries.get(text)
        if entry is None:
            made = self._db.execute(_ADD, (text, kind, status, now, now, request)).lastrowid
            entry = _Entry(int(made or 0), 0, now, request, NO_TREND)
            self._enter(text, entry)
        if not entry.count:
            entry.sample = request
        entry.count += 1
        entry.last_at = now
        entry.trend = entry.trend.counting(now)
        self._changed.add(entry.id)
        return entry.id

    def pardon(self, causes: Mapping[int, int]) -> None:
        """So many failures of each cause are failures no more."""
        for cause, count in causes.items():
            if (entry := self._by_id.get(cause)) is not None:
                entry.count -= count
                self._pardoned.add(cause)
        self._changed |= self._pardoned

    def save(self) -> None:
        """Store what has changed with the transaction under way, each with a sample that has still failed by it."""
        for entry in map(self._by_id.__getitem__, self._pardoned):
            if not entry.count:
                continue  # the next failure becomes its sample; to look for one would pass over all that were skipped
            still = self._db.execute(_STILL, (entry.sample, entry.id)).fetchone()
            if still is None and (newest := self._db.execute(_NEWEST, (entry.id,)).fetchone()) is not None:
                entry.sample = newest[0]
        changed = map(self._by_id.__getitem__, self._changed)
        self._db.executemany(
            _SAVE, ((one.count, one.last_at, one.sample, write_trend(one.trend), one.id) for one in changed)
        )
        self._changed, self._pardoned = set(), set()

    def _enter(self, text: str, entry: _Entry) -> None:
        self._entries[text] = self._by_id[entry.id] = entry
