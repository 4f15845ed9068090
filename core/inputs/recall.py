"""Full rows by their numbers, for rows whose secrets the journal does not keep."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from ..errors import InputError
from ..job import InputFormat
from ..model import BadRow, Row
from .source import Source, open_source


class Recall:
    """Reads a regular file again. In the order of the rows it reads it once; going back is a short seek."""

    def __init__(self, path: str, format: InputFormat | None, identity: str | None = None) -> None:  # noqa: A002
        """With an `identity`, a file that is another one by now is refused."""
        self._path = path
        self._format = format
        self._identity = identity
        self._one_at_a_time = asyncio.Lock()
        self._source: Source | None = None
        self._batches: AsyncIterator[list[Row | BadRow]] | None = None
        self._batch: list[Row | BadRow] = []

    async def rows(self, ids: Sequence[int]) -> dict[int, Row]:
        """The rows with these ascending numbers; bad rows, and numbers past the end, are left out.

        Raises InputError where the input is gone or has changed, OSError when reading fails.
        """
        found = await self.records(ids)
        return {number: record for number, record in found.items() if isinstance(record, Row)}

    async def records(self, ids: Sequence[int]) -> dict[int, Row | BadRow]:
        """The records with these ascending numbers, bad rows too; raises as `rows` does."""
        found: dict[int, Row | BadRow] = {}
        async with self._one_at_a_time:
            for number in ids:
                record = await self._record(number)
                if record is not None:
                    found[number] = record
        return found

    async def close(self) -> None:
        """Close the file; a later `rows` opens it again."""
        source, self._source, self._batches, self._batch = self._source, None, None, []
        if source is not None:
            await source.close()

    async def _record(self, number: int) -> Row | BadRow | None:
        if self._batches is None or (self._batch and number < self._batch[0].id):
            await self._start(number)
        while self._batches is not None and (not self._batch or number > self._batch[-1].id):
            batch = await anext(self._batches, None)
            if batch is None:
                self._batches, self._batch = None, []
                return None
            self._batch = batch
        return self._batch[number - self._batch[0].id] if self._batch else None

    async def _start(self, number: int) -> None:
        if self._source is None:
            source = await open_source(self._path, self._format)
            if self._identity not in (None, source.identity):
                await source.close()
                raise InputError(
                    f"The input {self._path} has changed since the run read it. "
                    "Put the old one back, or start a new run with --run OTHER."
                )
            self._source = source
        self._batch = []
        self._batches = self._source.batches(number)
