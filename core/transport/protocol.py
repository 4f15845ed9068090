"""A connection as its octets come in: aiohttp's, with turns, whole bodies, and a look before it is used again."""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable

from aiohttp import StreamReader
from aiohttp.client_proto import ResponseHandler
from aiohttp.helpers import _EXC_SENTINEL  # pyright: ignore[reportPrivateUsage]
from aiohttp.http import RawResponseMessage

from ..model import FailureKind
from .faults import AttemptError
from .turns import Turns

_READ_BUFFER = 131_072
"""A connection pauses when twice this waits to be read: never for a body that stays in the journal. With half of it
replies of 250 KB cost a tenth more."""
MOST_HELD = 2 * _READ_BUFFER
"""Octets of a body that a connection holds without anybody who reads them."""
_LONGEST_FIELD = 32_768
_MOST_FIELDS = 256


class ReplyProtocol(ResponseHandler):
    """A connection that waits for its turn with what arrives, and ends a body whose framing broke in the middle.

    The reader of such a body would otherwise wait for the timeout.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, turns: Turns) -> None:
        super().__init__(loop)
        self.turns = turns
        self._idle = False
        self._arrived: list[bytes] = []
        self._poll: select.poll | None = None
        self.heard: Callable[[], None] | None = None
        """Called whenever octets have been parsed, and when the connection has ended."""

    def begin(self, *, bodiless: bool) -> None:
        """A request is about to be sent; `bodiless` is whether its reply has no body whatever its fields say."""
        self._idle = False
        # A parser of its own for each reply: the last one may have begun with octets that nobody asked for.
        self.set_response_params(
            skip_payload=bodiless,
            read_until_eof=True,
            auto_decompress=False,
            read_bufsize=_READ_BUFFER,
            max_line_size=_LONGEST_FIELD,
            max_field_size=_LONGEST_FIELD,
            max_headers=_MOST_FIELDS,
        )

    def rest(self) -> None:
        """The reply is whole: what comes now belongs to no request."""
        self._idle = True

    def data_received(self, data: bytes) -> None:
        """Take in octets now, or when it is this connection's turn."""
        if self._idle:
            self.force_close()
        if self._arrived:
            # One piece may wait; for more the server waits.
            self._arrived.append(data)
            if self.transport is not None:
                self.transport.pause_reading()
        elif self.turns.granted(self):
            self._parse(data)
        else:
            self._arrived.append(data)

    def served(self) -> None:
        """Take in what has waited."""
        arrived, self._arrived = self._arrived, []
        for data in arrived:
            if self._idle:  # the reply ended with the piece before
                self.force_close()
            self._parse(data)
        if len(arrived) > 1 and self.transport is not None and not self._reading_paused:
            self.transport.resume_reading()

    def set_exception(self, exc: BaseException, exc_cause: BaseException = _EXC_SENTINEL) -> None:
        """It has failed, and why: aiohttp tells that to a task that waits, and there may be none."""
        if isinstance(exc_cause, Exception) and exc_cause is not exc:
            exc.__cause__ = exc_cause
        super().set_exception(exc, exc_cause)

    def eof_received(self) -> None:
        """Nothing more will come, and what has waits no longer."""
        self.served()
        super().eof_received()

    def connection_lost(self, exc: BaseException | None) -> None:
        """The same, and whoever reads a body that is not whole learns of it."""
        self.served()
        payload = self._payload
        super().connection_lost(exc)
        if payload is not None and not payload.is_eof() and payload.exception() is None:
            payload.set_exception(AttemptError(FailureKind.PROTOCOL, "the framing of the body is broken"))
        if self.heard is not None:
            self.heard()

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Go on after a pause."""
        # aiohttp resumes after each piece that is read, and parses nothing once more; 6 µs a reply.
        if self._reading_paused or self._buffer_paused:
            super().resume_reading(resume_parser)

    def passed_by(self) -> None:
        """The body has been taken in to its end, and the parser has not seen it."""
        self._parser = None
        if self._payload is not None:
            self._payload.feed_eof()

    def final(self) -> tuple[RawResponseMessage, StreamReader] | None:
        """The head of the final reply, and its body as it comes, where that head is what has come next."""
        if not self._buffer:
            return None
        message, _ = found = self._buffer[0][0]
        if message.code < 200:
            return None
        self._buffer.popleft()
        return found

    @property
    def has_more(self) -> bool:
        """Whether heads have come that nobody has taken, or the connection has ended."""
        return bool(self._buffer) or self._eof

    @property
    def fresh(self) -> bool:
        """Whether nothing has arrived, the connection's end neither, that would be taken for a reply."""
        return not (self.should_close or self.waits or self._readable())

    @property
    def waits(self) -> bool:
        """Whether octets have come that wait for their turn."""
        return bool(self._arrived)

    def _parse(self, data: bytes) -> None:
        super().data_received(data)
        if self.heard is not None:
            self.heard()

    def _readable(self) -> bool:
        poll = self._poll
        if poll is None:
            if not hasattr(select, "poll"):
                return False
            sock = self.transport.get_extra_info("socket") if self.transport is not None else None
            if sock is None or sock.fileno() < 0:
                return True
            # Made once for a connection: that, and not the question itself, is what costs.
            poll = self._poll = select.poll()
            poll.register(sock.fileno(), select.POLLIN)
        return bool(poll.poll(0))
