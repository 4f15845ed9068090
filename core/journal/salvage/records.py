"""Cells of a page and the values in them; whatever is not exactly as SQLite writes it is refused."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Value = int | float | str | bytes | None
Row = tuple[Value, ...]
"""The values of one row, in the order of the table's columns."""
_INT_SIZES = (0, 1, 2, 3, 4, 6, 8)
_SECTOR = 512
_BLANK = bytes(_SECTOR)
_MOST_BYTES = 2_000_000_000
INDEX_INTERIOR, TABLE_INTERIOR, INDEX_LEAF, TABLE_LEAF = 2, 5, 10, 13


class BrokenError(Exception):
    """These bytes are not what SQLite writes."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One entry of a page."""

    child: int
    """The page of the entries before it; 0 in a leaf."""
    rowid: int
    """The key in a table's tree; 0 in an index's."""
    record: Row | None
    """None in the inner pages of a table, which hold keys alone."""


@dataclass(frozen=True, slots=True)
class Page:
    """What reads of one page of a tree."""

    kind: int
    cells: list[Cell | None]
    """In order; None for a cell that is broken."""
    last: int
    """The page of the entries after all cells; 0 in a leaf."""


def read_page(data: bytes, number: int, usable: int, overflow: Callable[[int], bytes | None]) -> Page | None:
    """Read one page of a tree; None where it is none. `overflow` gives the page of a number."""
    start = 100 if number == 1 else 0
    kind = data[start]
    if kind not in (INDEX_INTERIOR, TABLE_INTERIOR, INDEX_LEAF, TABLE_LEAF):
        return None
    inner = kind in (INDEX_INTERIOR, TABLE_INTERIOR)
    count: int = struct.unpack_from(">H", data, start + 3)[0]
    pointers = start + (12 if inner else 8)
    if pointers + 2 * count > usable:
        return None
    last: int = struct.unpack_from(">I", data, start + 8)[0] if inner else 0
    reader = _Cells(data, kind, usable, pointers + 2 * count, overflow)
    return Page(kind, [reader.cell(at) for at in struct.unpack_from(f">{count}H", data, pointers)], last)


class _Cells:
    def __init__(
        self, data: bytes, kind: int, usable: int, first: int, overflow: Callable[[int], bytes | None]
    ) -> None:
        self._data = data
        self._kind = kind
        self._usable = usable
        self._first = first
        self._overflow = overflow
        self._blank = blank_sectors(data)
        room = usable - 12
        self._least = room * 32 // 255 - 23
        self._most = usable - 35 if kind == TABLE_LEAF else room * 64 // 255 - 23

    def cell(self, at: int) -> Cell | None:
        """The cell at an offset, or None where it is broken."""
        try:
            return self._cell(at)
        except (BrokenError, IndexError, struct.error):
            return None

    def _cell(self, at: int) -> Cell:
        if at < self._first:
            raise BrokenError
        data, begin, child, rowid = self._data, at, 0, 0
        if self._kind in (INDEX_INTERIOR, TABLE_INTERIOR):
            child = struct.unpack_from(">I", data, at)[0]
            at += 4
        if self._kind == TABLE_INTERIOR:
            rowid, at = varint(data, at)
            self._whole(begin, at)
            return Cell(child, rowid, None)
        size, at = varint(data, at)
        if self._kind == TABLE_LEAF:
            rowid, at = varint(data, at)
        local = self._local(size)
        end = at + local + (4 if local < size else 0)
        self._whole(begin, end)
        payload = data[at : at + local]
        if local < size:
            payload += self._rest(struct.unpack_from(">I", data, end - 4)[0], size - local)
        return Cell(child, rowid, decode(payload))

    def _local(self, size: int) -> int:
        if not 2 <= size <= _MOST_BYTES:
            raise BrokenError
        if size <= self._most:
            return size
        some = self._least + (size - self._least) % (self._usable - 4)
        return some if some <= self._most else self._least

    def _whole(self, begin: int, end: int) -> None:
        if end > self._usable or any(begin < sector + _SECTOR and sector < end for sector in self._blank):
            raise BrokenError

    def _rest(self, number: int, size: int) -> bytes:
        pieces: list[bytes] = []
        seen: set[int] = set()
        room = self._usable - 4
        while size > 0:
            data = self._overflow(number) if number not in seen else None
            seen.add(number)
            if data is None:
                raise BrokenError
            taken = min(size, room)
            if any(sector < 4 + taken for sector in blank_sectors(data)):
                raise BrokenError
            pieces.append(data[4 : 4 + taken])
            size -= taken
            number = struct.unpack_from(">I", data)[0]
            if (number == 0) != (size == 0):
                raise BrokenError
        return b"".join(pieces)


def blank_sectors(data: bytes) -> tuple[int, ...]:
    """Offsets of sectors that are all zeros: what a disk gives for what it has lost.

    A value that reaches into one is refused, although it may have been zeros from the beginning.
    """
    if _BLANK not in data:
        return ()
    return tuple(at for at in range(0, len(data), _SECTOR) if data[at : at + _SECTOR] == _BLANK)


def varint(data: bytes, at: int) -> tuple[int, int]:
    """A variable-length integer as a signed number, and the offset after it."""
    first = data[at]
    if first < 0x80:
        return first, at + 1
    value = first & 0x7F
    for position in range(at + 1, at + 8):
        octet = data[position]
        value = value << 7 | octet & 0x7F
        if octet < 0x80:
            return value, position + 1
    value = value << 8 | data[at + 8]
    return value - (1 << 64) if value >> 63 else value, at + 9


def decode(payload: bytes) -> Row:
    """The values of a record; raises BrokenError (or IndexError) where it is none."""
    end, at = varint(payload, 0)
    if not at < end <= len(payload):
        raise BrokenError
    return tuple(_values(payload, at, end))


def _values(payload: bytes, at: int, end: int) -> Iterator[Value]:
    body = end
    while at < end:
        kind, at = varint(payload, at)
        size = _size(kind)
        if body + size > len(payload):
            raise BrokenError
        yield _value(kind, payload[body : body + size])
        body += size
    if at != end or body != len(payload):
        raise BrokenError


def _size(kind: int) -> int:
    if kind >= 12:
        return (kind - 12) // 2
    if 0 <= kind <= 6:
        return _INT_SIZES[kind]
    if kind == 7:
        return 8
    if kind in (8, 9):
        return 0
    raise BrokenError


def _value(kind: int, data: bytes) -> Value:
    if kind == 0:
        return None
    if kind <= 6:
        return int.from_bytes(data, "big", signed=True)
    if kind == 7:
        number: float = struct.unpack(">d", data)[0]
        if not math.isfinite(number):
            raise BrokenError
        return number
    if kind in (8, 9):
        return kind - 8
    if kind % 2 == 0:
        return data
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise BrokenError from error
    if "\0" in text:
        raise BrokenError
    return text
