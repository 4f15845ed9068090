"""The table of failures by cause."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from enum import Enum, auto
from time import monotonic

from textual.message import Message

from ...core.errors import FetchdeckError
from ...core.journal.reader import JournalReader
from ...core.journal.records import Cause
from ...core.policies.trend import MINUTE_S
from ...core.snapshot import RunState, Snapshot
from ..trend import sparkline, trend_words
from ..unreadable import unreadable
from .cause_columns import (
    TREND_TONES,
    bar,
    failures_cell,
    kind_cell,
    moment_column,
    sample_cell,
    signature_cell,
    status_cell,
    whole_percent,
)
from .columns import Cell, Column, Tone
from .table_marks import Marks
from .virtual_table import VirtualTable

COUNT_S = 1.0
"""Out of sight the causes are read at most once in this many seconds, for their number in the tab's label."""
TREND_MINUTES = 12
"""Minutes of the trend that the table shows."""
_BAR = 6
"""Cells of the bar that shows a cause's share of all failures."""
_OVER = (RunState.FINISHED, RunState.INTERRUPTED)


class CauseWish(Enum):
    """What a user may want of causes beside what is done with rows of any table."""

    SKIP = auto()
    RETRY_AT = auto()
    """Retry at another concurrency."""
    DETAILS = auto()


