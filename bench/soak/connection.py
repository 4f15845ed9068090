"""The server's end of a connection: parses as little as it must, plays scripts, and keeps the ledger."""

from __future__ import annotations

import asyncio
import socket
import struct
from array import array
from typing import cast

from fetchdeck.tui.demo.byte_scripts import Script, Send, play

from .fates import STRAYS, fate_of
from .replies import loop_on, redirect_target, script_for

_ABORT = struct.pack("ii", 1, 0)
"""SO_LINGER of no time: closing sends RST instead of FIN (socket(7))."""


class Ledger:
    """How often each row was asked for, and which requests came when their answer was spoilt already."""

    def __init__(self, rows: int, origins: list[str]) -> None:
        self.seen = array("H", bytes(2 * rows))
        self.crossed: list[int] = []
        """Rows asked for on a connection after a stray reply was written to it."""
        self.origins = origins

    def answer(self, path: bytes) -> Script:
        """What to play for `/r/ROW` (counted), `/t/ROW` (where a redirect leads), `/l/ROW` and `/m/ROW` (a loop)."""
        row = row_of(path)
        match path[1:2]:
            case b"t":
                return redirect_target(row)
            case b"l" | b"m" as half:
                return loop_on(row, half)
            case _:
                arrival = self.seen[row]
                self.seen[row] = arrival + 1
                return script_for(row, fate_of(row), arrival, self.origins[(row + 1) % len(self.origins)])


def row_of(path: bytes) -> int:
    """The row's number in `/X/ROW?…`."""
    return int(path[3:].partition(b"?")[0])


class Connection(asyncio.Protocol):
    """One client's connection: a request at a time, each answered by its script."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._held = b""
        self._transport: asyncio.Transport
        self._playing: asyncio.Task[None] | None = None
        self._strayed = False
        """Octets that nobody asked for have been written: the client must not use this connection again."""
        self._left = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._left.set()
        self._room.set()

    def data_received(self, data: bytes) -> None:
        self._held += data
        while b"\r\n\r\n" in self._held:
            head, _, self._held = self._held.partition(b"\r\n\r\n")
            self._answer(head.split(b" ", 2)[1])

    def _answer(self, path: bytes) -> None:
        if self._playing is not None:
            # The client has its reply, and what is left of the script would be taken for the next one.
            self._playing.cancel()
            self._playing = None
        script = self._ledger.answer(path)
        if self._strayed:
            self._ledger.crossed.append(row_of(path))
            self._transport.close()
            return
        strays = fate_of(row_of(path)) in STRAYS
        match script:
            case (Send(whole),):
                self._transport.write(whole)
                self._strayed = strays
            case _:
                self._playing = asyncio.get_running_loop().create_task(self._play(script, strays=strays))

    def pause_writing(self) -> None:
        self._room.clear()

    def resume_writing(self) -> None:
        self._room.set()

    async def _play(self, script: Script, *, strays: bool) -> None:
        try:
            whole = await play(script, self)
        except ConnectionError:
            whole = False
        self._playing = None
        self._strayed = strays
        if not whole:
            self._transport.close()

    # What `play` wants of its peer

    @property
    def gone(self) -> bool:
        return self._left.is_set()

    async def send(self, data: bytes) -> None:
        if self.gone:
            raise ConnectionResetError
        self._transport.write(data)
        await self._room.wait()

    async def left(self) -> None:
        await self._left.wait()

    def reset(self) -> None:
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        self._transport.abort()
