"""The base of tables that are read from the engine's memory: the window in sight alone, unless they are sorted."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from ...core.handle import EngineHandle
from ...core.snapshot import Snapshot
from .columns import Column
from .table_marks import MOST, Marks
from .virtual_table import R, VirtualTable

_SHARE = 20
"""Sorting all rows may take one part in so many of the time: with 10,000 of them it is done less often."""


class EngineTable(VirtualTable[R]):
    """Holds the rows of the window, or all of them in the order of a column; asks for nothing while nobody looks."""

    def __init__(
        self,
        columns: Sequence[Column[R]],
        engine: EngineHandle,
        *,
        empty: str,
        more: Sequence[Column[R]] = (),
        id: str | None,  # noqa: A002
        classes: str | None,
    ) -> None:
        super().__init__(columns, empty=empty, more=more, id=id, classes=classes)
        self._engine = engine
        self._start = 0
        self._rows: tuple[R, ...] = ()
        self._due = 0.0
        """When all rows may be sorted again."""
        self._in_sight = False

    def row_at(self, position: int) -> R | None:
        """The row at a position, if it is in the window."""
        at = position - self._start
        return self._rows[at] if 0 <= at < len(self._rows) else None

    def window_changed(self) -> None:
        """Ask the engine for the rows that came into sight; sorted, all are held."""
        if self.sorting is None:
            self._start, height = self.window()
            self._rows = self.ask(self._start, height)
        self.rows_changed()

    def order_changed(self) -> None:
        """Ask anew for the rows in their order."""
        self._due, self._rows, self._start = 0.0, (), 0
        if self.sorting is not None:
            self.sort_all()
        else:
            self.window_changed()

    async def keys_between(self, first: int, last: int) -> tuple[int, ...]:
        """The keys of the rows at these positions, both included."""
        if self.sorting is not None:
            return await super().keys_between(first, last)
        return tuple(self.key_of(row) for row in self.ask(first, min(MOST, last - first + 1)))

    def all_marks(self) -> Marks:
        """The rows that there are now: there is no filter for what stands in memory."""
        return Marks().with_all(self.key_of(row) for row in self.ask(0, min(MOST, self.row_count)))

    def sort_all(self) -> bool:
        """Hold all rows, sorted, the cursor on its row; returns False where it is too early to do it again."""
        began = monotonic()
        if began < self._due:
            return False
        selected, at_top = self.selected, self.cursor == 0
        self._rows = self.in_order(self.ask(0, self.count_all()))
        self._start = 0
        self.resize_to(len(self._rows))
        if selected is not None and not at_top:
            key = self.key_of(selected)
            at = next((at for at, row in enumerate(self._rows) if self.key_of(row) == key), None)
            if at is not None and at < self.row_count:
                self.shift_cursor(at)
        self.rows_changed()
        self._due = monotonic() + _SHARE * (monotonic() - began)
        return True

    def follow(self, snapshot: Snapshot) -> None:
        """Bring the window up to date."""
        super().follow(snapshot)
        if self._in_sight:
            if self.sorting is not None:
                self.sort_all()
            else:
                self.update_window(snapshot)

    def on_show(self) -> None:
        """Catch up with the engine."""
        self._in_sight = True
        self.catch_up()

    def on_hide(self) -> None:
        """Ask for nothing while nobody looks."""
        self._in_sight = False

    def ask(self, start: int, count: int) -> tuple[R, ...]:
        """The engine's rows from `start` on."""
        raise NotImplementedError

    def count_all(self) -> int:
        """How many rows the engine has."""
        raise NotImplementedError

    def update_window(self, snapshot: Snapshot) -> None:
        """Show what there is now, the cursor on its row while that is still there."""
        raise NotImplementedError
