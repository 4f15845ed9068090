"""A raw-socket HTTP server on loopback that misbehaves exactly as a script says, and remembers what it saw.

Each path has a script: a list of steps played for a request of that path. `Send` and `Drip` write octets as they
are, so that a reply may be anything. Waits are events that a test sets, never lengths of time.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Send:
    """Write these octets."""

    data: bytes


@dataclass(frozen=True)
class Drip:
    """Write these octets again and again, as fast as they are taken, `times` times or until the client leaves."""

    data: bytes
    times: int | None = None


@dataclass(frozen=True)
class Wait:
    """Go on when the event is set; without one, when the client leaves."""

    event: asyncio.Event | None = None


@dataclass(frozen=True)
class Signal:
    """Tell the test that the script has come this far."""

    event: asyncio.Event


@dataclass(frozen=True)
class Close:
    """Close the connection in order (FIN)."""


@dataclass(frozen=True)
class Reset:
    """Abort the connection (RST)."""


Step = Send | Drip | Wait | Signal | Close | Reset
Script = Sequence[Step]


@dataclass
class Ledger:
    """What the server saw: the raw requests of each path, and how many connections were made."""

    requests: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    connections: int = 0

    def count(self, path: str) -> int:
        """How often a path (with its query) was asked for."""
        return len(self.requests.get(path, ()))

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


OK: Script = (Send(reply(b"ok")),)
"""What a path without a script gets."""


class FaultServer:
    """Use as `async with FaultServer({...}) as server`; a path without a script gets `default`."""

    def __init__(
        self,
        scripts: dict[str, Script | Callable[[int], Script]] | None = None,
        *,
        default: Script = OK,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        greeting: bytes = b"",
    ) -> None:
        self.scripts = scripts or {}
        """By path with its query; a function gets how often the path was seen before."""
        self.ledger = Ledger()
        self._default = default
        self._tls = tls
        self._host = host
        self._greeting = greeting
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
        self.ledger.connections += 1
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(self._greeting)
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ", 2)[1].decode("latin-1")
        length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        body = await reader.readexactly(int(length[0].partition(b":")[2])) if length else b""
        seen = self.ledger.requests[path]
        seen.append(head + body)
        script = self.scripts.get(path, self._default)
        for step in script(len(seen) - 1) if callable(script) else script:
            match step:
                case Send(data):
                    writer.write(data)
                    await writer.drain()
                case Drip(data, times):
                    await _drip(reader, writer, data, times)
                case Wait(event):
                    await (event.wait() if event else reader.read())
                case Signal(event):
                    event.set()
                case Close():
                    return False
                case Reset():
                    _reset(writer)
                    return False
        return True


async def _drip(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes, times: int | None
) -> None:
    sent = 0
    while sent != times and not reader.at_eof():
        writer.write(data)
        await writer.drain()
        await asyncio.sleep(0)
        sent += 1


def _reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
