"""What each host has had of a run, added up from its ended requests in bounded memory."""

from __future__ import annotations

import math
from collections import Counter, deque
from dataclasses import dataclass, field
from operator import attrgetter

from ..model import FailureKind, State
from ..snapshot import HostRow

MOST_HOSTS = 10_000
"""Hosts with a row of their own: the first ones met. All others share one."""
WINDOW = 256
"""Requests that a host's percentiles look back on."""


@dataclass(slots=True)
class _Tally:
    id: int
    name: str
    attempts: int = 0
    succeeded: int = 0
    failed: int = 0
    last_failure: str | None = None
    times: deque[float] = field(default_factory=lambda: deque[float](maxlen=WINDOW))

    def row(self, in_flight: int) -> HostRow:
        times = sorted(self.times)
        kind = self.last_failure
        return HostRow(
            id=self.id,
            host=self.name,
            in_flight=in_flight,
            succeeded=self.succeeded,
            failed=self.failed,
            p50_ms=_rank(times, 0.50),
            p95_ms=_rank(times, 0.95),
            last_failure=FailureKind(kind) if kind else None,
            limit=None,
            pace_per_s=None,
            rests_s=0.0,
        )


class HostTallies:
    """Attempts by host: those of a request that ended are all failed but the last of one that succeeded."""

    def __init__(self, most: int = MOST_HOSTS) -> None:
        """`most` hosts get a row of their own."""
        self._most = most
        self._tallies: dict[str, _Tally] = {}
        self._others: _Tally | None = None
        self._order: list[_Tally] | None = []

    def __len__(self) -> int:
        """Rows there are: one for each host, and one more for all that have none of their own."""
        return len(self._tallies) + (self._others is not None)

    def add(self, host: str, state: int, attempts: int, kind: str | None, elapsed_ms: float | None) -> None:
        """Count one ended request."""
        tally = self._tallies.get(host) or self._admit(host)
        tally.attempts += attempts
        if state == State.SUCCEEDED:
            tally.succeeded += 1
            tally.failed += max(0, attempts - 1)
        elif state == State.FAILED:
            tally.failed += attempts
            tally.last_failure = kind
        else:
            # The last attempt of one that was skipped came to no end.
            tally.failed += max(0, attempts - 1)
        if elapsed_ms is not None and state != State.SKIPPED:
            tally.times.append(elapsed_ms)
        self._order = None

    def rows(self, start: int, count: int, in_flight: Counter[str]) -> tuple[HostRow, ...]:
        """A window of the hosts, those with the most attempts first; the row shared by the rest comes last."""
        # Another thread may be adding: what it makes stale is sorted again the next time.
        order = self._order
        if order is None:
            order = self._order = sorted(self._tallies.values(), key=attrgetter("attempts"), reverse=True)
        window = order[start : start + count]
        if self._others is not None and start <= len(order) < start + count:
            window = [*window, self._others]
        return tuple(tally.row(in_flight[tally.name]) for tally in window)

    def _admit(self, name: str) -> _Tally:
        if len(self._tallies) < self._most:
            tally = self._tallies[name] = _Tally(len(self._tallies), name)
            return tally
        if self._others is None:
            self._others = _Tally(self._most, "")
        return self._others


def _rank(times: list[float], share: float) -> float | None:
    return times[math.ceil(len(times) * share) - 1] if times else None
