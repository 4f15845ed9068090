"""The sorted list of a view, and the one that is being made to replace it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable

from ..errors import RunError
from .filter import RowFilter
from .natural_list import Marks
from .order import Order
from .records import TableRow
from .rest import Rest
from .sorting import Sort, SortedList, Sorter

_POLL_S = 0.03
_PAUSE_AFTER_ERROR_S = 0.1
"""Of work: the next sort begins a second later."""


class SortedLists:
    """Has lists made one after another; each serves until the next is whole."""

    def __init__(self, sorter: Sorter, rows: RowFilter, order: Order, now: Callable[[], float]) -> None:
        """Nothing is sorted before the first look."""
        self._sorter = sorter
        self._rows = rows
        self._order = order
        self._rest = Rest(now)
        self._serving: tuple[Sort, SortedList] | None = None
        self._sort: Sort | None = None
        self._marks: Marks | None = None
        """How far the journal had come before the last sort began."""
        self._put_off = False
        self.dealt = 0
        """How often another list took over."""

    @property
    def ready(self) -> bool:
        """Whether there is a list."""
        return self._serving is not None

    @property
    def size(self) -> int:
        """How many requests it holds."""
        return self._serving[1].size if self._serving is not None else 0

    @property
    def rest(self) -> float | None:
        """Seconds until another look is worth while; None where nothing is under way or put off."""
        if self._sort is not None:
            return _POLL_S
        return self._rest.left_s if self._put_off else None

    def look(self, marks: Marks, *, hurry: bool) -> None:
        """Take the list that has been made, and have another made where the journal has changed.

        Belongs on the reader's thread, where nobody reads the old list meanwhile. Raises what ended the sort:
        sqlite3.Error, or RunError where no connection was to be had.
        """
        if self._sort is not None:
            if not self._sort.future.done():
                return
            self._take(self._sort)
        stale = self._marks is None or self._marks.differ(marks, self._rows)
        self._put_off = stale and not hurry and self._rest.left_s > 0
        if stale and not self._put_off:
            self._marks, self._sort = marks, self._sorter.begin(self._rows, self._order)

    async def wait(self) -> bool:
        """Return when the sort under way has ended; whether there was one."""
        if self._sort is None:
            return False
        ended = asyncio.wrap_future(self._sort.future)
        await asyncio.wait({ended})
        # Whoever looks next gets the error; here it only counts as seen.
        ended.exception()
        return True

    def page(self, start: int, count: int) -> tuple[TableRow, ...]:
        """The requests at positions `start` to `start + count - 1`."""
        return self._serving[1].page(start, count) if self._serving is not None else ()

    def position(self, request: int) -> int | None:
        """Where a request stands, or None."""
        return self._serving[1].position(request) if self._serving is not None else None

    def drop(self) -> None:
        """Give up the sort under way and close the list; on the reader's thread."""
        for sort in (self._sort, self._serving[0] if self._serving is not None else None):
            if sort is not None:
                self._sorter.discard(sort)
        self._sort = self._serving = None

    def _take(self, sort: Sort) -> None:
        self._sort = None
        try:
            made = sort.future.result()
        except (sqlite3.Error, RunError):
            self._marks = None
            self._rest.after(_PAUSE_AFTER_ERROR_S)
            self._sorter.discard(sort)
            raise
        if self._serving is not None:
            self._sorter.discard(self._serving[0])
        self._serving = sort, made
        self.dealt += 1
        self._rest.after(made.took_s)
