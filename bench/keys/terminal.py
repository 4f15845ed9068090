"""The real command on a pseudo-terminal whose other end types keys and watches the screen."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from time import perf_counter

from tests.support.terminal_model import TerminalModel

_READ = 65_536
_GRACE_S = 20.0


class NoPaintError(Exception):
    """What was waited for did not come to the screen."""


class Terminal:
    """A pseudo-terminal with the dashboard on it."""

    def __init__(
        self, command: Sequence[str], folder: Path, size: tuple[int, int], processors: Collection[int]
    ) -> None:
        """`size` is in columns and rows."""
        self.screen = TerminalModel(*size)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._master, slave = pty.openpty()
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

        def prepare() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            os.sched_setaffinity(0, processors)

        self.process = subprocess.Popen(
            [sys.executable, "-c", "from fetchdeck.tui.cli import main; main()", *command],
            stdin=slave, stdout=slave, stderr=slave, cwd=folder, preexec_fn=prepare,
            env={**os.environ, "TERM": "xterm-256color"},
        )  # fmt: skip
        os.close(slave)

    def read(self, seconds: float) -> None:
        """Show what comes within this time."""
        ends = perf_counter() + seconds
        while (left := ends - perf_counter()) > 0:
            self._take(left)

    def until(self, reached: Callable[[], bool], limit_s: float) -> float:
        """Seconds until the screen shows what is waited for; raises NoPaintError after `limit_s`."""
        began = perf_counter()
        while not reached():
            left = limit_s - (perf_counter() - began)
            if left <= 0 or self.process.poll() is not None:
                raise NoPaintError(self.screen.text)
            self._take(left)
        return perf_counter() - began

    def press(self, keys: str, reached: Callable[[], bool], limit_s: float) -> float:
        """Type, and tell the seconds from there until the screen shows what the keys do."""
        os.write(self._master, keys.encode())
        return self.until(reached, limit_s)

    def close(self) -> None:
        """End the command at once."""
        self.process.terminate()
        self.process.terminate()
        try:
            self.process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self._master)

    def _take(self, wait_s: float) -> None:
        if select.select([self._master], [], [], wait_s)[0]:
            try:
                self.screen.feed(self._decode(os.read(self._master, _READ)))
            except OSError:
                raise NoPaintError("the terminal was closed") from None
