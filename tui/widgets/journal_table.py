"""The tables of finished requests, read from the journal by page."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections import deque
from collections.abc import Iterable
from time import monotonic

from msgspec.structs import replace

from ...core.errors import FetchdeckError
from ...core.journal.filter import RowFilter
from ...core.journal.order import Order, SortColumn
from ...core.journal.reader import JournalReader
from ...core.journal.records import TableRow
from ...core.journal.view import View
from ...core.model import State
from ...core.snapshot import Snapshot
from ..unreadable import unreadable
from .journal_table_columns import PROBLEM_COLUMNS, PROBLEM_MORE, SUCCESS_COLUMNS, SUCCESS_MORE
from .table_foot import Foot
from .table_marks import MOST
from .virtual_table import VirtualTable

REFRESH_S = 0.33
"""The journal is asked for new rows at most once in this many seconds; longer than `GROWTH_S`."""
_PAUSE_AFTER_ERROR_S = 1.0
_PAGES = 4
"""Pages kept, so that going back shows rows at once."""


class JournalTable(VirtualTable[TableRow]):
    """Requests of some states, in the order they ended, the newest last.

    One task does all the reading, one thing at a time: it changes the filter, takes in new rows, and loads
    the page in sight with a screen on either side. What was loaded stays on screen until the new page is here.
    """

    FOLLOWS = True
    NATURAL = "as they ended"

    class Opened(VirtualTable.Opened[TableRow]):
        """The user opened a request."""

    def __init__(
        self,
        states: Iterable[State],
        *,
        empty: str = "",
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        """A table of these states, unless a filter names states of its own; `empty` says what it is for."""
        self._states = frozenset(states)
        self._purpose = empty or f"Requests that are {_listed(self._states)} appear here."
        alike = self._states == {State.SUCCEEDED}
        super().__init__(
            SUCCESS_COLUMNS if alike else PROBLEM_COLUMNS,
            empty=self._purpose,
            more=SUCCESS_MORE if alike else PROBLEM_MORE,
            id=id,
            classes=classes,
        )
        self._reader: JournalReader | None = None
        self._nothing = self._purpose
        """What an empty table says."""
        self._filter = RowFilter().within(self._states)
        self._view: View | None = None
        self._pages: deque[tuple[int, tuple[TableRow, ...]]] = deque(maxlen=_PAGES)
        self._revision = -1
        self._stale = True
        """Whether the journal may hold more than the view."""
        self._filling = False
        """Whether the view has taken in a part of what there is."""
        self._rebuilt = 0
        """The view's deal of positions that the pages show."""
        self._due = 0.0
        self._in_sight = False
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()

    @property
    def rows_filter(self) -> RowFilter:
        """What the table shows, its states included."""
        return self._filter

    def connect(self, reader: JournalReader) -> None:
        """Read from this journal from now on."""
        self._reader = reader
        self._wake.set()

    def set_filter(self, rows: RowFilter) -> None:
        """Show what this filter selects, of the table's states unless it names others; marks are taken away."""
        chosen = rows.within(self._states)
        if chosen != self._filter:
            self._filter = chosen
            self.following = self.can_follow
            if self.sorting is not None:
                self.move_cursor(0)
            self._nothing = "No request matches the filter." if rows != RowFilter() else self._purpose
            self.clear_marks()
            self._wake.set()

    @property
    def order(self) -> Order | None:
        """What the rows are sorted by; None for the order in which they ended."""
        column = self.sorted_column
        if column is None or self.sorting is None or not isinstance(column.sort, SortColumn):
            return None
        return Order(column.sort, self.sorting.descending)

    def order_changed(self) -> None:
        """Have the rows sorted, on the reader's thread; until they are, those there are stay in sight."""
        self._wake.set()

    def foot(self) -> Foot:
        """What the line below the rows tells."""
        sorting = self._view is not None and self._view.sorting
        busy = "sorting" if sorting else "reading" if self._filling else ""
        return replace(super().foot(), busy=busy)

    async def keys_between(self, first: int, last: int) -> tuple[int, ...]:
        """The numbers of the requests at these positions, both included, `MOST` at most."""
        view = self._view
        try:
            rows = () if view is None else await view.page(first, min(last - first + 1, MOST))
        except (sqlite3.Error, FetchdeckError) as error:
            self.notify(unreadable(error), severity="error", markup=False)
            return ()
        return tuple(row.id for row in rows)

    def row_at(self, position: int) -> TableRow | None:
        """The row at a position, if its page is loaded."""
        for start, rows in self._pages:
            if start <= position < start + len(rows):
                return rows[position - start]
        return None

    def key_of(self, row: TableRow) -> int:
        """The request's number."""
        return row.id

    def window_changed(self) -> None:
        """Load the page that came into sight."""
        self._wake.set()

    async def neighbour(self, request: int, step: int) -> int | None:
        """The request `step` rows further down the table, or None at its ends; the cursor goes there."""
        view = self._view
        if view is None or (position := await view.position(request)) is None:
            return None
        rows = await view.page(position + step, 1) if position + step >= 0 else ()
        if not rows:
            return None
        self.move_cursor(position + step)
        return rows[0].id

    async def settled(self) -> None:
        """Return when the table shows what the journal holds, for tests and screenshots."""
        self._idle.clear()
        self._wake.set()
        await self._idle.wait()

    def follow(self, snapshot: Snapshot) -> None:
        """Take in new rows when there are any."""
        super().follow(snapshot)
        if snapshot.revision != self._revision:
            self._revision, self._stale = snapshot.revision, True
            self._wake.set()

    def on_mount(self) -> None:
        """Start the one task that reads."""
        self.run_worker(self._read_on(), name="journal-table")

    def on_show(self) -> None:
        """Catch up with the journal."""
        self._in_sight = True
        self._wake.set()

    def on_hide(self) -> None:
        """Read nothing while nobody looks."""
        self._in_sight = False

    async def _read_on(self) -> None:
        while True:
            self._wake.clear()
            wait: float | None
            try:
                wait = await self._advance()
                self.show_notice("")
            except (sqlite3.Error, FetchdeckError) as error:
                self.show_notice(unreadable(error))
                wait = _PAUSE_AFTER_ERROR_S
            if wait is None and not self._wake.is_set():
                self._idle.set()
            if wait != 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), wait)

    async def _advance(self) -> float | None:
        """Read what is wanted most; returns how long the next piece may wait, None when nothing is wanted."""
        if self._reader is None or not self._in_sight:
            return None
        view = self._view
        if view is None or view.rows != self._filter or view.order != self.order:
            self._view = self._reader.view(self._filter, self.order)
            self._stale, self._filling, self._due, self._rebuilt = True, True, 0.0, -1
            self.refresh()
            if view is not None:
                await view.close()
            return 0
        if (self._stale or self._filling) and self._due <= monotonic():
            if self._filling and self._rebuilt >= 0 and not self._loaded():
                await self._load(view)
            await self._take_in(view)
            # An empty table would otherwise be painted at each step of a search that finds nothing.
            more = view.size != self.row_count or view.rebuilt != self._rebuilt
            if not self._filling or (more and self.growth_wait() <= 0):
                await self._load(view)
        elif not self._loaded():
            await self._load(view)
        return max(0.0, self._due - monotonic()) if self._stale or self._filling else None

    async def _take_in(self, view: View) -> None:
        self._stale = False
        self._filling = await view.step()
        if not self._filling:
            self._stale |= view.rest is not None
            self._due = monotonic() + min(REFRESH_S, view.rest or REFRESH_S)
        self.empty = "Searching the journal…" if self._filling else self._nothing

    def _loaded(self) -> bool:
        first, height = self.window()
        return all(self.row_at(at) for at in range(first, min(first + height, self.row_count)))

    async def _load(self, view: View) -> None:
        first, height = self.window()
        if self.following:
            first = max(0, view.size - height)
        elif (
            not self._at_top()
            and self._rebuilt not in (-1, view.rebuilt)
            and (row := self.selected) is not None
        ):
            await self._find(view, row)
            first, height = self.window()
        start = max(0, first - height)
        size, rebuilt = view.size, view.rebuilt
        rows = await view.page(start, 3 * height)
        if view.rows != self._filter or view.order != self.order:
            return
        anew = rebuilt != self._rebuilt
        if anew:
            self._pages.clear()
        self._rebuilt = rebuilt
        self._pages.appendleft((start, rows))
        self.resize_to(size, now=anew)
        self.rows_changed()

    def _at_top(self) -> bool:
        """Whether the user looks at the first of sorted rows, whichever these are."""
        return self.sorting is not None and self.cursor == 0

    async def _find(self, view: View, row: TableRow) -> None:
        position = await view.position(row.id)
        if position is not None:
            self.resize_to(view.size, now=True)
            self.shift_cursor(position)


def _listed(states: frozenset[State]) -> str:
    return " or ".join(state.label.replace("_", " ") for state in sorted(states)) or "accepted"
