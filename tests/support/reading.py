"""Inputs for tests: real files read to their end, and parsers fed in chunks of any size."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from fetchdeck.core.inputs.lines import LineReader
from fetchdeck.core.inputs.parser import Parser
from fetchdeck.core.inputs.source import open_source
from fetchdeck.core.job import InputFormat
from fetchdeck.core.model import BadRow, Row

T = TypeVar("T")


async def records_of(path: Path, form: InputFormat | None = None, skip: int = 0) -> list[Row | BadRow]:
    """All records of a file."""
    source = await open_source(str(path), form)
    try:
        return [record async for batch in source.batches(skip) for record in batch]
    finally:
        await source.close()


def parsed(
    parser: Parser, data: bytes, sizes: Sequence[int], max_line: int = 1024 * 1024
) -> list[Row | BadRow]:
    """What a parser makes of bytes that arrive in chunks of these sizes, over and over."""
    records: list[Row | BadRow] = []
    reader = LineReader(_reads(data, sizes), max_line)
    while True:
        lines = finished(reader.read())
        records += parser.parse(lines, final=not lines)
        if not lines:
            return records


def finished(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never has to wait."""
    try:
        work.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("the coroutine waits for something")


def _reads(data: bytes, sizes: Sequence[int]) -> Any:
    chunks = _chunks(data, sizes)

    async def read(_size: int) -> bytes:
        return next(chunks, b"")

    return read


def _chunks(data: bytes, sizes: Sequence[int]) -> Iterator[bytes]:
    at = turn = 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        yield data[at : at + size]
        at, turn = at + size, turn + 1
