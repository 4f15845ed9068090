"""What the commands about rows do: retry, cancel or skip, copy, export; the tables say which rows are meant."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from textual.screen import Screen

from ...core.detail import request_detail
from ...core.handle import EngineHandle
from ...core.journal.reader import JournalReader
from ..curl import curl_command
from ..figures import count
from ..widgets.cause_table import CauseTable
from ..widgets.in_flight_table import InFlightTable
from ..widgets.virtual_table import VirtualTable
from .cause_commands import CauseCommands
from .inspect_commands import NOTHING_TO_COPY
from .retries import Retries


class RowCommands:
    """Carries commands out for one screen."""

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
        self.retries = Retries(screen, engine, reader, partial(self._done, "queued again"))
        self.causes = CauseCommands(screen, engine, reader, self._done)

    def retry(self, table: VirtualTable[Any]) -> None:
        """Queue the chosen rows, or the failures of the chosen causes, again."""
        if isinstance(table, CauseTable):
            if causes := table.chosen():
                self.retries.causes(causes)
                table.clear_marks()
        elif ids := table.chosen_ids():
            self._engine.retry(ids)
            table.clear_marks()
            self._done("queued again", len(ids))

    async def cancel(self, table: VirtualTable[Any]) -> None:
        """Cancel or skip the chosen rows, and say which of them had ended before."""
        ids = table.chosen_ids()
        gone = [id_ for id_ in ids if isinstance(table, InFlightTable) and not table.holds(id_)]
        if gone and not table.marked:
            self._screen.notify(f"Request {ids[0]} has ended already; nothing was cancelled.", markup=False)
            return
        ended = len(gone) - len(await self._reader.unsent(gone)) if gone else 0
        if ids:
            self._engine.cancel(ids)
            table.clear_marks()
            note = f"{count(ended)} of {count(len(ids))} had already ended" if ended else ""
            self._done("cancelled", len(ids) - ended, note)

    async def copy_curl(self, table: VirtualTable[Any]) -> None:
        """Copy the selected request as a curl command."""
        row = table.selected
        detail = await request_detail(self._reader, row.id) if row is not None else None
        if detail is not None and not detail.row.url:
            self._screen.notify(NOTHING_TO_COPY, markup=False, timeout=3)
        elif detail is not None:
            self._screen.app.copy_to_clipboard(curl_command(detail))
            note = "Copied as curl, secrets masked; enter shows it."
            self._screen.notify(note, markup=False, timeout=3)

    def _done(self, what: str, n: int, note: str = "") -> None:
        noun = "request" if n == 1 else "requests"
        done = f"{count(n)} {noun} {what}" if n else f"nothing {what}"
        self._commanded("; ".join(part for part in (done, note) if part))
