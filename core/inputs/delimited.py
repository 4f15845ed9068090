"""CSV and TSV: records by the csv module, strict, so that a broken quote costs one row and not the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from ..errors import InputError
from ..model import BadRow, Row
from .parser import Mark, bad_row, not_utf8, too_long

MAX_RECORD = 1024 * 1024
"""Bytes a record may have, over all its lines."""
_UNCLOSED = "unexpected end of data"


def allow_long_fields() -> None:
    """Let the csv module accept fields as long as a record may be; its limit is one for the process."""
    csv.field_size_limit(max(csv.field_size_limit(), MAX_RECORD))


class DelimitedParser:
    """Records after the header. Where a record cannot be read, parsing goes on at the line after its first."""

    def __init__(self, columns: Sequence[str], delimiter: str, start: Mark, skip: int = 0) -> None:
        self.id = start.id
        self.line = start.line
        self.skip = skip
        self._columns = tuple(columns)
        self._delimiter = delimiter
        self._held: list[bytes] = []

    @property
    def holding(self) -> bool:
        """Whether a quoted field goes on in the lines to come."""
        return bool(self._held)

    def parse(self, lines: list[bytes], *, final: bool) -> Iterator[Row | BadRow]:
        """The records that are complete with these lines."""
        raw = self._held + lines
        self._held = []
        texts, dirty = _decoded(raw)
        first, start = self.line, 0
        while start < len(raw):
            reader = csv.reader(
                map(texts.__getitem__, range(start, len(texts))), delimiter=self._delimiter, strict=True
            )
            base = start
            try:
                for fields in reader:
                    end = base + reader.line_num
                    if _size(raw, start, end) > MAX_RECORD:
                        raise csv.Error(too_long(MAX_RECORD))
                    if fields and not self._blank(fields):
                        index = self.id
                        self.id = index + 1
                        if index >= self.skip:
                            yield self._record(index, first + start, fields, raw[start] if dirty else b"")
                    start = end
            except csv.Error as error:
                end = base + reader.line_num
                size = _size(raw, start, end)
                if end >= len(raw) and size <= MAX_RECORD and not final:
                    self._held, self.line = raw[start:], first + start
                    return
                yield from self._broken(first + start, str(error), size, raw[start])
                start += 1
        self.line = first + len(raw)

    def _blank(self, fields: list[str]) -> bool:
        return len(fields) == 1 != len(self._columns) and not fields[0].strip()

    def _broken(self, line: int, message: str, size: int, raw: bytes) -> Iterator[BadRow]:
        index = self.id
        self.id = index + 1
        if index < self.skip:
            return
        if len(raw) > MAX_RECORD:
            reason = too_long(MAX_RECORD)
        elif size > MAX_RECORD or message == _UNCLOSED:
            reason = "a quote is opened here that is not closed"
        elif message.startswith("new-line"):
            reason = "it holds a carriage return outside of quotes"
        else:
            reason = f"its quotes are broken ({message})"
        yield bad_row(index, line, reason, raw)

    def _record(self, index: int, line: int, fields: list[str], raw: bytes) -> Row | BadRow:
        if raw and (reason := _dirt(fields)) is not None:
            return bad_row(index, line, reason, raw)
        columns = self._columns
        if len(fields) == len(columns):
            return Row(index, line, dict(zip(columns, fields, strict=True)))
        reason = f"it has {len(fields)} fields, and the header has {len(columns)}"
        return bad_row(index, line, reason, self._delimiter.join(fields).encode(errors="surrogateescape"))


def read_header(lines: list[bytes], delimiter: str, *, final: bool) -> tuple[tuple[str, ...], int] | None:
    """The column names and how many lines the header takes; None when it needs further lines.

    Raises InputError, without the input's name, for a header that cannot name columns.
    """
    start = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
    if start == len(lines) and not final:
        return None
    try:
        texts = [line.decode() for line in lines[start:]]
    except UnicodeDecodeError as error:
        texts = _before(lines[start:], error)
    reader = csv.reader(texts, delimiter=delimiter, strict=True)
    try:
        names = tuple(next(reader, ()))
    except csv.Error as error:
        if not final and reader.line_num == len(texts) and _size(lines, 0, len(lines)) <= MAX_RECORD:
            return None
        raise InputError(f"its header cannot be read ({error})") from error
    end = start + reader.line_num
    if _size(lines, start, end) > MAX_RECORD:
        raise InputError(f"its header cannot be read ({too_long(MAX_RECORD)})")
    _check_names(names)
    return names, end


def _before(lines: list[bytes], error: UnicodeDecodeError) -> list[str]:
    """The lines before the first that is not UTF-8; raises InputError where the header itself is not."""
    good: list[str] = []
    for line in lines:
        try:
            good.append(line.decode())
        except UnicodeDecodeError:
            break
    if not good:
        raise InputError(f"its header cannot be read ({not_utf8(error)}); save the file as UTF-8") from error
    return good


def _check_names(names: tuple[str, ...]) -> None:
    if not any(name.strip() for name in names):
        raise InputError("its first line names no columns; add a header such as `id,url`")
    if any("\0" in name for name in names):
        raise InputError("its header holds a NUL character")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"its header names the column {twice[0]!r} more than once; rename one of them")


def _decoded(raw: list[bytes]) -> tuple[list[str], bool]:
    """The lines as text, and whether a field may hold a NUL or bytes that are not UTF-8 (as surrogates)."""
    block = b"".join(raw)
    dirty = b"\0" in block
    try:
        text = block.decode()
    except UnicodeDecodeError:
        text, dirty = block.decode(errors="surrogateescape"), True
    return io.StringIO(text, newline="\n").readlines(), dirty


def _size(raw: list[bytes], start: int, end: int) -> int:
    return len(raw[start]) if end - start == 1 else sum(map(len, raw[start:end]))


def _dirt(fields: list[str]) -> str | None:
    for field in fields:
        if "\0" in field:
            return "it holds a NUL character"
        try:
            field.encode()
        except UnicodeEncodeError as error:
            return f"it is not UTF-8 (byte 0x{ord(field[error.start]) & 0xFF:02X})"
    return None
