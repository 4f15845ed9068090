"""The demo's broken replies: each unhappy fate as a script of bytes, played on the web server's own connection."""

from __future__ import annotations

import asyncio
import socket
import struct

from aiohttp import web

from .byte_scripts import Close, Reset, Script, Send, Wait
from .faults import Fate

_ABORT = struct.pack("ii", 1, 0)
"""SO_LINGER of no time: closing sends RST instead of FIN (socket(7))."""
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %d\r\n\r\n"


def script_of(fate: Fate, answer: bytes) -> Script | None:
    """What is written for a fate instead of a well-formed reply with this body; None where nothing is broken."""
    match fate:
        case Fate.RESET:
            return (Reset(),)
        case Fate.TRUNCATED:
            return (Send(_HEAD % len(answer) + answer[: len(answer) // 2]), Close())
        case Fate.GARBAGE:
            return (Send(b"HTTP/1.1 2oo OK\r\n\r\n" + answer), Close())
        case Fate.SILENT:
            return (Wait(),)
        case _:
            return None


class RequestPeer:
    """The server's end of the connection that a request came on; wants handlers cancelled when clients leave."""

    def __init__(self, request: web.BaseRequest) -> None:
        """Nothing of a reply may have been written."""
        self._request = request

    @property
    def gone(self) -> bool:
        """Whether the client has left."""
        transport = self._request.transport
        return transport is None or transport.is_closing()

    async def send(self, data: bytes) -> None:
        """Write octets; replies here are short, so the system's buffer takes them at once."""
        transport = self._request.transport
        if transport is None:
            raise ConnectionResetError
        transport.write(data)

    async def left(self) -> None:
        """Wait until the client leaves: aiohttp then cancels the handler."""
        await asyncio.get_running_loop().create_future()

    def reset(self) -> None:
        """Abort the connection with RST."""
        transport = self._request.transport
        if transport is None:
            return
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        transport.abort()

    def close(self) -> None:
        """Close in order, after what was written."""
        transport = self._request.transport
        if transport is not None:
            transport.close()
