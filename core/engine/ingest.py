"""From the input to the journal: each record becomes a queued request or an invalid one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Protocol

from ..errors import RowError
from ..inputs.source import Source
from ..journal.batch import Accepted
from ..model import BadRow, Row, State
from ..printable import printable
from ..redact import Redactor
from ..sealing import ROW_SEALED, seal
from ..templates import RequestBuilder
from .feed import HeldRows

_CHUNK = 100


class Acceptor(Protocol):
    """Where accepted rows go: the journal."""

    def accept(self, rows: list[Accepted], rows_read: int, *, done: bool) -> None:
        """Store rows."""
        ...

    async def room(self) -> None:
        """Return when rows may be added."""
        ...


class Ingest:
    """Reads an input once, from the first row that is not in the journal yet."""

    def __init__(
        self, source: Source, builder: RequestBuilder, redactor: Redactor, held: HeldRows, rows_read: int
    ) -> None:
        """`rows_read` records are in the journal already."""
        self._source = source
        self._builder = builder
        self._redactor = redactor
        self._held = held
        self._rows_read = rows_read
        self.done = False
        """Whether the whole input has been read and handed over."""

    async def run(self, journal: Acceptor, on_trouble: Callable[[str], None]) -> None:
        """Hand all records to the journal, in pieces small enough to leave the loop responsive."""
        rewinds = self._source.rewindable
        skip = self._rows_read if rewinds else 0
        try:
            async for batch in self._source.batches(skip):
                for start in range(0, len(batch), _CHUNK):
                    self._take(journal, batch[start : start + _CHUNK], hold=not rewinds)
                    await asyncio.sleep(0)
                    await journal.room()
                    await self._held.room()
        except (OSError, ValueError) as error:
            on_trouble(f"Reading the input stopped at row {self._rows_read:,}: {error}.")
            return
        journal.accept([], self._rows_read, done=True)
        self.done = True

    def _take(self, journal: Acceptor, records: list[Row | BadRow], *, hold: bool) -> None:
        accepted: list[Accepted] = []
        for record in records:
            one = self._accepted(record)
            if hold and isinstance(record, Row) and one.sealed & ROW_SEALED:
                self._held.hold(record)
            if record.id >= self._rows_read:
                accepted.append(one)
        if accepted:
            self._rows_read = accepted[-1].id + 1
            journal.accept(accepted, self._rows_read, done=False)

    def _accepted(self, record: Row | BadRow) -> Accepted:
        if isinstance(record, BadRow):
            return self._invalid(record, record.reason, record.text, "{}")
        try:
            request = self._builder.build(record)
            one = seal(record, request, self._redactor)
        except RowError as error:
            columns = self._redactor.columns(record.columns, frozenset())
            return self._invalid(record, str(error), "", json.dumps(columns, ensure_ascii=False))
        return Accepted(
            record.id, State.QUEUED, record.line, one.method, one.url, one.host, one.row, one.spec, one.sealed
        )

    def _invalid(self, record: Row | BadRow, reason: str, text: str, columns: str) -> Accepted:
        message = printable(self._redactor.text(f"line {record.line}: {reason}"))
        url = printable(self._redactor.text(text))
        return Accepted(record.id, State.INVALID, record.line, "", url, "", columns, None, 0, message)
