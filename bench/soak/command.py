"""Starts the real command as a user would: plain with standard error on a pipe, or the dashboard in a terminal."""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
import sys
import termios
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from .server_process import ROOT

COLUMNS, LINES = 120, 40


class Front(StrEnum):
    """What shows the run."""

    PLAIN = "plain"
    DASHBOARD = "dashboard"


@dataclass(frozen=True, slots=True)
class Running:
    """The command under way, with the ends of what it writes to."""

    process: subprocess.Popen[bytes]
    screen: int
    """Descriptor to read what the user would see, and to type on where it is a terminal."""
    beats: int
    """Descriptor to read the heartbeat's lines."""

    def close(self) -> None:
        """Kill what still runs, and close the descriptors."""
        self.process.kill()
        self.process.wait()
        os.close(self.screen)
        os.close(self.beats)


def start(front: Front, arguments: Sequence[str], stacks: Path | None) -> Running:
    """Start `fetchdeck run` with these arguments, heartbeat included."""
    beats, told = os.pipe()
    screen, shown = os.openpty() if front is Front.DASHBOARD else os.pipe()
    if front is Front.DASHBOARD:
        fcntl.ioctl(shown, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    switch = "--tui" if front is Front.DASHBOARD else "--headless"
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.soak.launch", str(told), *([str(stacks)] if stacks else []),
         "--", "run", *arguments, switch],
        stdin=shown if front is Front.DASHBOARD else subprocess.DEVNULL,
        stdout=shown,
        stderr=shown,
        pass_fds=(told,),
        start_new_session=True,
        preexec_fn=_take_terminal if front is Front.DASHBOARD else None,
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm-256color"},
    )  # fmt: skip
    os.close(told)
    os.close(shown)
    return Running(process, screen, beats)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
