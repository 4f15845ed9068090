"""Adding up the requests that have ended, in the order in which they did, a bounded piece at a time."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from ..engine.meter import HISTORY_S, Meter
from ..latencies import Latency
from ..model import State
from ..snapshot import Second
from .hosts import HostTallies

STEP = 5_000
"""Requests looked at in one piece of reading: some 10 ms."""
_MINUTE_S = 60
_ENDED = (
    "SELECT host, state, attempts, kind, elapsed_ms, ended_at, ended FROM requests "
    "WHERE state >= 3 AND state IN (3, 4, 5) AND ended > ? AND ended <= ? ORDER BY ended"
)


@dataclass(frozen=True, slots=True)
class Lately:
    """The last two minutes in which requests ended."""

    history: tuple[Second, ...] = ()
    latency: Latency | None = None
    """Over the last ten seconds of a run that goes on, else over all of them."""
    rate_per_s: float = 0.0
    """Over the last minute."""


class EndedRequests:
    """Hosts and recent seconds of a run: one that goes on is followed, one whose requests were queued again re-read.

    `step` belongs on a reader's thread; what it re-reads is shown when `publish` is called.
    """

    def __init__(self) -> None:
        """Nothing is read yet."""
        self.hosts = HostTallies()
        self.lately = Lately()
        self.attempts: int | None = None
        """Of all requests that have ended; None until they have been added up once."""
        self._meter: Meter | None = None
        self._filling = self.hosts
        self._sum = 0
        self._seen = 0
        self._metered = 0
        self._requeues: int | None = None
        self._recent_from: float | None = None
        self._ended_at = 0.0

    def step(self, db: sqlite3.Connection, now: float | None) -> bool:
        """Take in a bounded part of what has ended since; returns whether there is more.

        `now` is the wall clock while the run goes on, and None where nothing does.
        """
        found: dict[str, int] = dict(
            db.execute("SELECT name, n FROM counters WHERE name IN ('ended', 'requeues')")
        )
        last, requeues = found.get("ended", 0), found.get("requeues", 0)
        if requeues != self._requeues:
            again = self._requeues is not None
            self._requeues, self._seen, self._sum = requeues, 0, 0
            self._filling = HostTallies() if again else self.hosts
        if self._recent_from is None and last:
            self._recent_from = _latest(db, last) - HISTORY_S - 1
        end = min(last, self._seen + STEP)
        for record in db.execute(_ENDED, (self._seen, end)) if end > self._seen else ():
            self._take(*record)
        self._seen = end
        if end == last and self._meter is not None:
            self.lately = self._account(self._meter, now)
        return end < last

    def publish(self) -> None:
        """Show what was re-read, now that it is whole."""
        self.hosts = self._filling
        self.attempts = self._sum

    def _take(
        self,
        host: str,
        state: int,
        attempts: int,
        kind: str | None,
        elapsed_ms: float | None,
        ended_at: float,
        ended: int,
    ) -> None:
        self._sum += attempts
        if host:
            self._filling.add(host, state, attempts, kind, elapsed_ms)
        if ended <= self._metered or self._recent_from is None:
            return
        self._metered = ended
        if elapsed_ms is not None and state != State.SKIPPED and ended_at >= self._recent_from:
            self._meter = self._meter or Meter(ended_at)
            self._ended_at = max(self._ended_at, ended_at)
            self._meter.record(self._ended_at, elapsed_ms, succeeded=state == State.SUCCEEDED, ended=True)

    def _account(self, meter: Meter, now: float | None) -> Lately:
        # The last second of a run that is over is closed too.
        until = max(now if now is not None else 0.0, self._ended_at + (now is None))
        meter.roll(until)
        latency = meter.latency(HISTORY_S) if now is None else meter.latency()
        return Lately(meter.history, latency, meter.rate_per_s(until, _MINUTE_S))


def _latest(db: sqlite3.Connection, last: int) -> float:
    """When the latest request ended, on the wall clock."""
    sql = (
        "SELECT ifnull(max(ended_at), 0) FROM requests "
        "WHERE state >= 3 AND state IN (3, 4, 5) AND ended > ? AND ended <= ?"
    )
    width = 1000
    while width < 2 * last:
        found: float = db.execute(sql, (last - width, last)).fetchone()[0]
        if found:
            return found
        width *= 10
    return float(db.execute(sql, (0, last)).fetchone()[0])
