"""From a leased row of the journal back to the request it stands for, secrets included."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from ..errors import FetchdeckError, RowError
from ..inputs.recall import Recall
from ..journal.batch import Ended, Leased
from ..model import FailureKind, Request, Row, State
from ..sealing import ROW_SEALED, unseal
from ..templates import RequestBuilder
from .ticket import Ticket

_CHUNK = 100
_NOT_HELD = (
    "its row holds a secret, which is not stored, and the input cannot be read again; "
    "run the same command with the same input once more"
)


class HeldRows:
    """Rows with secrets from an input that cannot be read twice, kept in memory until their requests end."""

    def __init__(self, limit: int = 5000) -> None:
        """Reading should wait while more than `limit` rows are held."""
        self._rows: dict[int, Row] = {}
        self._limit = limit
        self._room = asyncio.Event()
        self._room.set()

    def hold(self, row: Row) -> None:
        """Keep a row."""
        self._rows[row.id] = row
        if len(self._rows) >= self._limit:
            self._room.clear()

    def get(self, request: int) -> Row | None:
        """The row of a request, if it is held."""
        return self._rows.get(request)

    def drop(self, requests: Iterable[int]) -> None:
        """Forget rows whose requests have ended."""
        if not self._rows:
            return
        for request in requests:
            self._rows.pop(request, None)
        if len(self._rows) < self._limit:
            self._room.set()

    async def room(self) -> None:
        """Return when another row may be held."""
        await self._room.wait()


class Feed:
    """Makes tickets of leased rows: by a short cut where the stored URL is all, else through the templates."""

    def __init__(self, builder: RequestBuilder, recall: Recall | None, held: HeldRows) -> None:
        """`recall` reads rows with secrets again; None where the input cannot be read twice."""
        self._builder = builder
        self._recall = recall
        self._held = held

    async def tickets(self, leased: list[Leased]) -> tuple[list[Ticket], list[Ended]]:
        """Tickets in the order given, and the failures of those that cannot be rebuilt."""
        recalled = await self._recalled(leased)
        tickets: list[Ticket] = []
        failed: list[Ended] = []
        for number, one in enumerate(leased, start=1):
            try:
                request = self._request(one, recalled)
            except FetchdeckError as error:
                failed.append(_failure(one, str(error)))
            else:
                tickets.append(Ticket(one.id, request, one.url, one.host, one.attempt, one.tries))
            if number % _CHUNK == 0:
                await asyncio.sleep(0)
        return tickets, failed

    async def _recalled(self, leased: list[Leased]) -> dict[int, Row]:
        wanted = [one.id for one in leased if one.sealed & ROW_SEALED and self._held.get(one.id) is None]
        if not wanted or self._recall is None:
            return {}
        try:
            return await self._recall.rows(wanted)
        except (FetchdeckError, OSError):
            return {}

    def _request(self, one: Leased, recalled: dict[int, Row]) -> Request:
        if not one.sealed and one.spec is None:
            request = self._builder.shortcut(one.method, one.url)
            if request is not None:
                return request
        if one.sealed & ROW_SEALED:
            row = self._held.get(one.id) or recalled.get(one.id)
            if row is None:
                raise RowError(_NOT_HELD)
        else:
            row = unseal(one.id, one.line, one.row, one.spec)
        return self._builder.build(row)


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