class CauseTable(VirtualTable[Cause]):
    """Failures that share a signature, the largest cluster first; they are bounded, and all are held."""

    NATURAL = "largest first"
    COUNTS_UNSEEN = True

    class Opened(VirtualTable.Opened[Cause]):
        """The user opened a cause."""

    class Asked(Message):
        """The user wants something of these causes, one at least."""

        def __init__(self, table: CauseTable, wish: CauseWish, causes: tuple[Cause, ...], now: float) -> None:
            """`now` is the wall clock, or when a run that is over last failed."""
            super().__init__()
            self.table = table
            self.wish = wish
            self.causes = causes
            self.now = now

    class Highlighted(Message):
        """The cursor is on another cause, or its cause has changed; None while the table is not seen."""

        def __init__(self, cause: Cause | None, now: float) -> None:
            super().__init__()
            self.cause = cause
            self.now = now

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        columns: tuple[Column[Cause], ...] = (
            Column("count", 7, failures_cell, right=True, sort=lambda cause: cause.count, largest_first=True),
            Column(
                "share", _BAR + 5, self._share, drop=2, sort=lambda cause: cause.count, largest_first=True
            ),
            Column("kind", 15, kind_cell, drop=5, sort=lambda cause: cause.kind),
            Column("status", 6, status_cell, right=True, drop=8, sort=lambda cause: cause.status),
            Column("signature", 36, signature_cell, share=1, sort=lambda cause: cause.signature),
            Column("per minute", TREND_MINUTES, self._bars, drop=3, sort=self._lately, largest_first=True),
            Column("trend", 13, self._trend, sort=lambda cause: cause.trend.direction(self.now)),
            moment_column("first", lambda cause: cause.first_at, drop=7),
            Column("sample", 7, sample_cell, right=True, drop=9, sort=lambda cause: cause.sample),
            moment_column("last", lambda cause: cause.last_at, drop=1),
        )
        super().__init__(
            columns,
            empty="Failures appear here, gathered by cause. None so far.",
            id=id,
            classes=classes,
        )
        self._wall_clock = wall_clock
        self._reader: JournalReader | None = None
        self._causes: tuple[Cause, ...] = ()
        self._total = 0
        self._struck_last = 0.0
        """When the latest of all failures was, by the wall clock."""
        self._revision = -1
        self._read_at = -COUNT_S
        self._minute = 0
        self._told: Cause | None = None
        self._in_sight = False
        self._reading = False
        self._again = False

    @property
    def now(self) -> float:
        """The moment that trends lead up to: a run that is over is seen as it was when it last failed."""
        over = self.snapshot is not None and self.snapshot.state in _OVER
        return self._struck_last if over and self._causes else self._wall_clock()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a command makes sense here and now."""
        if action in ("retry_at", "skip_causes", "details"):
            return bool(self.row_count)
        return super().check_action(action, parameters)

    def action_retry_at(self) -> None:
        """Ask for a concurrency at which the chosen causes are retried."""
        self._ask(CauseWish.RETRY_AT, self.chosen())

    def action_skip_causes(self) -> None:
        """Ask whether the failures of the chosen causes are to be skipped."""
        self._ask(CauseWish.SKIP, self.chosen())

    def action_details(self) -> None:
        """Show the selected cause in full."""
        self._ask(CauseWish.DETAILS, (self.selected,) if self.selected is not None else ())

    def move_cursor(self, position: int, *, follow: bool = False) -> None:
        """Put the cursor on a position, and tell which cause that is."""
        super().move_cursor(position, follow=follow)
        self._tell()

    def _ask(self, wish: CauseWish, causes: tuple[Cause, ...]) -> None:
        if causes:
            self.post_message(self.Asked(self, wish, causes, self.now))

    def _tell(self) -> None:
        cause = self.selected if self._in_sight else None
        if cause != self._told:
            self._told = cause
            self.post_message(self.Highlighted(cause, self.now))

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

    def follow(self, snapshot: Snapshot) -> None:
        """Read the causes again when rows changed."""
        super().follow(snapshot)
        if snapshot.revision != self._revision:
            self._revision = snapshot.revision
            self._again = True
        if self._in_sight and int(self.now // MINUTE_S) != self._minute:
            self._minute = int(self.now // MINUTE_S)
            self.repaint_rows()
        self._schedule()

    def on_show(self) -> None:
        """Catch up with the journal."""
        self._in_sight = True
        self._schedule()
        self._tell()

    def on_hide(self) -> None:
        """Read seldom while nobody looks, and nothing before the first failure."""
        self._in_sight = False
        self._tell()

    def _schedule(self) -> None:
        some = self._causes or self.snapshot is None or self.snapshot.counts.failed
        due = self._in_sight or (some and monotonic() - self._read_at >= COUNT_S)
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
            self.show_notice(unreadable(error))
        finally:
            self._reading = False

    def _show(self, causes: tuple[Cause, ...]) -> None:
        self._struck_last = max((cause.last_at for cause in causes), default=0.0)
        selected, causes = self.selected, self.in_order(causes)
        total = sum(cause.count for cause in causes)
        if total != self._total:
            self.repaint_rows()
        self._causes, self._total = causes, total
        self.resize_to(len(causes), now=True)
        at = next((at for at, cause in enumerate(causes) if selected and cause.id == selected.id), None)
        if at is not None:
            self.shift_cursor(at)
        # A cause that has no failures any more takes its mark with it.
        self.set_marks(self.marks.among(cause.id for cause in causes))
        self.rows_changed()
        self._tell()

    def order_changed(self) -> None:
        """Read the causes again: their natural order is the journal's."""
        self._again = True
        self._schedule()

    def all_marks(self) -> Marks:
        """All causes there are."""
        return Marks().with_all(cause.id for cause in self._causes)

    def _lately(self, cause: Cause) -> int:
        return sum(cause.trend.counts(self.now, TREND_MINUTES))

    def _bars(self, cause: Cause) -> Cell:
        return Cell(sparkline(cause.trend.counts(self.now, TREND_MINUTES)), Tone.ACCENT)

    def _trend(self, cause: Cause) -> Cell:
        return Cell(trend_words(cause, self.now), TREND_TONES[cause.trend.direction(self.now)])

    def _share(self, cause: Cause) -> Cell:
        part = cause.count / self._total if self._total else 0.0
        return Cell(f"{bar(part, _BAR)} {whole_percent(cause.count, self._total):>4}", Tone.BAD)
