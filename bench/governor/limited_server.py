"""The bench's own servers with limits: `python -m bench.governor.limited_server PORTS SETTINGS`, a process of its own.

SETTINGS is a case in JSON. Each port has its own limit, so that clients do not share one. The ports are told in a line
of JSON; a line with a number on standard input sets another rate on all ports, and its end ends the server.
"""

from __future__ import annotations

import asyncio
import gc
import heapq
import json
import math
import sys
from dataclasses import dataclass
from typing import Any, Protocol, cast

from fetchdeck.core.loops import run as run_loop

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"
_REFUSED = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 3\r\n"
_BODY = b"\r\nok\n"


class Limit(Protocol):
    """Decides about one request: whether it is taken, after how many seconds it is answered, further fields."""

    rate: float

    def arrive(self, now: float) -> tuple[bool, float, bytes]: ...


@dataclass
class Leaky:
    """`limit_req` of nginx with `nodelay`: `burst` requests may come early, refusals fill nothing."""

    rate: float
    burst: int
    latency_s: float
    refusal: bytes
    _excess: float = 0.0
    _last: float | None = None

    def arrive(self, now: float) -> tuple[bool, float, bytes]:
        excess = 0.0
        if self._last is not None:
            excess = max(0.0, self._excess - (now - self._last) * self.rate + 1)
        if excess > self.burst:
            return False, 0.0, self.refusal
        self._excess, self._last = excess, now
        return True, self.latency_s, b""


@dataclass
class Window:
    """A quota for a while that begins with the first request, told in each reply by the fields of
    draft-ietf-httpapi-ratelimit-headers-08."""

    rate: float
    latency_s: float
    window_s: float = 10.0
    refused: int = 0
    _began: float | None = None
    _window: int = -1
    _used: int = 0

    def arrive(self, now: float) -> tuple[bool, float, bytes]:
        quota = round(self.rate * self.window_s)
        if self._began is None:
            self._began = now
        number, into_s = divmod(now - self._began, self.window_s)
        if number != self._window:
            self._window, self._used = int(number), 0
        taken = self._used < quota
        self._used += taken
        self.refused += not taken
        reset_s = math.ceil(self.window_s - into_s)
        fields = (
            f'RateLimit-Policy: "window";q={quota};w={self.window_s:.0f}\r\n'
            f'RateLimit: "window";r={quota - self._used};t={reset_s}\r\n'
        )
        return taken, self.latency_s if taken else 0.0, fields.encode()


class Workers:
    """`rate` × `service_s` workers; what finds none free waits for the next."""

    def __init__(self, rate: float, service_s: float) -> None:
        self.rate = rate
        self._service_s = service_s
        self._free_at = [0.0] * round(rate * service_s)

    def arrive(self, now: float) -> tuple[bool, float, bytes]:
        done = max(now, self._free_at[0]) + self._service_s
        heapq.heapreplace(self._free_at, done)
        return True, done - now, b""


def limit_of(settings: dict[str, Any]) -> Limit:
    """A fresh limit of a case's kind."""
    rate, latency_s = settings["rate"], settings["latency_ms"] / 1000
    match settings["kind"]:
        case "leaky":
            refusal = b"Retry-After: 1\r\n" if settings["retry_after"] else b""
            return Leaky(rate, settings["burst"], latency_s, refusal)
        case "window":
            return Window(rate, latency_s)
        case "workers":
            return Workers(rate, latency_s)
        case other:
            raise ValueError(other)


class Connection(asyncio.Protocol):
    """Answers requests without a body, one after the other."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            self._received = self._received[end + 4 :]
            taken, after_s, fields = self._limit.arrive(self._loop.time())
            reply = (_OK if taken else _REFUSED) + fields + _BODY
            if after_s:
                self._loop.call_later(after_s, self._answer, reply)
            else:
                self._answer(reply)

    def _answer(self, reply: bytes) -> None:
        if self._transport is not None:
            self._transport.write(reply)


async def serve(ports: int, settings: dict[str, Any]) -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    limits = [limit_of(settings) for _ in range(ports)]
    servers = [
        await loop.create_server(lambda limit=limit: Connection(limit), "127.0.0.1", 0) for limit in limits
    ]
    gc.collect()
    gc.freeze()
    sys.stdout.write(json.dumps([server.sockets[0].getsockname()[1] for server in servers]) + "\n")
    sys.stdout.flush()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        for limit in limits:
            limit.rate = float(line)


def main() -> None:
    """Entry point."""
    run_loop(lambda: serve(int(sys.argv[1]), json.loads(sys.argv[2])))


if __name__ == "__main__":
    main()
