"""Physical lines of a byte stream, a chunk at a time, in constant memory."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from typing import Protocol

CHUNK = 256 * 1024
"""Bytes asked for at once."""
_BOM = b"\xef\xbb\xbf"

Read = Callable[[int], Awaitable[bytes]]
"""Reads at most so many bytes, and none only at the end."""


class LineReader:
    """Cuts a stream into lines that keep their LF; a BOM at its beginning is dropped."""

    def __init__(self, read: Read, max_line: int, offset: int = 0) -> None:
        """A line longer than `max_line` bytes is cut to one byte more, so that a parser can tell."""
        self._read = read
        self._room = max_line + 1
        self._carry = bytearray()
        self._carried = 0
        self._unread: list[bytes] = []
        self._taken = offset
        self._at_start = offset == 0
        self._ended = False

    @property
    def offset(self) -> int:
        """Byte of the stream where the next line begins, provided that nothing is unread."""
        return self._taken - self._carried

    def unread(self, lines: list[bytes]) -> None:
        """Give lines back; the next `read` returns them."""
        self._unread = lines

    async def read(self) -> list[bytes]:
        """At least one line, as soon as one is whole; none at the end of the stream."""
        if self._unread:
            lines, self._unread = self._unread, []
            return lines
        lines = []
        while not lines and not self._ended:
            lines = self._cut(await self._read(CHUNK))
        if lines and self._at_start:
            self._at_start = False
            lines[0] = lines[0].removeprefix(_BOM)
        return lines

    def _cut(self, chunk: bytes) -> list[bytes]:
        self._taken += len(chunk)
        self._ended = not chunk
        last = chunk.rfind(b"\n") + 1
        if self._ended or not last:
            self._hold(chunk)
            return [self._release()] if self._ended and self._carried else []
        block = io.BytesIO(chunk[:last])
        first: list[bytes] = []
        if self._carried:
            self._hold(block.readline())
            first = [self._release()]
        lines = first + block.readlines()
        self._hold(chunk[last:])
        return lines

    def _hold(self, part: bytes) -> None:
        self._carried += len(part)
        self._carry += part[: max(0, self._room - len(self._carry))]

    def _release(self) -> bytes:
        cut = self._carried > len(self._carry)
        line = bytes(self._carry[:-1]) + b"\n" if cut else bytes(self._carry)
        self._carry.clear()
        self._carried = 0
        return line


class _Descriptor(Protocol):
    def fileno(self) -> int: ...


async def readable(stream: _Descriptor) -> None:
    """Return when a pipe, socket or terminal has bytes or has ended; at once for anything else.

    A thread that waits in `read` could not be interrupted, and would hold up the end of the process.
    """
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        descriptor = stream.fileno()
        loop.add_reader(descriptor, ready.set)
    except (OSError, NotImplementedError):
        return
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
