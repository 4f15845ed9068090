"""The requests that a journal knows to be under way in another process, or to have been when it was killed."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass

from ..model import Phase
from ..snapshot import InFlightRow

MOST = 10_000
"""Rows that are held; no run has more in flight for long."""
# The partial index serves only a query that repeats its condition word for word.
_LEASED = (
    "SELECT id, method, url, attempts, host FROM requests WHERE state < 3 AND state = 1 ORDER BY id LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class Leased:
    """One request that was leased to be sent."""

    id: int
    method: str
    url: str
    attempt: int
    host: str


def leased(db: sqlite3.Connection, most: int = MOST) -> tuple[Leased, ...]:
    """The requests that are leased, by row number."""
    return tuple(Leased(*found) for found in db.execute(_LEASED, (most,)))


class Flights:
    """Orders them by when they were first seen, since the journal does not keep when a lease began."""

    def __init__(self) -> None:
        """Nothing is seen yet."""
        self._seen: dict[tuple[int, int], tuple[float, Leased]] = {}
        self.by_host: Counter[str] = Counter()
        """How many each host has."""

    def see(self, found: tuple[Leased, ...], under_way: int, now: float) -> None:
        """Take in what is leased now, of which about the first `under_way` have been sent."""
        before = self._seen
        current = {(row.id, row.attempt): row for row in found}
        kept = {key: seen for key, seen in before.items() if key in current}
        kept |= {key: (now, row) for key, row in current.items() if key not in kept}
        self._seen = kept
        self.by_host = Counter(row.host for _, row in list(kept.values())[:under_way])

    def rows(self, start: int, count: int, now: float) -> tuple[InFlightRow, ...]:
        """A window of them; an age is the least that it can be."""
        window = list(self._seen.values())[start : start + count]
        return tuple(
            InFlightRow(row.id, row.method, row.url, row.attempt, Phase.SENT, now - since, 0)
            for since, row in window
        )
