"""The soak's server: `python -m bench.soak.server ROWS LEDGER`, a process of its own on loopback.

It tells its origins in one line of JSON and ends when its standard input ends. Then it writes its ledger, how often
each row was asked for as 16-bit numbers in the order of the rows, and tells the crossed rows in another line.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import resource
import socket
import sys
from pathlib import Path

from fetchdeck.core.loops import run as run_loop

from .connection import Connection, Ledger

ADDRESSES = tuple(f"127.0.0.{last}" for last in range(1, 17))
PORTS = 4
_BACKLOG = 4096
_TRIES = 100


def _listeners() -> list[socket.socket]:
    """A socket for each address and port; the ports are free on all of the addresses."""
    taken: list[socket.socket] = []
    for _ in range(_TRIES):
        # A port that is free on one address may be a client's on another.
        with contextlib.suppress(OSError), contextlib.ExitStack() as undo:
            port, together = 0, []
            for address in ADDRESSES:
                sock = undo.enter_context(socket.socket())
                sock.bind((address, port))
                port = sock.getsockname()[1]
                together.append(sock)
            undo.pop_all()
            taken += together
        if len(taken) == PORTS * len(ADDRESSES):
            return taken
    raise OSError(f"no {PORTS} ports are free on all of {ADDRESSES[0]} to {ADDRESSES[-1]}")


async def serve(rows: int, ledger_file: Path) -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    listeners = _listeners()
    origins = ["http://{}:{}".format(*sock.getsockname()) for sock in listeners]
    ledger = Ledger(rows, origins)
    for sock in listeners:
        await loop.create_server(lambda: Connection(ledger), sock=sock, backlog=_BACKLOG)
    with socket.socket() as refusing:
        refusing.bind((ADDRESSES[0], 0))  # bound and not listening: nobody else gets the port, and it refuses
        gc.collect()
        gc.freeze()
        refused = "http://{}:{}".format(*refusing.getsockname())
        sys.stdout.write(json.dumps({"origins": origins, "refused": refused}) + "\n")
        sys.stdout.flush()
        await _stdin_ends()
    with ledger_file.open("wb") as file:
        ledger.seen.tofile(file)
    sys.stdout.write(json.dumps({"crossed": ledger.crossed}) + "\n")


async def _stdin_ends() -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    await reader.read()


def main() -> None:
    """Entry point."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    run_loop(lambda: serve(int(sys.argv[1]), Path(sys.argv[2])))


if __name__ == "__main__":
    main()
