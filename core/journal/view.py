"""A live, numbered selection of requests, kept beside the journal by a reader."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from time import monotonic
from typing import Protocol, TypeVar

from .filter import RowFilter
from .natural_list import listed_as_ended, read_marks
from .natural_lists import NaturalLists
from .order import Order, SortColumn
from .records import TableRow
from .sorted_lists import SortedLists
from .sorting import Sorter

T = TypeVar("T")


class Reading(Protocol):
    """What a view needs of its reader."""

    @property
    def sorter(self) -> Sorter:
        """Where sorted lists are made."""
        ...

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run one piece of reading on the reader's thread."""
        ...


class View:
    """Position to request in constant time, however many there are, for one filter and one order.

    Positions stand in temporary tables, so that no page needs OFFSET. Without an order requests are listed as
    they ended, where the filter names terminal states alone, and a refresh only adds the new ones; otherwise they
    are listed by row number and a refresh builds the list anew. A list fills from its newest end, so that its last
    page is there at once. Reading goes in steps of some milliseconds, so that no page waits long, no read
    transaction keeps the journal's WAL from its checkpoint, and whoever waits may give up between two.

    A sorted view begins as an unsorted one. The sorted list is made on a thread of its own and takes over when it is
    whole, and so does each later one. Whatever is built anew is built at most so often that it takes a tenth of its
    thread: after a sort of a second the next begins nine seconds later.
    """

    def __init__(
        self,
        reader: Reading,
        number: int,
        rows: RowFilter,
        order: Order | None = None,
        now: Callable[[], float] = monotonic,
    ) -> None:
        """`number` is that of no other view of the reader."""
        self._reader = reader
        self._rows = rows
        self._order = order
        self._natural = NaturalLists(
            str(number), rows, now, newest_first=order == Order(_natural_column(rows), descending=True)
        )
        sorts = order is not None and order.column is not _natural_column(rows)
        self._sorted = SortedLists(reader.sorter, rows, order, now) if order and sorts else None
        self._closed = False

    @property
    def rows(self) -> RowFilter:
        """The filter that selects its requests."""
        return self._rows

    @property
    def order(self) -> Order | None:
        """What they are sorted by; None for the order in which they ended, or were accepted."""
        return self._order

    @property
    def size(self) -> int:
        """How many requests it held at the last refresh or step."""
        return self._sorted.size if self._sorted is not None and self._sorted.ready else self._natural.size

    @property
    def rebuilt(self) -> int:
        """How often positions were dealt anew; while it is unchanged, they are the same."""
        return self._natural.dealt + (self._sorted.dealt if self._sorted is not None else 0)

    @property
    def sorting(self) -> bool:
        """Whether it stands in another order until the one that is wanted is there."""
        return self._sorted is not None and not self._sorted.ready

    @property
    def rest(self) -> float | None:
        """Seconds until another step is worth while though nothing changes; None when it has taken in all it saw."""
        return self._sorted.rest if self._sorted is not None else self._natural.rest

    async def refresh(self) -> int:
        """Take in all that has changed since, without a rest; returns the new size."""
        while await self.step(hurry=True) or (self._sorted is not None and await self._sorted.wait()):
            pass
        return self.size

    async def step(self, *, hurry: bool = False) -> bool:
        """Take in a bounded part of what has changed; returns whether there is more, False once closed.

        What is built anew waits its time, unless in a hurry; `rest` tells how long.
        """
        return False if self._closed else await self._reader.read(lambda db: self._step(db, hurry))

    async def page(self, start: int, count: int) -> tuple[TableRow, ...]:
        """The requests at positions `start` to `start + count - 1` (0-based), as they are now."""
        return await self._reader.read(lambda db: self._page(db, start, count))

    async def position(self, request: int) -> int | None:
        """Where a request stands in the view, or None. At most a search of the list: 30 ms in a million."""
        return await self._reader.read(lambda db: self._position(db, request))

    async def close(self) -> None:
        """Forget the lists; a refresh under way ends at its next step."""
        self._closed = True
        await self._reader.read(self._drop)

    def _step(self, db: sqlite3.Connection, hurry: bool) -> bool:
        if self._closed:
            return False
        if self._sorted is not None:
            self._sorted.look(read_marks(db), hurry=hurry)
            if self._sorted.ready:
                self._natural.drop(db)
                return False
        return self._natural.step(db, hurry=hurry)

    def _page(self, db: sqlite3.Connection, start: int, count: int) -> tuple[TableRow, ...]:
        if self._sorted is not None and self._sorted.ready:
            return self._sorted.page(start, count)
        return self._natural.page(db, start, count)

    def _position(self, db: sqlite3.Connection, request: int) -> int | None:
        if self._sorted is not None and self._sorted.ready:
            return self._sorted.position(request)
        return self._natural.position(db, request)

    def _drop(self, db: sqlite3.Connection) -> None:
        self._natural.drop(db)
        if self._sorted is not None:
            self._sorted.drop()


def _natural_column(rows: RowFilter) -> SortColumn:
    """What an unsorted list is in the order of."""
    return SortColumn.ENDED if listed_as_ended(rows) else SortColumn.ROW
