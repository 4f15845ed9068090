"""The pages of a journal as they were last committed, read without SQLite and without a trace."""

from __future__ import annotations

import os
import struct
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...errors import RunError
from ..schema import PAGE_SIZES
from .records import read_page
from .wal import WalPages, is_page_size, read_wal

_MAGIC = b"SQLite format 3\x00"
_SAMPLE = 4_000_000
"""So many bytes tell how long their pages are."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the first page tells of the whole file."""

    page_size: int
    usable: int
    """Bytes of a page that SQLite uses."""
    application_id: int
    user_version: int
    first_trunk: int
    """The first page of the list of free pages, 0 for none."""


def read_header(data: bytes) -> Header | None:
    """The header in the first 100 bytes of a database; None where they are no such header."""
    if len(data) < 100 or not data.startswith(_MAGIC):
        return None
    size: int = struct.unpack_from(">H", data, 16)[0]
    size = 65_536 if size == 1 else size
    version, trunk = struct.unpack_from(">I", data, 60)[0], struct.unpack_from(">I", data, 32)[0]
    if not is_page_size(size) or data[20] > size - 480:
        return None
    return Header(size, size - data[20], struct.unpack_from(">I", data, 68)[0], version, trunk)


class Pages:
    """Reads pages by their number, from 1; the log's versions go before those of the file."""

    def __init__(
        self, database: int, log: int | None, wal: WalPages, size: int, header: Header | None
    ) -> None:
        """Descriptors open for reading, and the page size in bytes."""
        self._database = database
        self._log = log
        self._wal = wal
        self.size = size
        stored = os.fstat(database).st_size // size
        self.count = max(wal.page_count or 0, stored if wal.page_count is None else 0)
        """How many pages there are, or should be."""
        self.unread: set[int] = set()
        """Pages that were asked for and could not be had."""
        first = self.read(1)
        self.header = read_header(first) if first is not None else header
        self.usable = self.header.usable if self.header is not None else size
        self.doubtful = wal.doubtful
        """Whether commits are lost that stood in the log."""

    def read(self, number: int) -> bytes | None:
        """The content of a page; None where it is missing or cannot be read."""
        data = None
        if 1 <= number <= self.count:
            offset = self._wal.offsets.get(number, -1)
            if offset == -1:
                data = _read_at(self._database, (number - 1) * self.size, self.size)
            elif offset is not None and self._log is not None:
                data = _read_at(self._log, offset, self.size)
        if data is None:
            self.unread.add(number)
        return data

    def free(self) -> set[int]:
        """Pages that are listed as free: what stands in them is out of date."""
        found: set[int] = set()
        trunk = self.header.first_trunk if self.header is not None else 0
        while trunk and trunk not in found:
            data = self.read(trunk)
            if data is None:
                break
            found.add(trunk)
            trunk, leaves = struct.unpack_from(">II", data)
            leaves = min(leaves, self.usable // 4 - 2)
            found.update(struct.unpack_from(f">{leaves}I", data, 8))
        return found


def _read_at(descriptor: int, offset: int, size: int) -> bytes | None:
    """So many bytes; None where they are missing or cannot be read."""
    try:
        data = os.pread(descriptor, size, offset)
    except OSError:
        return None
    return data if len(data) == size else None


def _guess_size(database: int) -> int:
    """The page size of a file that does not tell: that by which most entries read.

    Where pages of trees begin says less: those of half the size may stand at each second place alone, between
    the rest of long values.
    """
    length = min(_SAMPLE, os.fstat(database).st_size)

    def entries(size: int) -> int:
        def page(number: int) -> bytes | None:
            return _read_at(database, (number - 1) * size, size) if number > 0 else None

        # The first one has lost its header, and a root in it has few entries.
        found = ((page(number), number) for number in range(2, length // size + 1))
        read = [read_page(data, number, size, page) for data, number in found if data is not None]
        return sum(cell is not None for one in read if one is not None for cell in one.cells)

    return max(PAGE_SIZES, key=entries)


@contextmanager
def open_pages(journal: Path) -> Generator[Pages]:
    """Open a journal and its log for reading; raises RunError where that cannot be."""
    log = journal.with_name(f"{journal.name}-wal")
    try:
        database = os.open(journal, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise RunError(f"{journal} cannot be read: {error.strerror}. Name a run folder.") from error
    try:
        header = read_header(os.pread(database, 100, 0))
        wal = read_wal(log, header.page_size if header is not None else None)
        size = wal.page_size or (header.page_size if header is not None else _guess_size(database))
        descriptor = os.open(log, os.O_RDONLY | os.O_CLOEXEC) if wal.offsets else None
        try:
            yield Pages(database, descriptor, wal, size, header)
        finally:
            if descriptor is not None:
                os.close(descriptor)
    except OSError as error:
        raise RunError(
            f"{journal} cannot be read: {error.strerror}. Copy it elsewhere and try again."
        ) from error
    finally:
        os.close(database)
