"""The base of tables that are read from the engine's memory, the window in sight alone."""

from __future__ import annotations

from collections.abc import Sequence

from textual.reactive import var

from ...core.handle import EngineHandle, Snapshot
from .columns import Column
from .virtual_table import R, VirtualTable


class EngineTable(VirtualTable[R]):
    """Holds the rows of the window, and asks for nothing while nobody looks."""

    snapshot: var[Snapshot | None] = var(None, init=False)
    """Bound to the app's snapshot; each one brings the window up to date."""

    def __init__(
        self,
        columns: Sequence[Column[R]],
        engine: EngineHandle,
        *,
        empty: str,
        id: str | None,  # noqa: A002
        classes: str | None,
    ) -> None:
        super().__init__(columns, empty=empty, id=id, classes=classes)
        self._engine = engine
        self._start = 0
        self._rows: tuple[R, ...] = ()
        self._in_sight = False

    def row_at(self, position: int) -> R | None:
        """The row at a position, if it is in the window."""
        at = position - self._start
        return self._rows[at] if 0 <= at < len(self._rows) else None

    def window_changed(self) -> None:
        """Ask the engine for the rows that came into sight."""
        self._start, height = self.window()
        self._rows = self.ask(self._start, height)
        self.rows_changed()

    def watch_snapshot(self, snapshot: Snapshot | None) -> None:
        """Bring the window up to date."""
        if snapshot is not None and self._in_sight:
            self.follow(snapshot)

    def on_show(self) -> None:
        """Catch up with the engine."""
        self._in_sight = True
        self.watch_snapshot(self.snapshot)

    def on_hide(self) -> None:
        """Ask for nothing while nobody looks."""
        self._in_sight = False

    def ask(self, start: int, count: int) -> tuple[R, ...]:
        """The engine's rows from `start` on."""
        raise NotImplementedError

    def follow(self, snapshot: Snapshot) -> None:
        """Take in a snapshot, the cursor on its row while that is still there."""
        raise NotImplementedError
