"""Plain lists: one URL a line; blank lines and lines that begin with `#` count for nothing."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import BadRow, Row
from .parser import Mark, bad_row, not_utf8, too_long

MAX_LINE = 1024 * 1024
"""Bytes a line may have."""
_HASH = ord("#")


class TextParser:
    """Each line that says something is a row with the one column `url`."""

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
            text = line.strip()
            if not text or text[0] == _HASH:
                continue
            index = self.id
            self.id = index + 1
            if index >= self.skip:
                yield _record(index, number, text, len(line))


def _record(index: int, number: int, text: bytes, size: int) -> Row | BadRow:
    if size > MAX_LINE:
        return bad_row(index, number, too_long(MAX_LINE), text)
    if b"\0" in text:
        return bad_row(index, number, "it holds a NUL character", text)
    try:
        return Row(index, number, {"url": text.decode()})
    except UnicodeDecodeError as error:
        return bad_row(index, number, not_utf8(error), text)
