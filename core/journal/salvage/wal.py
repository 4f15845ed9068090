"""The newest committed pages of a write-ahead log, also of one that is damaged."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Iterable, Iterator
from heapq import merge
from operator import itemgetter
from pathlib import Path

from msgspec import Struct, field

from ..schema import PAGE_SIZES

_MAGIC = 0x377F0682
_FORMAT = 3_007_000
_HEADER = 32
_FRAME = 24
_MASK = 0xFFFFFFFF
Sum = tuple[int, int]


class WalPages(Struct):
    """Where the log has the newest version of which page."""

    page_size: int | None = None
    """In bytes; None where there is no readable log."""
    offsets: dict[int, int | None] = field(default_factory=dict[int, "int | None"])
    """Page number to the offset of its content in the log; None for a page whose newest version is broken."""
    page_count: int | None = None
    """Pages of the database after the last commit."""
    doubtful: bool = False
    """Whether commits, or parts of some, are lost."""


class _Frame(Struct, frozen=True):
    page: int
    page_count: int
    """Above 0 in the last frame of a transaction."""
    salts: bytes
    sum: Sum
    checked: bytes
    """What the checksum covers."""
    content: int


class _Head(Struct, frozen=True):
    page_size: int
    order: str
    """How `struct` calls the byte order of the checksums."""
    salts: bytes
    sum: Sum
    """What the first frame's checksum goes on from."""


def read_wal(path: Path, page_size: int | None) -> WalPages:
    """Read a log; `page_size` in bytes where the database tells. Raises OSError where it cannot be read.

    A frame's checksum goes on from the frame before, so that a broken frame is noticed and costs no later one.
    SQLite instead takes the first broken frame for the end.
    """
    if not path.is_file() or path.stat().st_size <= _HEADER + _FRAME:
        return WalPages()
    with path.open("rb", buffering=1 << 20) as file:
        sizes = (page_size,) if page_size is not None else PAGE_SIZES
        head = _head(file.read(_HEADER)) or _guess(file.fileno(), sizes)
        if head is None:
            return WalPages()
        found = WalPages(head.page_size)
        _collect(_frames(file.fileno(), head.page_size), head, found)
    return found


def _collect(frames: Iterator[_Frame], head: _Head, found: WalPages) -> None:
    pending: dict[int, int | None] = {}
    before = head.sum
    gap = broken = False
    for frame in frames:
        if frame.salts != head.salts:
            # An earlier use of the log, unless sound frames follow.
            gap, before = True, (0, 0)
            continue
        sound = _checksum(frame.checked, before, head.order) == frame.sum
        before = frame.sum
        pending[frame.page] = frame.content if sound else None
        broken = broken or gap or not sound
        if frame.page_count and not sound:
            found.doubtful = True
        elif frame.page_count:
            found.offsets.update(pending)
            found.page_count = frame.page_count
            found.doubtful = found.doubtful or broken
            pending.clear()


def _frames(fd: int, page_size: int) -> Iterator[_Frame]:
    at, step = _HEADER, _FRAME + page_size
    end = os.fstat(fd).st_size
    while at + step <= end:
        try:
            data = os.pread(fd, step, at)
        except OSError:
            data = bytes(step)
        page, count = struct.unpack_from(">II", data)
        yield _Frame(
            page,
            count,
            data[8:16],
            struct.unpack_from(">II", data, 16),
            data[:8] + data[_FRAME:],
            at + _FRAME,
        )
        at += step


def _head(data: bytes) -> _Head | None:
    magic, form, size = struct.unpack_from(">III", data)
    if magic not in (_MAGIC, _MAGIC | 1) or form != _FORMAT or not is_page_size(size):
        return None
    order = ">" if magic & 1 else "<"
    stored: Sum = struct.unpack_from(">II", data, 24)
    return _Head(size, order, data[16:24], stored) if _checksum(data[:24], (0, 0), order) == stored else None


def _guess(fd: int, sizes: Iterable[int]) -> _Head | None:
    """What a broken header must have said: by the first two frames of which one goes on from the other.

    None where there are no such frames, whichever of these sizes their pages have.
    """
    found = merge(*(_guesses(fd, size) for size in sizes), key=itemgetter(0))
    return next((head for _, head in found if head is not None), None)


def _guesses(fd: int, page_size: int) -> Iterator[tuple[int, _Head | None]]:
    """Frames by their places, with what the header must have said where one goes on from the frame before."""
    order = "<" if sys.byteorder == "little" else ">"
    before = None
    for frame in _frames(fd, page_size):
        follows = before is not None and _follows(before, frame, order)
        yield frame.content, _Head(page_size, order, frame.salts, (0, 0)) if follows else None
        before = frame


def _follows(before: _Frame, frame: _Frame, order: str) -> bool:
    """Whether one goes on from the other; zeros, which a disk gives for what it has lost, do not."""
    numbered = before.page and frame.page
    return bool(numbered) and _checksum(frame.checked, before.sum, order) == frame.sum


def is_page_size(size: int) -> bool:
    """Whether SQLite knows pages of so many bytes."""
    return 512 <= size <= 65_536 and size & (size - 1) == 0


def _checksum(data: bytes, seed: Sum, order: str) -> Sum:
    first, second = seed
    words = iter(struct.unpack(f"{order}{len(data) // 4}I", data))
    for word in words:
        first = (first + word + second) & _MASK
        second = (second + next(words) + first) & _MASK
    return first, second
