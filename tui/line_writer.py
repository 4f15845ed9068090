"""Writes to a terminal or pipe from a thread of its own, so that one that is not read holds nothing up."""

from __future__ import annotations

import contextlib
import threading
from queue import Full, Queue
from typing import TextIO

_HELD = 64
_LAST_WORDS_S = 1.0


class LineWriter:
    """A bounded queue before a stream: what does not fit is dropped (a terminal stopped by ^S blocks for ever)."""

    def __init__(self, stream: TextIO) -> None:
        """Nobody else should write to `stream` while the block lasts."""
        self._stream = stream
        self._queue: Queue[str | None] = Queue(_HELD)
        self._thread = threading.Thread(target=self._run, name="progress-writer", daemon=True)

    def __enter__(self) -> LineWriter:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        with contextlib.suppress(Full):
            self._queue.put(None, timeout=_LAST_WORDS_S)
        self._thread.join(_LAST_WORDS_S)

    def write(self, text: str) -> None:
        """Queue one piece of text; dropped where the reader has fallen behind."""
        try:
            self._queue.put_nowait(text)
        except Full:
            return

    def _run(self) -> None:
        while (text := self._queue.get()) is not None:
            try:
                self._stream.write(text)
                self._stream.flush()
            except (OSError, ValueError):
                # The terminal is gone or the pipe has no reader; the run goes on without a witness.
                return
