"""Writes frames to a terminal on a thread of its own, and drops them while the terminal does not read."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable

BACKLOG = 128 * 1024
"""Bytes waiting to be written above which a terminal counts as stalled, or four of the largest frames if more."""
_FRAMES = 4


class FrameWriter(threading.Thread):
    """A stalled terminal (a sleeping ssh link, a stopped pane) must never stop the event loop that fetches.

    What is dropped leaves the screen wrong, so `on_catch_up` is called, on this thread, once the terminal has
    read all that was left: the moment to paint everything anew. Writes go to the descriptor directly, because
    a thread that is left behind in a buffered file's lock would end the interpreter with an error.
    """

    def __init__(self, descriptor: int, on_catch_up: Callable[[], None]) -> None:
        super().__init__(daemon=True, name="terminal-output")
        self._descriptor = descriptor
        self._on_catch_up = on_catch_up
        self._ready = threading.Condition()
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._largest = 0
        self._dropped = False
        self._stopping = False
        self._dead = False

    @property
    def stalled(self) -> bool:
        """Whether frames are being dropped."""
        return self._dropped

    def write(self, text: str, *, essential: bool = False) -> None:
        """Queue a piece that is whole in itself; never blocks.

        An essential piece (one that gives the terminal back) is kept whatever the backlog, at the price of the
        frames before it.
        """
        data = text.encode("utf-8", "replace")
        with self._ready:
            if self._dead:
                return
            if essential:
                if self._dropped:
                    self._drop_waiting()
                    self._dropped = False
            elif self._dropped or self._waiting > max(BACKLOG, _FRAMES * self._largest):
                self._dropped = True
                return
            self._largest = max(self._largest, len(data))
            self._pieces.append(data)
            self._waiting += len(data)
            self._ready.notify()

    def stop(self, timeout_s: float) -> None:
        """Write what is queued and end; a terminal that does not read by then is left as it is."""
        with self._ready:
            self._stopping = True
            self._ready.notify()
        self.join(timeout_s)

    def run(self) -> None:
        """Write pieces in their order."""
        while (data := self._next()) is not None:
            self._write_whole(data)
            with self._ready:
                self._waiting = max(0, self._waiting - len(data))
                caught_up = self._dropped and not self._pieces and not self._stopping
                if caught_up:
                    self._dropped = False
            if caught_up:
                self._on_catch_up()

    def _next(self) -> bytes | None:
        with self._ready:
            while not self._pieces:
                if self._stopping or self._dead:
                    return None
                self._ready.wait()
            return self._pieces.popleft()

    def _write_whole(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            # The terminal is gone; whoever watches its input learns of it there.
            with self._ready:
                self._dead = True
                self._drop_waiting()

    def _drop_waiting(self) -> None:
        self._waiting -= sum(len(piece) for piece in self._pieces)
        self._pieces.clear()
