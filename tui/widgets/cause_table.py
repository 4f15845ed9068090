"""The table of failures by cause."""

from __future__ import annotations

import sqlite3
from time import monotonic

from textual.reactive import var

from ...core.errors import FetchdeckError
from ...core.handle import Snapshot
from ...core.journal.reader import JournalReader
from ...core.journal.records import Cause
from .columns import Cell, Column, Tone
from .journal_table_columns import status_tone
from .quantities import NONE, clock
from .virtual_table import VirtualTable

COUNT_S = 1.0
"""Out of sight the causes are read at most once in this many seconds, for their number in the tab's label."""
_BAR = 6
"""Cells of the bar that shows a cause's share of all failures."""
_EIGHTHS = " ▏▎▍▌▋▊▉"


class CauseTable(VirtualTable[Cause]):
    """Failures that share a signature, the largest cluster first; there are few, so all are held."""

    MARKABLE = False

    class Opened(VirtualTable.Opened[Cause]):
        """The user opened a cause."""

    snapshot: var[Snapshot | None] = var(None, init=False)
    """Bound to the app's snapshot: a new `revision` means that causes may have changed."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        columns: tuple[Column[Cause], ...] = (
            Column("count", 7, lambda cause: Cell(f"{cause.count:,}", Tone.BAD), right=True),
            Column("share", _BAR + 5, self._share, drop=2),
            Column("kind", 15, lambda cause: Cell(cause.kind.value.replace("_", " "))),
            Column("status", 6, _status, right=True, drop=3),
            Column("signature", 28, lambda cause: Cell(cause.signature), share=1),
            Column("sample", 7, lambda cause: Cell(f"#{cause.sample}", Tone.MUTED), right=True, drop=4),
            Column("last", 8, lambda cause: Cell(clock(cause.last_at), Tone.MUTED), right=True, drop=1),
        )
        super().__init__(
            columns,
            empty="Failures appear here, gathered by cause. None so far.",
            id=id,
            classes=classes,
        )
        self._reader: JournalReader | None = None
        self._causes: tuple[Cause, ...] = ()
        self._total = 0
        self._revision = -1
        self._read_at = -COUNT_S
        self._in_sight = False
        self._reading = False
        self._again = False

    def connect(self, reader: JournalReader) -> None:
        """Read from this journal from now on."""
        self._reader, self._again = reader, True
        self._schedule()

    def row_at(self, position: int) -> Cause | None:
        """The cause at a position."""
        return self._causes[position] if 0 <= position < len(self._causes) else None

    def key_of(self, row: Cause) -> int:
        """The cause's number."""
        return row.id

    def chosen(self) -> tuple[Cause, ...]:
        """What a command is to act on: the marked causes, else the selected one."""
        ids = frozenset(self.chosen_ids())
        return tuple(cause for cause in self._causes if cause.id in ids)

    @property
    def causes_known(self) -> int:
        """How many causes there were when they were last read, also out of sight."""
        return len(self._causes)

    def watch_snapshot(self, snapshot: Snapshot | None) -> None:
        """Read the causes again when rows changed."""
        if snapshot is not None and snapshot.revision != self._revision:
            self._revision = snapshot.revision
            self._again = True
        self._schedule()

    def on_show(self) -> None:
        """Catch up with the journal."""
        self._in_sight = True
        self._schedule()

    def on_hide(self) -> None:
        """Read seldom while nobody looks."""
        self._in_sight = False

    def _schedule(self) -> None:
        due = self._in_sight or monotonic() - self._read_at >= COUNT_S
        if self._reader is not None and self._again and due and not self._reading:
            self._reading = True
            self.run_worker(self._read(self._reader), name="cause-table")

    async def _read(self, reader: JournalReader) -> None:
        try:
            while self._again:
                self._again, self._read_at = False, monotonic()
                self._show(await reader.causes())
                if not self._in_sight:
                    break
            self.show_notice("")
        except (sqlite3.Error, FetchdeckError) as error:
            self.show_notice(f"The journal cannot be read: {error}")
        finally:
            self._reading = False

    def _show(self, causes: tuple[Cause, ...]) -> None:
        selected = self.selected
        total = sum(cause.count for cause in causes)
        if total != self._total:
            self.repaint_rows()
        self._causes, self._total = causes, total
        self.resize_to(len(causes), now=True)
        at = next((at for at, cause in enumerate(causes) if selected and cause.id == selected.id), None)
        if at is not None:
            self.shift_cursor(at)
        self.rows_changed()

    def _share(self, cause: Cause) -> Cell:
        part = cause.count / self._total if self._total else 0.0
        return Cell(f"{bar(part, _BAR)} {whole_percent(cause.count, self._total):>4}", Tone.BAD)


def whole_percent(part: int, total: int) -> str:
    """`17%`; 100% only of all, and `<1%` for less than that."""
    if part >= total:
        return "100%" if total else "0%"
    return "<1%" if part * 100 < total else f"{min(99, round(100 * part / total))}%"


def bar(part: float, width: int) -> str:
    """A horizontal bar `width` cells long, filled to a part between 0 and 1, in eighths of a cell."""
    eighths = max(1 if part > 0 else 0, min(width * 8, round(part * width * 8)))
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (_EIGHTHS[rest] if rest else "")).ljust(width)


def _status(cause: Cause) -> Cell:
    return Cell(str(cause.status or NONE), status_tone(cause.status))
