"""A server whose plug can be pulled: while it is down its port refuses connections, and open ones are reset."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Outlet:
    """Answers every request with its path; one for `/hold/…` waits for the plug to be pulled."""

    def __init__(self) -> None:
        self.port = 0
        self.seen: Counter[str] = Counter()
        """How often each path was asked for."""
        self.pull_after: int | None = None
        """Pull the plug when so many requests have been answered."""
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._pulled = asyncio.Event()

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def up(self) -> bool:
        """Whether it takes connections."""
        return self._server is not None

    async def plug_in(self) -> None:
        """Take connections, on the same port as before."""
        self._pulled.clear()
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, backlog=512, reuse_address=True
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def pull(self) -> None:
        """Refuse connections from now on, and reset those that are open."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._writers:
            writer.transport.abort()
        self._pulled.set()

    async def pulled(self) -> None:
        """Return when the plug has been pulled."""
        await self._pulled.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode()
                self.seen[path] += 1
                if path.startswith("/hold/"):
                    await self._pulled.wait()
                    return
                body = path.encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
                if self.pull_after is not None and self.seen.total() >= self.pull_after:
                    self.pull_after = None
                    await writer.drain()
                    self.pull()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()


@asynccontextmanager
async def outlet() -> AsyncIterator[Outlet]:
    """A server that is plugged in, on a free loopback port."""
    server = Outlet()
    await server.plug_in()
    try:
        yield server
    finally:
        server.pull()
        await asyncio.sleep(0)
