"""Starts the demo server as a process of its own, and ends it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import msgspec

from ...core.errors import FetchdeckError
from .faults import Faults

_GRACE_S = 3.0


@dataclass(frozen=True, slots=True)
class DemoServer:
    """A demo server that runs."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        """Its origin."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def demo_server(faults: Faults, port: int = 0, *, patience_s: float = 3.0) -> Generator[DemoServer]:
    """Run the server on loopback while the block lasts; port 0 takes a free one, others are tried for a while.

    It holds the read end of a pipe from this process, so that it ends with this process even after a `kill -9`.
    A session of its own keeps the terminal's Ctrl-C from it, so that a run can drain. Raises FetchdeckError
    when the server cannot start, such as when another program has the port.
    """
    wish = msgspec.json.encode({"port": port, "patience_s": patience_s, "faults": asdict(faults)}).decode()
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "fetchdeck.tui.demo.server", wish],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield DemoServer(_told_port(process, port), process.pid)
    finally:
        _end(process)


def _told_port(process: subprocess.Popen[bytes], port: int) -> int:
    assert process.stdout is not None  # noqa: S101
    word, _, rest = process.stdout.readline().decode().strip().partition(" ")
    if word == "port":
        return int(rest)
    where = f"port {port} of 127.0.0.1" if port else "127.0.0.1"
    raise FetchdeckError(
        f"The demo server cannot start on {where}: {rest or 'it ended without a word'}. "
        "Close what holds the port, or begin a new demo (--fresh, or --run OTHER)."
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    try:
        process.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
