"""A real HTTP proxy on loopback: absolute-form requests, CONNECT, and credentials where a test wants them."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit


class ProxyServer:
    """Use as `async with ProxyServer() as proxy`; `heads` are the requests it got, as they came.

    `hosts` maps names to addresses, so that no name server is asked; `credentials` is `user:password`, wanted of
    every request; `refusal` is what every CONNECT gets in place of a tunnel, raw.
    """

    def __init__(
        self,
        *,
        credentials: str | None = None,
        refusal: bytes | None = None,
        hosts: Mapping[str, str] = MappingProxyType({}),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.heads: list[bytes] = []
        self.connections = 0
        self._wanted = base64.b64encode(credentials.encode()) if credentials is not None else None
        self._refusal = refusal
        self._hosts = hosts
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> ProxyServer:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def url(self, user: str = "") -> str:
        """Its URL, with a user and password before the host if given."""
        return f"{'https' if self._tls else 'http'}://{user + '@' if user else ''}127.0.0.1:{self.port}"

    @property
    def first_lines(self) -> list[str]:
        """The request lines, without the version."""
        return [head.partition(b" HTTP/")[0].decode("latin-1") for head in self.heads]

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        method, target, _ = head.split(b" ", 2)
        if (
            self._wanted is not None
            and b"proxy-authorization: basic " + self._wanted.lower() not in head.lower()
        ):
            writer.write(_NO_CREDENTIALS)
            await writer.drain()
            return method != b"CONNECT"
        if method == b"CONNECT":
            if self._refusal is not None:
                writer.write(self._refusal)
            else:
                host, _, port = target.decode().rpartition(":")
                await self._tunnel(reader, writer, host.strip("[]"), int(port))
            return False
        return await self._forward(head, target.decode("latin-1"), reader, writer)

    async def _tunnel(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int
    ) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection(self._hosts.get(host, host), port)
        except OSError:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))

    async def _forward(
        self, head: bytes, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Pass one request on as a proxy does (RFC 9112, section 3.2.2): origin form, its own fields left out."""
        authority, slash, path = target.partition("://")[2].partition("/")
        parts = urlsplit(f"http://{authority}")
        host = parts.hostname or ""
        inner_reader, inner_writer = await asyncio.open_connection(
            self._hosts.get(host, host), parts.port or 80
        )
        method, _, rest = head.partition(b" ")
        fields = [
            line
            for line in rest.split(b"\r\n")[1:-2]
            if not line.lower().startswith((b"proxy-", b"connection:"))
        ]
        length = next((int(line[15:]) for line in fields if line.lower().startswith(b"content-length:")), 0)
        lines = [b"%s %s HTTP/1.1" % (method, (slash + path).encode("latin-1") or b"/"), *fields]
        inner_writer.write(b"\r\n".join([*lines, b"Connection: close", b"", b""]))
        inner_writer.write(await reader.readexactly(length))
        reply_head = await inner_reader.readuntil(b"\r\n\r\n")
        writer.write(reply_head)
        declared = [line for line in reply_head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        writer.write(await inner_reader.readexactly(int(declared[0][15:]) if declared else 0))
        inner_writer.close()
        await writer.drain()
        return True


_NO_CREDENTIALS = (
    b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\n"
    b"Set-Cookie: proxy=1\r\nContent-Length: 0\r\n\r\n"
)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
