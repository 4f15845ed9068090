"""What the commands about rows do: retry, cancel or skip, copy; the tables say which rows are meant."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any

from textual.screen import Screen

from ...core.detail import request_detail
from ...core.errors import FetchdeckError
from ...core.handle import EngineHandle
from ...core.journal.filter import RowFilter
from ...core.journal.reader import JournalReader
from ..curl import NOTHING_TO_COPY, curl_command
from ..figures import count
from ..unreadable import unreadable
from ..widgets.cause_table import CauseTable
from ..widgets.in_flight_table import InFlightTable
from ..widgets.journal_table import JournalTable
from ..widgets.virtual_table import VirtualTable
from .cause_commands import CauseCommands
from .confirm import ConfirmScreen
from .retries import Retries

MOST_COPIED = 100
"""Requests that are copied at once: more would not be pasted anywhere."""
_AT_ONCE = 10_000
"""Requests skipped in one piece, so that a million of them never stand in memory."""


class RowCommands:
    """Carries commands out for one screen; marks that were acted on are taken away."""

    def __init__(
        self,
        screen: Screen[None],
        engine: EngineHandle,
        reader: JournalReader,
        commanded: Callable[[str], None],
    ) -> None:
        """`commanded` is told, in a phrase, what the engine was made to do."""
        self._screen = screen
        self._engine = engine
        self._reader = reader
        self._commanded = commanded
        self._table: VirtualTable[Any] | None = None
        """Whose rows the command under way concerns."""
        self.retries = Retries(screen, engine, reader, partial(self._done, "queued again"))
        self.causes = CauseCommands(screen, engine, reader, self._done)

    def retry(self, table: VirtualTable[Any]) -> None:
        """Queue the chosen rows, or the failures of the chosen causes, again."""
        self._table = table
        if isinstance(table, CauseTable):
            if causes := table.chosen():
                self.retries.causes(causes)
        elif isinstance(table, JournalTable) and table.marks.everything:
            self.retries.matching(table.rows_filter)
        elif ids := table.chosen_ids():
            self._engine.retry(ids)
            self._done("queued again", len(ids))

    async def cancel(self, table: VirtualTable[Any]) -> None:
        """Cancel or skip the chosen rows, and say which of them had ended before."""
        self._table = table
        if isinstance(table, JournalTable) and table.marks.everything:
            self._ask_to_skip(table.rows_filter, table.row_count)
            return
        if self._nothing_flies(table):
            return
        ids = table.chosen_ids()
        gone = [id_ for id_ in ids if isinstance(table, InFlightTable) and not table.holds(id_)]
        if gone and not table.marks:
            self._screen.notify(f"Request {ids[0]} has ended already; nothing was cancelled.", markup=False)
            return
        try:
            ended = len(gone) - len(await self._reader.unsent(gone)) if gone else 0
        except (sqlite3.Error, FetchdeckError) as error:
            # Those that are still under way can be cancelled all the same.
            self._cannot_read(error)
            ended = 0
        if ids:
            self._engine.cancel(ids)
            note = f"{count(ended)} of {count(len(ids))} had already ended" if ended else ""
            self._done("cancelled", len(ids) - ended, note)

    async def copy_curl(self, table: VirtualTable[Any]) -> None:
        """Copy the marked requests, or the selected one, as curl commands."""
        if self._nothing_flies(table):
            return
        if isinstance(table, JournalTable) and table.marks.everything:
            ids = await table.keys_between(0, MOST_COPIED)
        elif table.marks:
            ids = table.chosen_ids()
        else:
            ids = () if (row := table.selected) is None else (table.key_of(row),)
        try:
            details = [await request_detail(self._reader, id_) for id_ in ids[:MOST_COPIED]]
        except (sqlite3.Error, FetchdeckError) as error:
            self._cannot_read(error)
            return
        commands = [curl_command(one) for one in details if one is not None and one.row.url]
        if not commands:
            if any(details):
                self._screen.notify(NOTHING_TO_COPY, markup=False, timeout=3)
            return
        self._screen.app.copy_to_clipboard("\n".join(commands))
        note = "Copied as curl, secrets masked; enter shows it."
        if len(ids) > 1:
            first = f" the first {MOST_COPIED} of" if len(ids) > MOST_COPIED else ""
            note = f"Copied{first} {count(len(ids))} marked requests as curl, secrets masked."
        self._screen.notify(note, markup=False, timeout=3)

    def _nothing_flies(self, table: VirtualTable[Any]) -> bool:
        """Say so where a table of requests in flight has none: the next moment may have some, and hints stay."""
        if not isinstance(table, InFlightTable) or table.row_count:
            return False
        self._screen.notify("Nothing is in flight just now.", markup=False, timeout=3)
        return True

    def _ask_to_skip(self, rows: RowFilter, n: int) -> None:
        def answered(yes: bool | None) -> None:
            if yes:
                self._screen.run_worker(self._skip_all(rows), name="skip", exclusive=True, group="skip")

        sentence = f"Those of the {count(n)} requests shown that are still to be sent are never sent."
        self._screen.app.push_screen(
            ConfirmScreen(f"Skip {count(n)} requests?", sentence, "skip them"), answered
        )

    async def _skip_all(self, rows: RowFilter) -> None:
        after, skipped = -1, 0
        try:
            while ids := await self._reader.unsent_matching(rows, after, _AT_ONCE):
                self._engine.cancel(ids)
                after, skipped = ids[-1], skipped + len(ids)
        except (sqlite3.Error, FetchdeckError) as error:
            self._cannot_read(error)
        self._done("skipped", skipped)

    def _cannot_read(self, error: Exception) -> None:
        self._screen.notify(unreadable(error), severity="error", markup=False)

    def _done(self, what: str, n: int, note: str = "") -> None:
        if self._table is not None:
            self._table.clear_marks()
        noun = "request" if n == 1 else "requests"
        done = f"{count(n)} {noun} {what}" if n else f"nothing {what}"
        self._commanded("; ".join(part for part in (done, note) if part))
