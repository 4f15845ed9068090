"""Memory that bodies are read into: large blocks while few bodies are on their way, smaller ones when many are."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

LEAST, MOST = 1 << 17, 1 << 20
"""Of one block. A block costs some 90 µs beside its copying: two hops between threads and two tasks' turns."""
_TOGETHER = 64 << 20
"""About what all blocks may take, as long as each has the least."""


class Blocks:
    """Lends blocks, and keeps them while any is lent: new memory of this size is a page fault for each 4 KiB."""

    def __init__(self) -> None:
        self._lent = 0
        self._spare: list[bytearray] = []

    @contextmanager
    def lent(self) -> Generator[memoryview]:
        """A block that nobody else has, to be left by nobody looking at it.

        One that an exception passes by is not used again: a thread or a connection may still be busy with it.
        """
        self._lent += 1
        try:
            block = self._taken()
            yield memoryview(block)
            if self._lent + len(self._spare) <= _TOGETHER // MOST:
                self._spare.append(block)
        finally:
            self._lent -= 1
            if not self._lent:
                self._spare.clear()

    def _taken(self) -> bytearray:
        share = max(LEAST, min(MOST, _TOGETHER // self._lent))
        size = 1 << (share.bit_length() - 1)
        while self._spare:
            block = self._spare.pop()
            if len(block) == size:
                return block
        return bytearray(size)
