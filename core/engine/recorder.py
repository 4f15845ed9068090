"""Keeps a run's past while it goes on: in memory for the charts, and thinned in the journal for later sessions."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from ..journal.history import values_of
from ..journal.opening import open_for_reading
from ..journal.writer import Journal
from ..latencies import Latencies
from ..past import PastView, Stretch
from ..snapshot import Event
from .meter import Meter
from .remembering import Remembered
from .timeline import UNITS_S

_ROWS = (3600, 7200)
"""So many rows of ten seconds are kept (ten hours), then as many of a minute, then of ten minutes."""


class Recorder:
    """Makes a stretch of every second that the meter has closed."""

    def __init__(self, remembered: Remembered, meter: Meter, clock: Callable[[], float] = time.time) -> None:
        """`remembered` holds earlier sessions; `clock` is the wall clock."""
        remembered.begin_session(clock())
        self._timeline = remembered.timeline
        self._rows = remembered.rows
        self._meter = meter
        self._clock = clock
        self._sums = (0, 0)
        self._flying = 0.0
        self._unkept: Stretch | None = None

    def tick(self, now: float, in_use: int, limit: int, *, running: bool) -> list[Stretch]:
        """Take in how things stand; the stretches to be kept in the journal, once they are whole.

        `now` is on the meter's clock.
        """
        self._sums = total, ticks = self._sums[0] + in_use, self._sums[1] + 1
        wall = self._clock()
        kept: list[Stretch] = []
        for closed in self._meter.take_closed():
            self._sums = 0, 0
            stretch = Stretch(
                at=wall - (now - closed.second),
                seconds=1.0,
                running_s=float(running),
                succeeded=closed.succeeded,
                failed=closed.failed,
                in_flight=total / ticks,
                limit=limit,
                latencies=Latencies.of(closed.cells),
            )
            added = self._timeline.add(stretch)
            if added:
                self._unkept = stretch if self._unkept is None else self._unkept.then(stretch)
            if self._unkept is not None and (not added or self._unkept.seconds >= self._unit):
                kept.append(self._unkept)
                self._rows += 1
                self._unkept = None
        return kept

    def finish(self, now: float, limit: int) -> list[Stretch]:
        """Close the second that is under way; what has not been given out to be kept yet."""
        self._meter.roll(int(now) + 1)
        kept = self.tick(int(now) + 1, 0, limit, running=True)
        return [*kept, self._unkept] if self._unkept is not None else kept

    def mark(self, event: Event) -> None:
        """Remember the moment of a change."""
        self._timeline.mark(event.at, event.kind, event.text)

    def view(self, span_s: float | None, columns: int) -> PastView:
        """The last `span_s` seconds of the run, all of it for None."""
        return self._timeline.view(span_s, columns)

    @property
    def _unit(self) -> int:
        return UNITS_S[1 + sum(self._rows >= most for most in _ROWS)]


def keep(journal: Journal, session: int, stretches: list[Stretch]) -> None:
    """Have the journal keep stretches, with nobody waiting for it."""
    if stretches:
        rows = [values_of(session, stretch) for stretch in stretches]
        journal.post(lambda store: store.add_history(rows))


def remembered(journal: Path) -> Remembered:
    """What earlier sessions have left in the journal; raises sqlite3.Error where it cannot be read."""
    found = Remembered()
    with closing(open_for_reading(journal)) as db:
        found.take(found.fetch(db))
    return found
