"""Writes to a terminal or pipe on a thread of its own, and drops what is not essential while nobody reads."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from ..core.durable import write_whole

BACKLOG = 128 * 1024
"""Bytes waiting to be written above which a reader counts as stalled, or four of the largest pieces if more."""
_PIECES = 4


class TerminalWriter:
    """A stalled reader (a sleeping ssh link, a stopped pane, ^S) must never stop the event loop that fetches.

    What is dropped leaves a screen wrong, so `on_catch_up` is called, on the writing thread, once the reader has
    taken all that was left: the moment to paint everything anew. One writer serves standard error for the whole
    of a command, so that frames, what gives the terminal back, and the summary come in their order. Writes go to
    the descriptor directly, because a thread that is left behind in a buffered file's lock would end the
    interpreter with an error.
    """

    def __init__(self, descriptor: int, encoding: str = "utf-8") -> None:
        """Nobody else should write to `descriptor` meanwhile; what `encoding` lacks becomes a question mark."""
        self.on_catch_up: Callable[[], None] = lambda: None
        self._descriptor = descriptor
        self._encoding = encoding
        self._changed = threading.Condition()
        self._pieces: deque[tuple[bytes, bool]] = deque()
        self._waiting = 0
        self._largest = 0
        self._dropping = False
        self._writing = False
        self._stopping = False
        self._dead = False
        self._thread = threading.Thread(target=self._run, daemon=True, name="terminal-output")
        self._thread.start()

    @property
    def stalled(self) -> bool:
        """Whether pieces are being dropped."""
        return self._dropping

    def write(self, text: str, *, essential: bool = False) -> None:
        """Queue a piece that is whole in itself; never blocks.

        An essential piece (one that takes the terminal or gives it back) is kept whatever the backlog, at the
        price of those before it that are not.
        """
        data = text.encode(self._encoding, "replace")
        with self._changed:
            if self._dead:
                return
            if essential:
                if self._dropping:
                    self._keep_only_essential()
            elif self._dropping or self._waiting > max(BACKLOG, _PIECES * self._largest):
                self._dropping = True
                return
            self._largest = max(self._largest, len(data))
            self._pieces.append((data, essential))
            self._waiting += len(data)
            self._changed.notify_all()

    def flush(self, timeout_s: float) -> bool:
        """Wait until all that is queued is written; whether it was in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not (self._pieces or self._writing), timeout_s)

    def close(self, timeout_s: float | None = None) -> None:
        """Write what is queued and end; by default this lasts as long as the reader wants, as any write does."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join(timeout_s)

    @property
    def ended(self) -> bool:
        """Whether nothing is written any more: closed, or the reader is gone."""
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (data := self._next()) is not None:
            self._write_whole(data)
            with self._changed:
                self._writing = False
                self._waiting = max(0, self._waiting - len(data))
                caught_up = self._dropping and not self._pieces and not self._stopping
                if caught_up:
                    self._dropping = False
                self._changed.notify_all()
            if caught_up:
                self.on_catch_up()

    def _next(self) -> bytes | None:
        with self._changed:
            while not self._pieces:
                if self._stopping or self._dead:
                    return None
                self._changed.wait()
            self._writing = True
            return self._pieces.popleft()[0]

    def _write_whole(self, data: bytes) -> None:
        try:
            write_whole(self._descriptor, data)
        except OSError:
            # The reader is gone; whoever watches the terminal's input learns of it there.
            with self._changed:
                self._dead = True
                self._pieces.clear()

    def _keep_only_essential(self) -> None:
        kept = [piece for piece in self._pieces if piece[1]]
        self._waiting -= sum(len(data) for data, essential in self._pieces if not essential)
        self._pieces = deque(kept)
