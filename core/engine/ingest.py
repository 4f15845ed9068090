"""From the input to the journal: each record becomes a queued request or an invalid one."""

from __future__ import annotations

import asyncio
import hashlib
import json
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from msgspec import Struct

from ..errors import InputError, RowError
from ..inputs.source import Source
from ..job import InputFormat
from ..journal.entries import LOST_MESSAGE, Accepted
from ..model import BadRow, Row, State
from ..printable import printable
from ..requests.templates import RequestBuilder
from ..secrets.redact import Redactor
from ..secrets.sealing import ROW_SEALED, seal
from .feed import HeldRows

_CHUNK = 100
_AT_FIRST = 500
"""Rows that are read before requests can be sent, and handed over at once: enough to begin with."""
_OTHER_INPUT = (
    "Standard input is not the one that this run was started with: its rows are different. "
    "Give the same input again, use --run OTHER for a new run, or --fresh to discard this one."
)


class InputProgress(Struct, frozen=True):
    """How far earlier sessions have read the input."""

    rows: int = 0
    done: bool = False
    """To its end."""
    digest: str = ""
    """Of all these rows, where the input cannot be read twice and so has no other identity."""
    lost_below: int = 0
    """Of a salvaged journal: rows under this number that it lacks may have been in it, and may have been sent."""
    gaps: Sequence[Sequence[int]] = ()
    """Which of `rows` it lacks: the first of each gap, and the first after it, ascending."""

    def has(self, row: int) -> bool:
        """Whether the journal has a row."""
        if row >= self.rows:
            return False
        at = bisect_right(self.gaps, row, key=lambda gap: gap[0]) - 1
        return not (at >= 0 and row < self.gaps[at][1])

    @property
    def first_missing(self) -> int:
        """The first row that is not in the journal."""
        return self.gaps[0][0] if self.gaps else self.rows


class Acceptor(Protocol):
    """Where accepted rows go: the journal."""

    def accept(self, rows: list[Accepted], progress: dict[str, object]) -> None:
        """Store rows, and how far the input has been read with them."""
        ...

    async def stored(self) -> None:
        """Return when what was accepted so far is durable."""
        ...

    async def room(self) -> None:
        """Return when rows may be added."""
        ...


