"""The real command on a real pseudo-terminal, whose other end a test holds: it reads, stalls, resizes, or goes away."""

from __future__ import annotations

import asyncio
import codecs
import fcntl
import os
import pty
import signal
import struct
import sys
import termios
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from .terminal_model import TerminalModel

FETCHDECK = (sys.executable, "-c", "from fetchdeck.tui.cli import main; main()")
LIMIT_S = 30.0
_SYNC_END = "\x1b[?2026l"
"""The dashboard paints the whole screen after it; our terminal claims no synchronized updates, so only then."""


class PtySession:
    """One process on a pseudo-terminal of its own, of which it is the session's leader."""

    def __init__(self, master: int, slave: int, process: asyncio.subprocess.Process, size: tuple[int, int]):
        self.master = master
        self.process = process
        self.screen = TerminalModel(*size)
        """What a terminal shows that has read everything."""
        self.anew = TerminalModel(*size)
        """The same without what was painted before the last repaint of the whole screen."""
        self.repaints = 0
        self.output = ""
        self.reading = False
        self._slave = slave
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._pending = ""
        self._news = asyncio.Event()
        self._modes = termios.tcgetattr(slave)
        self._waiter = asyncio.ensure_future(process.wait())
        self._waiter.add_done_callback(lambda _: self._news.set())

    def read(self, *, octets: int = 65536, pause_s: float = 0.0) -> None:
        """Read all that comes from now on, by default as fast as it comes."""
        self.stall()
        self.reading = True
        loop = asyncio.get_running_loop()

        def ready() -> None:
            self._take(octets)
            if pause_s and self.reading:
                loop.remove_reader(self.master)
                loop.call_later(pause_s, lambda: self.reading and loop.add_reader(self.master, ready))

        loop.add_reader(self.master, ready)

    def stall(self) -> None:
        """Read nothing from now on."""
        if self.reading:
            asyncio.get_running_loop().remove_reader(self.master)
        self.reading = False

    async def until(self, reached: Callable[[], object]) -> None:
        """Return when `reached` is true, which is asked after all output, and now and then."""
        try:
            async with asyncio.timeout(LIMIT_S):
                while not reached():
                    self._news.clear()
                    try:
                        async with asyncio.timeout(0.05):
                            await self._news.wait()
                    except TimeoutError:
                        continue
        except TimeoutError:
            ended = self.process.returncode
            shown = f"{self.screen.text}\n{self.output[-1500:]!r}"
            raise AssertionError(f"it was never so; exit status {ended}:\n{shown}") from None

    async def shows(self, text: str) -> None:
        """Return when `text` is on the screen."""
        await self.until(lambda: text in self.screen.text)

    async def told(self, text: str) -> None:
        """Return when `text` has been written."""
        await self.until(lambda: text in self.output)

    def press(self, keys: str) -> None:
        """Type."""
        self.type(keys.encode())

    def type(self, octets: bytes) -> None:
        """Send any octets as if they were typed."""
        os.write(self.master, octets)

    @property
    def typed(self) -> int:
        """Octets that were typed and that the process has not read yet."""
        (count,) = struct.unpack("i", fcntl.ioctl(self._slave, termios.FIONREAD, b"\0\0\0\0"))
        return count

    @property
    def unread(self) -> int:
        """Octets that were written and that we have not read yet, as far as the kernel tells (4 KiB at most)."""
        (count,) = struct.unpack("i", fcntl.ioctl(self.master, termios.FIONREAD, b"\0\0\0\0"))
        return count

    def send(self, number: signal.Signals) -> None:
        """Signal the process."""
        self.process.send_signal(number)

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size; the kernel signals its foreground."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        for model in (self.screen, self.anew):
            model.resize(columns, rows)

    def flow(self, *, on: bool) -> None:
        """Stop or start output as the line discipline does at ^S and ^Q, whatever the modes are."""
        termios.tcflow(self._slave, termios.TCOON if on else termios.TCOOFF)

    @property
    def modes_as_before(self) -> bool:
        """Whether the line discipline is as it was before the process began."""
        return termios.tcgetattr(self._slave) == self._modes

    def remember_modes(self) -> None:
        """Compare with the modes of this moment from now on."""
        self._modes = termios.tcgetattr(self._slave)

    @property
    def given_back(self) -> bool:
        """Whether the terminal is as a program should leave it."""
        return self.modes_as_before and self.screen.given_back

    def hang_up(self) -> None:
        """Take the terminal away."""
        self.stall()
        os.close(self.master)
        os.close(self._slave)
        self.master = -1

    async def status(self) -> int:
        """The exit status, when the process has ended; all its output is read by then."""
        async with asyncio.timeout(LIMIT_S):
            status = await asyncio.shield(self._waiter)
        if self.reading:
            self.stall()
            os.set_blocking(self.master, False)
            while self._take(65536):
                pass
        return status

    async def close(self) -> None:
        """End everything."""
        if self.process.returncode is None:
            self.process.kill()
        await self._waiter
        if self.master >= 0:
            self.stall()
            os.close(self.master)
            os.close(self._slave)

    def _take(self, octets: int) -> bool:
        try:
            data = os.read(self.master, octets)
        except OSError:
            data = b""
        if not data:
            return False
        text = self._decode(data)
        self.output += text
        self.screen.feed(text)
        self._pending += text
        *whole, last = self._pending.split(_SYNC_END)
        for piece in whole:
            self.anew.feed(piece)
            self.anew.clear()
            self.repaints += 1
        # A marker may come in two pieces.
        keep = next((n for n in range(len(_SYNC_END) - 1, 0, -1) if last.endswith(_SYNC_END[:n])), 0)
        self.anew.feed(last[: len(last) - keep])
        self._pending = last[len(last) - keep :]
        self._news.set()
        return True


@asynccontextmanager
async def pty_session(
    folder: Path,
    *arguments: str,
    size: tuple[int, int] = (120, 40),
    read: bool = True,
    command: Sequence[str] = FETCHDECK,
    environ: Mapping[str, str] | None = None,
) -> AsyncIterator[PtySession]:
    """The command in `folder`, killed at the end where it still runs; `size` is columns and rows."""
    master, slave = pty.openpty()
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

    def take_terminal() -> None:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = await asyncio.create_subprocess_exec(
        *command, *arguments,
        stdin=slave, stdout=slave, stderr=slave, cwd=folder, preexec_fn=take_terminal,
        env={**os.environ, "TERM": "xterm-256color", **(environ or {})},
    )  # fmt: skip
    session = PtySession(master, slave, process, size)
    if read:
        session.read()
    try:
        yield session
    finally:
        await session.close()
