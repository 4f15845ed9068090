"""Runs fetchdeck in a network of its own whose system hands out few ports: `unshare -Urn python few_ports.py …`.

Arguments: the folder to work in, how many ports there are, how many rows to fetch, and at what concurrency. Prints
one JSON object: the command's exit status, what it said, the server's origin and how often it saw each path.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import socket
import struct
import sys
from pathlib import Path

from .commands import fetchdeck
from .fault_runs import write_urls
from .fault_server import FaultServer, Pause, named

_SIOCSIFFLAGS = 0x8914
_UP_AND_RUNNING = 0x1 | 0x40
"""netdevice(7)."""
_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")
_FIRST_PORT = 40_000


def bring_loopback_up() -> None:
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh", b"lo", _UP_AND_RUNNING))


async def run(folder: Path, ports: int, rows: int, concurrency: int) -> dict[str, object]:
    """The server takes its port before ports become few."""
    async with FaultServer(default=lambda path: [Pause(0.05), *named(path)]) as server:
        _PORTS.write_text(f"{_FIRST_PORT} {_FIRST_PORT + ports - 1}")
        write_urls(folder, [server.url(f"/{n}") for n in range(rows)])
        done = await fetchdeck(
            folder, "run", "urls.txt", "--headless", "-c", str(concurrency), "--retries", "0"
        )
        seen = {path: len(requests) for path, requests in server.ledger.requests.items()}
        return {"status": done.status, "told": done.told, "seen": seen}


def main() -> None:
    bring_loopback_up()
    folder, *numbers = sys.argv[1:]
    found = asyncio.run(run(Path(folder), *map(int, numbers)))
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
