"""A run's past out of its journal, also while another process goes on writing it."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from ..journal.history import Moment, read_history, read_moments
from ..past import Stretch
from .timeline import Timeline

_MOST_MOMENTS = 500


class News(NamedTuple):
    """What a journal has had since it was last asked."""

    stretches: list[tuple[int, Stretch]]
    moments: list[Moment]


class Remembered:
    """A timeline that follows a journal's rows."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self.timeline = Timeline()
        self.rows = 0
        """Stretches read so far."""
        self.moments: list[Moment] = []
        """The last events read so far, in order."""
        self._ended_at: float | None = None
        self._row = 0
        self._event = 0

    def fetch(self, db: sqlite3.Connection) -> News:
        """Read what is new, on whatever thread; raises sqlite3.Error or ValueError where it cannot be read."""
        return News(read_history(db, self._row), read_moments(db, self._event))

    def take(self, news: News) -> None:
        """Let the timeline go on with it."""
        self.rows += len(news.stretches)
        self._row = news.stretches[-1][0] if news.stretches else self._row
        self._event = news.moments[-1][0] if news.moments else self._event
        self.moments = [*self.moments, *news.moments][-_MOST_MOMENTS:]
        self._follow((stretch for _, stretch in news.stretches), news.moments)

    def begin_session(self, now: float) -> None:
        """Leave a gap for the time that nobody worked on the run; `now` is the wall clock."""
        if self._ended_at is not None:
            self.timeline.stand_still(max(1.0, now - self._ended_at))

    def _follow(self, stretches: Iterable[Stretch], moments: Iterable[Moment]) -> None:
        ordered: Iterable[tuple[float, Stretch | Moment]] = heapq.merge(
            ((stretch.at, stretch) for stretch in stretches),
            ((moment[1], moment) for moment in moments),
            key=lambda pair: pair[0],
        )
        for at, one in ordered:
            if not isinstance(one, Stretch):
                self.timeline.mark(at, one[2], one[3])
                continue
            if self._ended_at is not None and at - self._ended_at >= 1:
                self.timeline.stand_still(at - self._ended_at)
            self.timeline.add(one)
            self._ended_at = at + one.seconds
