"""A raw-socket HTTP server on loopback that misbehaves exactly as a script says, and remembers what it saw.

Each path has a script (`fetchdeck.tui.demo.byte_scripts`), played for a request of that path. `Send` and `Drip`
write octets as they are, so that a reply may be anything. In tests, waits are events that the test sets.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import ssl
import struct
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from fetchdeck.tui.demo.byte_scripts import (
    Close,
    Drip,
    Pause,
    Reset,
    Script,
    Send,
    Signal,
    Step,
    Wait,
    play,
)

__all__ = [
    "Close",
    "Drip",
    "FaultServer",
    "Ledger",
    "Pause",
    "Reset",
    "Script",
    "Send",
    "Signal",
    "Step",
    "Wait",
    "named",
    "reply",
]


@dataclass
class Ledger:
    """What the server saw: the raw requests of each path and when they came, and how many connections were made."""

    requests: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """When each request of a path had been read, in seconds on the loop's monotonic clock."""
    connections: int = 0
    total: int = 0
    """Requests of all paths."""
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, path: str, raw: bytes) -> int:
        """Remember a request; how often its path was seen before."""
        seen = self.count(path)
        self.requests[path].append(raw)
        self.times[path].append(asyncio.get_running_loop().time())
        self.total += 1
        self._arrived.set()
        return seen

    async def reaches(self, total: int) -> None:
        """Return when so many requests have been seen."""
        while self.total < total:
            self._arrived.clear()
            await self._arrived.wait()

    def count(self, path: str) -> int:
        """How often a path (with its query) was asked for."""
        return len(self.requests.get(path, ()))

    def gaps(self, path: str) -> list[float]:
        """Seconds between one request of a path and the next."""
        times = self.times.get(path, [])
        return [later - earlier for earlier, later in itertools.pairwise(times)]

    def headers(self, path: str, nth: int = 0) -> dict[str, str]:
        """The header fields of a request, names in lower case."""
        head = self.requests[path][nth].partition(b"\r\n\r\n")[0].decode("latin-1")
        pairs = (line.partition(":") for line in head.split("\r\n")[1:])
        return {name.lower(): value.strip() for name, _, value in pairs}

    def first_line(self, path: str, nth: int = 0) -> str:
        """The request line as it came."""
        return self.requests[path][nth].partition(b"\r\n")[0].decode("latin-1")


def reply(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A whole, well-formed reply; underscores in header names become hyphens."""
    lines = [f"HTTP/1.1 {status}"]
    fields = {"Content-Length": str(len(body))} | {name.replace("_", "-"): v for name, v in headers.items()}
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def named(path: str) -> Script:
    """A whole reply whose body is the path that was asked for."""
    return (Send(reply(path.encode("latin-1"))),)


OK: Script = (Send(reply(b"ok")),)
"""What a path without a script gets."""


class FaultServer:
    """Use as `async with FaultServer({...}) as server`; a path without a script gets `default`."""

    def __init__(
        self,
        scripts: dict[str, Script | Callable[[int], Script]] | None = None,
        *,
        default: Script | Callable[[str], Script] = OK,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        greeting: Callable[[int], Script] = lambda _: (),
    ) -> None:
        self.scripts = scripts or {}
        """By path with its query; a function gets how often the path was seen before."""
        self.ledger = Ledger()
        self._default = default
        self._tls = tls
        self._host = host
        self._greeting = greeting
        """Played on each new connection, by its number from 0, before any request is read."""
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> FaultServer:
        self._server = await asyncio.start_server(
            self._accept, self._host, 0, ssl=self._tls, backlog=1024, limit=1_048_576
        )
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def origin(self) -> str:
        """Scheme, host and port, without a slash at the end."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    def url(self, path: str) -> str:
        """The URL of a path on this server."""
        return self.origin + path

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = self.ledger.connections
        self.ledger.connections += 1
        task = asyncio.get_running_loop().create_task(self._serve(_StreamPeer(reader, writer), number))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, peer: _StreamPeer, connection: int) -> None:
        try:
            stays = await play(self._greeting(connection), peer)
            while stays:
                path, seen = await self._request(peer.reader)
                stays = await play(self._script(path, seen), peer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            peer.writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await peer.writer.wait_closed()

    async def _request(self, reader: asyncio.StreamReader) -> tuple[str, int]:
        head = await reader.readuntil(b"\r\n\r\n")
        length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        body = await reader.readexactly(int(length[0].partition(b":")[2])) if length else b""
        path = head.split(b" ", 2)[1].decode("latin-1")
        return path, self.ledger.note(path, head + body)

    def _script(self, path: str, seen: int) -> Script:
        script = self.scripts.get(path)
        if script is None:
            return self._default(path) if callable(self._default) else self._default
        return script(seen) if callable(script) else script


class _StreamPeer:
    """The server's end of a connection of asyncio's streams."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @property
    def gone(self) -> bool:
        return self.reader.at_eof()

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def left(self) -> None:
        await self.reader.read()

    def reset(self) -> None:
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