class Ingest:
    """Reads an input once. One that cannot be read twice is compared with what the journal knows of it."""

    def __init__(
        self,
        source: Source,
        builder: RequestBuilder,
        redactor: Redactor,
        held: HeldRows,
        known: InputProgress,
        sending: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`known` rows are in the journal already. All but the first rows are read when `sending` has returned.

        A transport that is still being loaded is there a third sooner when nothing is read beside it.
        """
        self._source = source
        self._builder = builder
        self._redactor = redactor
        self._held = held
        self._known = known
        self._sending = sending
        self._rows_read = known.rows
        self._digest = hashlib.sha256()
        self._digest_rows = 0
        self.reading = True
        """Whether more rows may come."""
        self.done = False
        """Whether the whole input has been read and handed over."""

    async def run(self, journal: Acceptor, on_rows: Callable[[], None]) -> None:
        """Hand all records to the journal: what a run begins with at once, then pieces that leave the loop responsive.

        `on_rows` is called after rows that the journal had before, and after what a run begins with, in time for a
        lease to be durable with these rows. Where they are as many as can be, nothing is read beside that.
        Raises InputError where the input is not the one that earlier sessions have read, OSError where it cannot be
        read further.
        """
        skip = self._known.first_missing if self._source.rewindable else 0
        begun = False
        try:
            if skip:
                # Earlier sessions have left enough to begin with, and what is skipped is read all the same.
                await self._until_sending()
            async for batch in self._source.batches(skip):
                for start in range(0, len(batch), _CHUNK):
                    piece = batch[start : start + _CHUNK]
                    self._take(journal, piece)
                    few = piece[0].id < _AT_FIRST - _CHUNK
                    first = not begun and (not few or piece[-1] is batch[-1])
                    if first or piece[0].id < self._known.rows:
                        begun = True
                        on_rows()
                    if few:
                        continue
                    await (journal.stored() if first else asyncio.sleep(0))
                    await journal.room()
                    await self._held.room()
                    await self._until_sending()
            self._finish(journal)
            self._held.read_to = None
            on_rows()
        finally:
            self.reading = False

    async def _until_sending(self) -> None:
        if self._sending is not None:
            await self._sending()
            self._sending = None

    def _take(self, journal: Acceptor, records: list[Row | BadRow]) -> None:
        accepted: list[Accepted] = []
        for record in records:
            known = self._known.has(record.id)
            one = self._accepted(record)
            if not self._source.rewindable:
                self._follow(record, one, known=known)
            if not known:
                accepted.append(one)
        if accepted:
            self._rows_read = max(self._rows_read, accepted[-1].id + 1)
            journal.accept(accepted, self._progress(done=False))

    def _finish(self, journal: Acceptor) -> None:
        if not self._source.rewindable and self._digest_rows < self._known.rows:
            raise InputError(_OTHER_INPUT)
        journal.accept([], self._progress(done=True))
        self.done = True

    def _follow(self, record: Row | BadRow, one: Accepted, *, known: bool) -> None:
        """Compare a row of a pipe with what earlier sessions have read, and keep it where it holds a secret."""
        if not known and self._known.done:
            raise InputError(_OTHER_INPUT)
        if isinstance(record, Row) and one.sealed & ROW_SEALED:
            self._held.hold(record, known=known)
        self._digest.update(digest_of(record))
        self._digest_rows = record.id + 1
        told = self._known.digest
        if told and self._digest_rows == self._known.rows and self._digest.hexdigest() != told:
            raise InputError(_OTHER_INPUT)
        if self._held.read_to is not None:
            self._held.read_to = self._digest_rows if self._digest_rows < self._known.rows else None

    def _progress(self, *, done: bool) -> dict[str, object]:
        digest = "" if self._source.rewindable else self._digest.hexdigest()
        if self._digest_rows < self._rows_read:
            digest = self._known.digest
        progress: dict[str, object] = {"rows": self._rows_read, "done": done, "digest": digest}
        return (
            progress
            if done or not self._known.lost_below
            else progress | {"lost_below": self._known.lost_below}
        )

    def _accepted(self, record: Row | BadRow) -> Accepted:
        if isinstance(record, BadRow):
            # Only a line of URLs can be masked for sure; the line's number leads to the others.
            text = record.text if self._source.format is InputFormat.TXT else ""
            return self._invalid(record, record.reason, text, "{}")
        try:
            request = self._builder.build(record)
            one = seal(record, request, self._redactor)
        except RowError as error:
            columns = self._redactor.columns(record.columns, frozenset())
            return self._invalid(record, str(error), "", json.dumps(columns, ensure_ascii=False))
        unsafe = record.id < self._known.lost_below and not request.idempotent
        return Accepted(
            id=record.id,
            state=State.FAILED if unsafe else State.QUEUED,
            line=record.line,
            method=one.method,
            url=one.url,
            host=one.host,
            row=one.row,
            spec=one.spec,
            sealed=one.sealed,
            message=LOST_MESSAGE if unsafe else None,
        )

    def _invalid(self, record: Row | BadRow, reason: str, text: str, columns: str) -> Accepted:
        message = printable(self._redactor.text(f"line {record.line}: {reason}"))
        url = printable(self._redactor.text(text))
        return Accepted(record.id, State.INVALID, record.line, "", url, "", columns, None, 0, message)


def digest_of(record: Row | BadRow) -> bytes:
    """What tells one record from another."""
    content = (record.columns, record.spec) if isinstance(record, Row) else (record.text, record.reason)
    return hashlib.sha256(repr((record.id, content)).encode("utf-8", "surrogatepass")).digest()
