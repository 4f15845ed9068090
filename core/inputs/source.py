"""An input as a stream of rows: read in chunks, parsed a batch at a time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import BinaryIO, Protocol

from ..job import InputFormat
from ..model import BadRow, Row
from .layout import Layout, detect
from .lines import LineReader
from .parser import Mark, Parser
from .stream import ByteStream, open_stream, unreadable

BATCH = 500
"""Records a batch has at most."""


class Source(Protocol):
    """An input whose format and header are known."""

    @property
    def format(self) -> InputFormat:
        """How it is written."""
        ...

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The columns each row has; None for JSON lines, where each row has its own."""
        ...

    @property
    def identity(self) -> str | None:
        """A regular file's size, and the SHA-256 of its first and last 64 KiB in hex; None for a pipe."""
        ...

    @property
    def rewindable(self) -> bool:
        """Whether it can be read again from its beginning."""
        ...

    async def first(self) -> Row | BadRow | None:
        """The first record, which `batches` yields again; None for an input without records."""
        ...

    def batches(self, skip: int = 0) -> AsyncIterator[list[Row | BadRow]]:
        """Records from number `skip` on, up to 500 at a time, and fewer rather than waiting for more.

        A rewindable input may be read again, one reading at a time. Raises OSError when reading fails.
        """
        ...

    async def close(self) -> None:
        """Close what was opened; standard input stays open."""
        ...


async def open_source(
    path: str,
    format: InputFormat | None,  # noqa: A002
    *,
    stdin: BinaryIO | None = None,
) -> Source:
    """Open an input, `-` for standard input, and read just enough to know its format and columns.

    Raises InputError where it cannot be read, or its format or columns cannot be known.
    """
    stream = await open_stream(path, stdin)
    try:
        layout, reader = await detect(stream, format)
    except OSError as error:
        await stream.close()
        raise unreadable(stream.name, error) from error
    except BaseException:
        await stream.close()
        raise
    return StreamSource(stream, layout, reader)


class StreamSource:
    """The one Source: any stream in any format."""

    def __init__(self, stream: ByteStream, layout: Layout, reader: LineReader) -> None:
        self._stream = stream
        self._layout = layout
        self._marks = [layout.start]
        self._reading = _Reading(reader, layout.parser(layout.start, 0))
        self._head: list[Row | BadRow] | None = None
        self._started = False

    @property
    def format(self) -> InputFormat:
        """How it is written."""
        return self._layout.format

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The columns each row has; None for JSON lines."""
        return self._layout.columns

    @property
    def identity(self) -> str | None:
        """The fingerprint of a regular file; None for a pipe."""
        return self._stream.identity

    @property
    def rewindable(self) -> bool:
        """Whether it is a regular file."""
        return self._stream.identity is not None

    async def first(self) -> Row | BadRow | None:
        """The first record; to be asked for before `batches`."""
        if self._head is None:
            if self._started:
                raise RuntimeError("the first record has to be asked for before the batches")
            self._head = await self._reading.batch()
        return self._head[0] if self._head else None

    async def batches(self, skip: int = 0) -> AsyncIterator[list[Row | BadRow]]:
        """Records from number `skip` on."""
        if self._started and not self.rewindable:
            raise RuntimeError(f"{self._stream.name} can be read once")
        self._started = True
        if self.rewindable:
            reading = self._reading = await self._rewind(skip)
        else:
            reading = self._reading
            reading.parser.skip = skip
            if kept := [record for record in self._head or () if record.id >= skip]:
                yield kept
        while batch := await reading.batch():
            yield batch
            if self._reading is not reading:
                raise RuntimeError("the input is being read from another place by now")

    async def close(self) -> None:
        """Close the file; standard input stays open."""
        await self._stream.close()

    async def _rewind(self, skip: int) -> _Reading:
        mark = self._marks[bisect_right(self._marks, skip, key=lambda known: known.id) - 1]
        await self._stream.seek(mark.offset)
        reader = LineReader(self._stream.read, self._layout.max_line, mark.offset)
        return _Reading(reader, self._layout.parser(mark, skip), self._marks)


class _Reading:
    """One way through the input; notes marks, so that a later one can begin near where it wants to."""

    def __init__(self, reader: LineReader, parser: Parser, marks: list[Mark] | None = None) -> None:
        self.parser = parser
        self._reader = reader
        self._marks = marks
        self._records: Iterator[Row | BadRow] = iter(())
        self._ended = False

    async def batch(self) -> list[Row | BadRow]:
        """The next records, none at the end."""
        while True:
            if batch := list(islice(self._records, BATCH)):
                return batch
            if self._ended:
                return []
            self._note()
            lines = await self._reader.read()
            self._ended = not lines
            self._records = self.parser.parse(lines, final=self._ended)

    def _note(self) -> None:
        marks, parser, offset = self._marks, self.parser, self._reader.offset
        if marks is not None and not parser.holding and offset > marks[-1].offset:
            marks.append(Mark(parser.id, parser.line, offset))
