"""From a leased row of the journal back to the request it stands for, secrets included."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence

from ..errors import EditError, InputError, RowError
from ..inputs.recall import Recall
from ..journal.edits import EDITED, Stored
from ..journal.entries import Ended, Leased
from ..model import FailureKind, Request, Row, State
from ..printable import printable
from ..requests.templates import RequestBuilder
from ..secrets.redact import Redactor
from ..secrets.sealing import ROW_SEALED, seal, unseal
from .editing import Editing, needs_row
from .ticket import Ticket

_CHUNK = 100
_NOT_HELD = (
    "its row holds a secret, which is not stored, and standard input cannot be read again; "
    "read such rows from a file to be able to retry them"
)


class HeldRows:
    """Rows with secrets from an input that cannot be read twice, kept in memory until their requests end."""

    def __init__(self, wanted: set[int] | None = None, limit: int = 5000) -> None:
        """Of rows that earlier sessions have read, only `wanted` are held; reading should wait beyond `limit`."""
        self._rows: dict[int, Row] = {}
        self._wanted = wanted or set()
        self._limit = limit
        self._room = asyncio.Event()
        self._room.set()
        self.read_to: int | None = 0 if wanted else None
        """While rows of earlier sessions are read again: the first that has not been; else None."""

    def hold(self, row: Row, *, known: bool) -> None:
        """Keep a row; a `known` one, which the journal had before, only while it is still to be sent."""
        if known and row.id not in self._wanted:
            return
        self._rows[row.id] = row
        if len(self._rows) >= self._limit:
            self._room.clear()

    def get(self, request: int) -> Row | None:
        """The row of a request, if it is held."""
        return self._rows.get(request)

    def drop(self, requests: Iterable[int]) -> None:
        """Forget rows whose requests have ended."""
        if not self._rows and not self._wanted:
            return
        for request in requests:
            self._wanted.discard(request)
            self._rows.pop(request, None)
        if len(self._rows) < self._limit:
            self._room.set()

    async def room(self) -> None:
        """Return when another row may be held."""
        await self._room.wait()


class Feed:
    """Makes tickets of leased rows: by a short cut where the stored URL is all, else through the templates."""

    def __init__(
        self,
        builder: RequestBuilder,
        redactor: Redactor,
        recall: Recall | None,
        held: HeldRows,
        editing: Editing,
        opened: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        """`recall` reads rows with secrets again; None where the input cannot be read twice.

        No ticket is made before `opened` returns: there is nothing yet to send it by.
        """
        self._opened = opened
        self._editing = editing
        self._builder = builder
        self._redactor = redactor
        self._recall = recall
        self._held = held

    @property
    def horizon(self) -> int | None:
        """Only requests with lower ids can be made now; None for no such limit."""
        return self._held.read_to

    async def tickets(self, leased: list[Leased]) -> tuple[list[Ticket], list[Ended]]:
        """Tickets in the order given, and the failures of those that cannot be rebuilt.

        Raises InputError or OSError where rows must be read again and the input is gone or has changed.
        """
        if self._opened is not None:
            await self._opened()
        recalled = await self._recalled(leased)
        tickets: list[Ticket] = []
        failed: list[Ended] = []
        for number, one in enumerate(leased, start=1):
            try:
                request = self._request(one, recalled)
            except (RowError, EditError) as error:
                failed.append(_failure(one, printable(self._redactor.text(str(error)))))
            else:
                tickets.append(Ticket(one.id, request, one.url, one.host, one.attempt, one.tries, one.lease))
            if number % _CHUNK == 0:
                await asyncio.sleep(0)
        return tickets, failed

    async def original(self, one: Stored) -> Request:
        """The request that the row of an edited one makes; raises as `tickets` does, and RowError."""
        return self._original(one, await self._recalled([one]))

    async def _recalled(self, leased: Sequence[Leased | Stored]) -> dict[int, Row]:
        wanted = [
            one.id
            for one in leased
            if one.sealed & ROW_SEALED
            and self._held.get(one.id) is None
            and (one.edit is None or needs_row(one.edit.origins))
        ]
        if not wanted or self._recall is None:
            return {}
        return await self._recall.rows(wanted)

    def _request(self, one: Leased, recalled: dict[int, Row]) -> Request:
        if one.sealed & EDITED:
            stored = Stored(
                one.id,
                State.IN_FLIGHT,
                one.line,
                one.method,
                one.url,
                one.row,
                one.spec,
                one.sealed,
                one.edit,
            )
            wanted = one.edit is not None and needs_row(one.edit.origins)
            return self._editing.request(stored, self._original(stored, recalled) if wanted else None)
        return self._original(one, recalled)

    def _original(self, one: Leased | Stored, recalled: dict[int, Row]) -> Request:
        if not one.sealed and one.spec is None:
            request = self._builder.shortcut(one.method, one.url)
            if request is not None:
                return request
        if not one.sealed & ROW_SEALED:
            return self._builder.build(unseal(one.id, one.line, one.row, one.spec))
        row = self._held.get(one.id) or recalled.get(one.id)
        if row is None:
            raise RowError(_NOT_HELD)
        request = self._builder.build(row)
        again = seal(row, request, self._redactor)
        first_url = one.edit.first_url if one.edit is not None else one.url
        if (again.url, again.row, again.spec) != (first_url, one.row, one.spec):
            raise InputError(f"line {row.line} of the input is not the row that this run was started with")
        return request


def _failure(one: Leased, message: str) -> Ended:
    return Ended(
        id=one.id,
        attempt=one.attempt,
        tries=one.tries,
        state=State.FAILED,
        started=time.time(),
        elapsed_ms=0.0,
        status=None,
        kind=FailureKind.INVALID,
        message=message,
        reply=None,
        hops=(),
        wire_bytes=0,
    )
