"""The list of an unsorted view, and the one that is to replace it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from time import perf_counter

from .filter import RowFilter
from .natural_list import Marks, NaturalList, listed_as_ended, read_marks
from .records import TableRow
from .rest import Rest

FIRST_STEP = 4_000
"""Requests looked at in the first step; those that follow are as long as `STEP_S` takes."""
LONGEST_STEP = 50_000
STEP_S = 0.008
"""A page that is wanted meanwhile waits that long."""


class NaturalLists:
    """Grows the list it has where requests only end, and builds another beside it where they went elsewhere."""

    def __init__(self, name: str, rows: RowFilter, now: Callable[[], float], *, newest_first: bool) -> None:
        """Nothing is listed before the first step."""
        self._name = name
        self._rows = rows
        self._newest_first = newest_first
        self._generation = 0
        self._list: NaturalList | None = None
        self._next: NaturalList | None = None
        self._dealt = 0
        self._chunk = FIRST_STEP
        self._spent_s = 0.0
        self._rest = Rest(now)
        self._put_off = False

    @property
    def size(self) -> int:
        """How many requests are listed."""
        return self._list.size if self._list is not None else 0

    @property
    def dealt(self) -> int:
        """How often requests came to stand at other positions."""
        return self._dealt + (self._shifts(self._list) if self._list is not None else 0)

    @property
    def rest(self) -> float | None:
        """Seconds until what was put off may be done; None where nothing was."""
        return self._rest.left_s if self._put_off else None

    def step(self, db: sqlite3.Connection, *, hurry: bool) -> bool:
        """Take in a bounded part of what has changed; returns whether there is more that may be done now."""
        began, serving = perf_counter(), self._list
        try:
            more = self._step(db, hurry=hurry)
        except sqlite3.Error:
            # It may hold a part of what was to be added, or not be readable any more.
            with contextlib.suppress(sqlite3.Error):
                self.drop(db)
            self._list = self._next = None
            self._dealt += 1
            raise
        took = perf_counter() - began
        self._chunk = max(1, min(LONGEST_STEP, int(self._chunk * min(4.0, STEP_S / max(took, 1e-6)))))
        self._spent_s += took
        if self._list is not serving:
            self._rest.after(self._spent_s)
        return more

    def page(self, db: sqlite3.Connection, start: int, count: int) -> tuple[TableRow, ...]:
        """The requests at positions `start` to `start + count - 1`."""
        if self._list is None:
            return ()
        if not self._newest_first:
            return self._list.page(db, start, count)
        end = max(0, self.size - start)
        first = max(0, end - count)
        return self._list.page(db, first, end - first)[::-1]

    def position(self, db: sqlite3.Connection, request: int) -> int | None:
        """Where a request stands, or None."""
        found = self._list.position(db, request) if self._list is not None else None
        return found if found is None or not self._newest_first else self.size - 1 - found

    def drop(self, db: sqlite3.Connection) -> None:
        """Give all tables back."""
        self._dealt = self.dealt
        for old in (self._list, self._next):
            if old is not None:
                old.drop(db)
        self._list = self._next = None

    def _step(self, db: sqlite3.Connection, *, hurry: bool) -> bool:
        marks = read_marks(db)
        if self._list is None:
            self._list = self._create(db, marks)
            self._dealt += 1
        if self._outdated(self._next, marks):
            self._forget_next(db)
        if self._next is None:
            stale = self._outdated(self._list, marks)
            self._put_off = stale and not hurry and self._rest.left_s > 0
            if not stale or self._put_off:
                return self._list.grow(db, marks, self._chunk)
            self._next, self._spent_s = self._create(db, marks), 0.0
        if self._next.grow(db, marks, self._chunk):
            return True
        self._swap(db, self._next)
        return False

    def _outdated(self, one: NaturalList | None, marks: Marks) -> bool:
        """Whether a list cannot be brought up to date by growing it."""
        if one is None:
            return False
        if listed_as_ended(self._rows):
            return one.marks.requeues != marks.requeues
        return one is self._list and one.whole and one.marks.version != marks.version

    def _create(self, db: sqlite3.Connection, marks: Marks) -> NaturalList:
        self._generation += 1
        return NaturalList(db, f"{self._name}_{self._generation}", self._rows, marks)

    def _swap(self, db: sqlite3.Connection, ready: NaturalList) -> None:
        self._dealt = self.dealt + 1
        if self._list is not None:
            self._list.drop(db)
        self._list, self._next = ready, None

    def _forget_next(self, db: sqlite3.Connection) -> None:
        if self._next is not None:
            self._next.drop(db)
        self._next = None

    def _shifts(self, one: NaturalList) -> int:
        return one.grown_on if self._newest_first else one.grown_back
