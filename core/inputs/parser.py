"""What the parsers of all formats share: where they stand, and how they report a bad record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from msgspec import Struct

from ..model import BadRow, Row
from ..printable import printable

_SHOWN = 200


class Mark(Struct, frozen=True):
    """A place in the input where a record may begin."""

    id: int = 0
    """The number of the next record."""
    line: int = 1
    offset: int = 0
    """Bytes before it."""


class Parser(Protocol):
    """Makes records of whole lines. Pure: it is fed lines in order and keeps what it cannot use yet."""

    id: int
    """The number of the next record."""
    line: int
    """The 1-based line that is fed next, or where a held record begins."""
    skip: int
    """Records with smaller numbers are counted and not returned."""

    @property
    def holding(self) -> bool:
        """Whether a record has begun that needs further lines."""
        ...

    def parse(self, lines: list[bytes], *, final: bool) -> Iterator[Row | BadRow]:
        """The records that are complete with these lines; `final` says that no more will come."""
        ...


class LineParser:
    """A parser for formats in which a line is a record; a format says which lines count and what they read as."""

    def __init__(self, start: Mark, skip: int = 0) -> None:
        self.id = start.id
        self.line = start.line
        self.skip = skip

    @property
    def holding(self) -> bool:
        """Never: a line is a record."""
        return False

    def parse(self, lines: list[bytes], *, final: bool) -> Iterator[Row | BadRow]:
        """The records of these lines."""
        first = self.line
        self.line += len(lines)
        for number, line in enumerate(lines, first):
            if self.counts_for_nothing(line):
                continue
            index = self.id
            self.id = index + 1
            if index >= self.skip:
                yield self.record(index, number, line)

    def counts_for_nothing(self, line: bytes) -> bool:
        """Whether a line is no record."""
        raise NotImplementedError

    def record(self, index: int, number: int, line: bytes) -> Row | BadRow:
        """The record of a line."""
        raise NotImplementedError


def bad_row(number: int, line: int, reason: str, raw: bytes) -> BadRow:
    """A record that cannot be read, with the printable beginning of its text."""
    text = raw[:_SHOWN].decode(errors="replace").rstrip("\r\n")
    return BadRow(number, line, reason, printable(text))


def not_utf8(error: UnicodeDecodeError) -> str:
    """The reason for a record that is not UTF-8, naming the first bad byte."""
    return f"it is not UTF-8 (byte 0x{error.object[error.start]:02X})"


def too_long(limit: int) -> str:
    """The reason for a record over the limit in bytes."""
    return f"it is longer than {limit // (1024 * 1024)} MiB"
