"""One request and its reply on one connection: aiohttp's connection and parser, with nothing between them and us.

`ClientSession.request` makes a request, a response and a writer object for each call and costs three to four
times as much: 76 µs against 22 µs a request on uvloop, of which the kernel's share is 10.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import aiohttp
from aiohttp import StreamReader
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http import RawResponseMessage, StreamWriter
from multidict import CIMultiDictProxy

from .protocol import ReplyProtocol
from .routes import Route

_AT_ONCE = 65_536
"""Octets of a request's body that are handed over without looking whether the server takes them."""
_CONTINUE = 100
_SWITCHING = 101


class Exchange:
    """A request on its connection, and the reply to it. The connection is given back when that is whole, else closed.

    What is said of the reply is there once its head has come.
    """

    __slots__ = (
        "_begun",
        "_held",
        "_pouring",
        "connection",
        "content",
        "headers",
        "protocol",
        "raw_headers",
        "route",
        "status",
        "version",
    )

    status: int
    version: tuple[int, int]
    headers: CIMultiDictProxy[str]
    raw_headers: Sequence[tuple[bytes, bytes]]
    content: StreamReader
    """Its body as it comes."""

    def __init__(self, route: Route, connection: Connection, protocol: ReplyProtocol) -> None:
        """Made by `send`."""
        self.route = route
        self.connection = connection
        self.protocol = protocol
        self._begun = False
        self._held: bytes | None = None
        """The request's body, while it waits until the server asks for it."""
        self._pouring: asyncio.Task[None] | None = None
        """Still sends the request's body where that is long."""

    @property
    def sent(self) -> bool:
        """Whether the whole request has been sent, so that another one may follow it."""
        return self._pouring is None or self._pouring.done()

    def close(self) -> None:
        """Close the connection."""
        if self._pouring is not None:
            self._pouring.cancel()
        self.connection.close()

    def send(
        self, transport: asyncio.WriteTransport, head: bytes, body: bytes | None, *, patient: bool
    ) -> None:
        """Begin it; `patient` is whether the body waits until the server asks for it."""
        if not body:
            transport.write(head)
        elif patient:
            transport.write(head)
            self._held = body
        elif len(body) <= _AT_ONCE:
            transport.write(head + body)
        else:
            transport.write(head)
            self._pour(body)

    def heard(self) -> bool:
        """Whether the head of the final reply has come."""
        if not self._begun and (found := self.protocol.final()) is not None:
            self._begin(*found)
        return self._begun

    async def answered(self) -> None:
        """Return when the head of the final reply has come.

        Raises what aiohttp's connections do: ClientConnectionError, HttpProcessingError.
        """
        while not self.heard():
            message, content = await self.protocol.read()
            if message.code == _SWITCHING or not 100 <= message.code < 200:
                self._begin(message, content)
            elif message.code == _CONTINUE and self._held is not None:
                self._pour(self._held)
                self._held = None

    def _begin(self, message: RawResponseMessage, content: StreamReader) -> None:
        if self._held is not None:
            self.protocol.force_close()  # a server that did not want the body may still take what follows for it
        self._begun = True
        self.status = message.code
        self.version = message.version
        self.headers = message.headers
        self.raw_headers = message.raw_headers
        self.content = content

    def _pour(self, body: bytes) -> None:
        self._pouring = asyncio.get_running_loop().create_task(_write(self.protocol, body))


def send(
    route: Route, connection: Connection, head: bytes, body: bytes | None, *, bodiless: bool, patient: bool
) -> Exchange:
    """Send a request; its connection is the exchange's from now on, and is closed where that fails.

    `bodiless` is whether the reply has no body whatever its fields say, `patient` whether the request's body waits
    until the server asks for it. Raises ClientConnectionError.
    """
    protocol = connection.protocol
    if (
        not isinstance(protocol, ReplyProtocol)
        or (transport := protocol.transport) is None
        or transport.is_closing()
    ):
        connection.close()
        raise aiohttp.ClientConnectionResetError("the connection was lost before it was used")
    exchange = Exchange(route, connection, protocol)
    try:
        protocol.begin(bodiless=bodiless)
        exchange.send(transport, head, body, patient=patient)
    except BaseException:
        exchange.close()
        raise
    return exchange


async def _write(protocol: ResponseHandler, body: bytes) -> None:
    """Send as fast as the server takes it; a lost connection is told by the reply that does not come."""
    writer = StreamWriter(protocol, asyncio.get_running_loop())
    view = memoryview(body)
    try:
        for start in range(0, len(body), _AT_ONCE):
            await writer.write(view[start : start + _AT_ONCE])
    except (aiohttp.ClientError, OSError):
        protocol.force_close()
