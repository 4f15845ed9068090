"""The dashboard in a process of its own on a real pseudo-terminal: signals, hang-ups, a terminal that stalls."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fetchdeck.tui.terminal_writer import BACKLOG, TerminalWriter

LIMIT_S = 30.0
ALTERNATE_SCREEN_OFF, CURSOR_ON, MOUSE_OFF = b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1003l"


def wait_for(reached: Callable[[], object]) -> None:
    """Ask every 50 ms; fails after `LIMIT_S`."""
    end = time.monotonic() + LIMIT_S
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.05)


class Terminal:
    """A dashboard on a pseudo-terminal, from the side of the terminal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.report = folder / "report.json"
        self.fd, inner = pty.openpty()
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))

        def take_terminal() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.scripted_dashboard", str(folder), str(self.report)],
            stdin=inner,
            stdout=inner,
            stderr=inner,
            env={**os.environ, "TERM": "xterm-256color"},
            preexec_fn=take_terminal,
        )
        os.close(inner)
        self.output = b""

    def read_until(self, found: Callable[[bytes], bool]) -> None:
        """Read what the dashboard paints until it satisfies; fails after `LIMIT_S`."""
        end = time.monotonic() + LIMIT_S
        while not found(self.output):
            assert time.monotonic() < end, self.output[-400:]
            if select.select([self.fd], [], [], 0.2)[0]:
                try:
                    self.output += os.read(self.fd, 65536)
                except OSError:
                    return
            elif self.process.poll() is not None:
                return

    def press(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def stall(self) -> None:
        """Read nothing, and press keys that paint, until the dashboard has to drop frames."""
        mark = self.folder / "stalled"
        wait_for(lambda: mark.exists() or self.press("13"))

    def beats(self) -> int:
        """How often the loop's heartbeat has come."""
        return (self.folder / "beats").stat().st_size

    def left(self) -> list[list[object]]:
        """Wait for the process while reading on; what its engine was told."""
        self.read_until(lambda _: self.process.poll() is not None)
        return self.left_unread()

    def left_unread(self) -> list[list[object]]:
        """The same without reading."""
        assert self.process.wait(LIMIT_S) == 0
        return json.loads(self.report.read_text())


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    shown = Terminal(tmp_path)
    try:
        shown.read_until(lambda output: "▶ running".encode() in output and b"leave" in output)
        yield shown
    finally:
        if shown.process.poll() is None:
            shown.process.kill()
            shown.process.wait()
        os.close(shown.fd)


def assert_given_back(terminal: Terminal) -> None:
    for sequence in (ALTERNATE_SCREEN_OFF, CURSOR_ON, MOUSE_OFF):
        assert sequence in terminal.output[-2000:]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_drains_and_gives_the_terminal_back(terminal: Terminal, number: signal.Signals) -> None:
    terminal.process.send_signal(number)
    assert terminal.left() == [["drain"]]
    assert_given_back(terminal)


def test_the_second_signal_leaves_at_once(terminal: Terminal) -> None:
    terminal.press("l")  # In a dialog too.
    terminal.read_until(lambda output: b"Rate limit" in output)
    terminal.process.send_signal(signal.SIGTERM)
    terminal.read_until(lambda output: b"draining" in output)
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.left() == [["drain"], ["abandon"]]
    assert_given_back(terminal)


def test_a_crash_gives_the_terminal_back_and_is_told_to_the_caller(terminal: Terminal) -> None:
    terminal.press("l")
    terminal.read_until(lambda output: b"Rate limit" in output)
    terminal.press("\r")
    [(what, sentence)] = terminal.left()
    assert what == "crashed"
    assert "fetchdeck resume" in str(sentence)
    assert b"ZeroDivisionError" in terminal.output
    assert CURSOR_ON in terminal.output


def test_a_terminal_that_goes_away_drains(tmp_path: Path, terminal: Terminal) -> None:
    spare = os.open(os.devnull, os.O_RDWR)
    os.dup2(spare, terminal.fd)
    os.close(spare)
    assert terminal.left_unread() == [["drain"]]


def test_a_terminal_that_stops_reading_does_not_stop_the_loop(terminal: Terminal) -> None:
    terminal.stall()
    before = terminal.beats()
    wait_for(lambda: terminal.beats() > before + 10)
    unread = len(terminal.output)
    terminal.press("2")
    terminal.read_until(lambda output: "▌2 Succeeded".encode() in output[unread:])
    terminal.press("qn")
    assert terminal.left() == [["abandon"]]
    assert_given_back(terminal)


def test_a_stalled_terminal_is_left_all_the_same(terminal: Terminal) -> None:
    terminal.stall()
    terminal.process.send_signal(signal.SIGTERM)
    before = terminal.beats()
    wait_for(lambda: terminal.beats() > before + 1)
    terminal.process.send_signal(signal.SIGTERM)
    commands = terminal.left_unread()
    # A slow machine may have ended the drain between the two signals.
    assert commands in ([["drain"], ["abandon"]], [["drain"]])


def test_frames_are_dropped_while_nobody_reads_and_painting_starts_anew_after() -> None:
    inner, outer = os.pipe()
    caught_up = threading.Event()
    writer = TerminalWriter(outer)
    writer.on_catch_up = caught_up.set
    frame = "x" * 10_000
    for _ in range(200):
        writer.write(frame)
    assert writer.stalled
    got = 0
    while not caught_up.is_set():
        if select.select([inner], [], [], 0.05)[0]:
            got += len(os.read(inner, 65536))
    while select.select([inner], [], [], 0)[0]:
        got += len(os.read(inner, 65536))
    assert BACKLOG < got < 200 * len(frame)
    assert got % len(frame) == 0
    assert not writer.stalled
    writer.write("after")
    writer.close(5)
    assert os.read(inner, 65536) == b"after"
    os.close(inner)
    os.close(outer)


def test_what_gives_the_terminal_back_is_never_dropped() -> None:
    inner, outer = os.pipe()
    writer = TerminalWriter(outer)
    for _ in range(200):
        writer.write("x" * 10_000)
    for text in ("one", "two", "three"):
        writer.write(text, essential=True)
    writer.close(0.01)
    got = b""
    while not got.endswith(b"onetwothree"):
        got += os.read(inner, 65536)
    assert len(got) < BACKLOG
    writer.close(5)
    assert writer.ended
    os.close(inner)
    os.close(outer)


def test_a_terminal_that_is_gone_ends_the_writer() -> None:
    inner, outer = os.pipe()
    os.close(inner)
    writer = TerminalWriter(outer)
    writer.write("lost")
    writer.close(5)
    assert writer.ended
    writer.write("ignored")
    os.close(outer)
