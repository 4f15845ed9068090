"""Plain lists: one URL a line; blank lines and lines that begin with `#` count for nothing."""

from __future__ import annotations

from ..model import BadRow, Row
from .parser import LineParser, bad_row, not_utf8, too_long

MAX_LINE = 1024 * 1024
"""Bytes a line may have."""
_HASH = ord("#")


class TextParser(LineParser):
    """Each line that says something is a row with the one column `url`."""

    def counts_for_nothing(self, line: bytes) -> bool:
        """Blank lines and comments."""
        text = line.lstrip()
        return not text or text[0] == _HASH

    def record(self, index: int, number: int, line: bytes) -> Row | BadRow:
        """The line without the white space around it."""
        return _record(index, number, line.strip(), len(line))


def _record(index: int, number: int, text: bytes, size: int) -> Row | BadRow:
    if size > MAX_LINE:
        return bad_row(index, number, too_long(MAX_LINE), text)
    if b"\0" in text:
        return bad_row(index, number, "it holds a NUL character", text)
    try:
        return Row(index, number, {"url": text.decode()})
    except UnicodeDecodeError as error:
        return bad_row(index, number, not_utf8(error), text)
