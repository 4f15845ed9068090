"""What has to be known of an input before its first record: its format, its columns, where records begin."""

from __future__ import annotations

from msgspec import Struct

from ..errors import InputError
from ..job import InputFormat
from . import delimited, jsonl, text
from .delimited import DelimitedParser
from .jsonl import JsonlParser
from .lines import LineReader
from .parser import Mark, Parser
from .stream import ByteStream
from .text import TextParser

_SUFFIXES = {
    ".txt": InputFormat.TXT,
    ".csv": InputFormat.CSV,
    ".tsv": InputFormat.TSV,
    ".jsonl": InputFormat.JSONL,
    ".ndjson": InputFormat.JSONL,
}
_DELIMITERS = {InputFormat.CSV: ",", InputFormat.TSV: "\t"}


class Layout(Struct, frozen=True):
    """A known format and header."""

    format: InputFormat
    columns: tuple[str, ...] | None
    """None for JSON lines, where each row has its own."""
    start: Mark
    """Where the first record may begin."""

    @property
    def max_line(self) -> int:
        """Bytes a line may have."""
        return _max_line(self.format)

    def parser(self, start: Mark, skip: int) -> Parser:
        """A parser that goes on at a mark."""
        if self.format is InputFormat.TXT:
            return TextParser(start, skip)
        if self.format is InputFormat.JSONL:
            return JsonlParser(start, skip)
        return DelimitedParser(self.columns or (), _DELIMITERS[self.format], start, skip)


async def detect(stream: ByteStream, form: InputFormat | None) -> tuple[Layout, LineReader]:
    """Read just enough to know the layout; the reader goes on at the first record.

    Raises InputError for an unknown format or a header that cannot name columns, OSError when reading fails.
    """
    if form is None and stream.suffix:
        form = _SUFFIXES.get(stream.suffix)
    if form is None and stream.identity is not None:
        raise InputError(
            f"The format of {stream.name} cannot be told from its name. "
            "Name it .txt, .csv, .tsv or .jsonl, or say which with --format."
        )
    # Until the format is known, the shortest of the limits would cut what a longer one allows.
    reader = LineReader(stream.read, _max_line(form) if form else jsonl.MAX_LINE)
    if form is None:
        form = await _by_first_line(reader)
    if form not in _DELIMITERS:
        return Layout(form, ("url",) if form is InputFormat.TXT else None, Mark()), reader
    return await _with_header(stream, reader, form), reader


def _max_line(form: InputFormat) -> int:
    if form is InputFormat.JSONL:
        return jsonl.MAX_LINE
    return text.MAX_LINE if form is InputFormat.TXT else delimited.MAX_RECORD


async def _by_first_line(reader: LineReader) -> InputFormat:
    lines: list[bytes] = []
    while block := await reader.read():
        lines += block
        said = next((line.strip() for line in block if line.strip()), None)
        if said is not None:
            reader.unread(lines)
            return InputFormat.JSONL if said.startswith(b"{") else InputFormat.TXT
    return InputFormat.TXT


async def _with_header(stream: ByteStream, reader: LineReader, form: InputFormat) -> Layout:
    delimited.allow_long_fields()
    lines: list[bytes] = []
    found = None
    while found is None:
        block = await reader.read()
        lines += block
        try:
            found = delimited.read_header(lines, _DELIMITERS[form], final=not block)
        except InputError as error:
            raise InputError(f"The input {stream.name} cannot be used: {error}.") from error
    names, count = found
    rest = lines[count:]
    offset = reader.offset - sum(map(len, rest))
    reader.unread(rest)
    return Layout(form, names, Mark(0, count + 1, offset))
