"""A fault of the dashboard's own, in the real command on a real pseudo-terminal: the run is saved and said to be."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fetchdeck.core.report import run_status
from fetchdeck.core.snapshot import RunState

LIMIT_S = 30.0
BROKEN = """
from fetchdeck.tui import textual_settings
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.cli import main
def action_show_help(app, secret="".join(("CANARY", "LOCAL"))):
    1 / 0
FetchdeckApp.action_show_help = action_show_help
main()
"""
"""The program with one key, `?`, that breaks the app."""


@pytest.fixture
def refusing() -> Iterator[str]:
    """The address of a port that nobody listens on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def test_a_crash_of_the_dashboard_ends_with_the_summary_and_the_status_of_a_resumable_run(
    tmp_path: Path, refusing: str
) -> None:
    (tmp_path / "urls.txt").write_text("".join(f"{refusing}/{n}\n" for n in range(50)))
    master, slave = pty.openpty()
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

    def take_terminal() -> None:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    command = ["run", "urls.txt", "--run", "x.run", "--tui", "--rate", "1/m"]
    process = subprocess.Popen(
        [sys.executable, "-c", BROKEN, *command],
        stdin=slave, stdout=slave, stderr=slave, cwd=tmp_path,
        env={**os.environ, "TERM": "xterm-256color"}, preexec_fn=take_terminal,
    )  # fmt: skip
    os.close(slave)
    output, asked = b"", False
    end = time.monotonic() + LIMIT_S
    try:
        while process.poll() is None or select.select([master], [], [], 0)[0]:
            assert time.monotonic() < end, output[-2000:]
            if select.select([master], [], [], 0.2)[0]:
                try:
                    output += os.read(master, 65536)
                except OSError:
                    break
            if not asked and "▶ running".encode() in output and b"leave" in output:
                os.write(master, b"?")
                asked = True
        assert process.wait(LIMIT_S) == 130
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(master)
    told = output[output.index(b"ZeroDivisionError") :].decode()
    assert b"CANARYLOCAL" not in output
    summary = told.index("Interrupted, nothing is lost. 0 of 50 succeeded")
    assert "fetchdeck resume x.run" in told
    assert "fetchdeck: The dashboard ended by an error. The run is saved" in told[summary:]
    assert run_status(tmp_path / "x.run").state is RunState.INTERRUPTED
