"""The embedded Places-style API: `python -m fetchdeck.tui.demo.server`, a process of its own on loopback.

It tells its port in one line on standard output, and ends when its standard input ends, which also happens when
the process that started it dies in whatever way.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections import Counter
from typing import Any

import msgspec
from aiohttp import web

from . import places
from .byte_scripts import Script, play
from .faults import Fate, Faults
from .mishaps import RequestPeer, script_of

_JSON = "application/json; charset=utf-8"


class PlacesServer:
    """Answers `GET /details?place=ID&key=KEY`; `GET /__stats` and `/__seen` tell what it was asked."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._places = places.load()
        self._missing = places.missing(self._places) if faults.missing else frozenset[int]()
        self._seen: Counter[int] = Counter()
        self._served: Counter[str] = Counter()
        self._open = 0
        self._peak = 0

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request, whatever its path."""
        if request.path == "/details":
            self._open += 1
            self._peak = max(self._peak, self._open)
            try:
                return await self._details(request)
            finally:
                self._open -= 1
        if request.path == "/__stats":
            return self._reply(200, msgspec.json.encode(self.stats()))
        if request.path == "/__seen":
            return self._reply(200, msgspec.json.encode(self._seen))
        return self._reply(404, b'{"status":"NOT_FOUND","error_message":"There is only /details."}')

    def stats(self) -> dict[str, Any]:
        """How many requests met each fate, how many are open now and were at most."""
        served = dict(sorted(self._served.items()))
        return {
            "requests": self._seen.total(),
            "places": len(self._seen),
            "served": served,
            "open": self._open,
            "peak_open": self._peak,
        }

    async def _details(self, request: web.BaseRequest) -> web.StreamResponse:
        query = request.rel_url.query
        if not query.get("key"):
            return self._reply(403, b'{"status":"REQUEST_DENIED","error_message":"The key is missing."}')
        try:
            number = int(query.get("place", ""))
        except ValueError:
            return self._reply(400, b'{"status":"INVALID_REQUEST","error_message":"place is no number."}')
        fate, delay = self._faults.fate(number, self._seen[number])
        self._seen[number] += 1
        await asyncio.sleep(delay)
        self._served[fate] += 1
        if fate is Fate.TOO_MANY:
            after = {"Retry-After": str(self._faults.retry_after_s)}
            return self._reply(429, b'{"status":"OVER_QUERY_LIMIT"}', after)
        if fate is Fate.ERROR:
            return self._reply(500, b'{"status":"UNKNOWN_ERROR"}')
        place = self._places.get(number)
        if place is None or number in self._missing:
            status, body = 404, b'{"status":"NOT_FOUND","error_message":"There is no such place."}'
        else:
            status, body = 200, places.answer(place)
        script = script_of(fate, body)
        return self._reply(status, body) if script is None else await self._broken(request, script)

    async def _broken(self, request: web.BaseRequest, script: Script) -> web.StreamResponse:
        """Play the script, and leave aiohttp a connection on which it cannot write any more."""
        peer = RequestPeer(request)
        await play(script, peer)
        peer.close()
        return web.Response()

    def _reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> web.Response:
        return web.Response(status=status, body=body, headers={"Content-Type": _JSON, **(headers or {})})


async def serve(faults: Faults, port: int, patience_s: float) -> None:
    """Serve on loopback until standard input ends; port 0 takes a free one.

    A given port is tried for `patience_s` seconds: the server of a killed run may take a moment to leave it.
    """
    server = web.Server(PlacesServer(faults).handle, handler_cancellation=True, access_log=None)
    runner = web.ServerRunner(server)
    await runner.setup()
    try:
        await _bind(runner, port, patience_s)
        host_port = runner.addresses[0][1]
        gc.collect()
        gc.freeze()
        sys.stdout.write(f"port {host_port}\n")
        sys.stdout.flush()
        await _stdin_ends()
    finally:
        await runner.cleanup()


async def _bind(runner: web.ServerRunner, port: int, patience_s: float) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + patience_s
    while True:
        try:
            await web.TCPSite(runner, "127.0.0.1", port, backlog=2048).start()
            return
        except OSError:
            if loop.time() >= end:
                raise
        await asyncio.sleep(0.1)


async def _stdin_ends() -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(4096):
        pass


def main() -> int:
    """Entry point: a JSON object `{"port": …, "patience_s": …, "faults": {…}}` as the one argument."""
    wish = msgspec.json.decode(sys.argv[1])
    faults = msgspec.convert(wish["faults"], Faults)
    try:
        import uvloop  # not to be had on every platform

        run = uvloop.run
    except ImportError:
        run = asyncio.run
    try:
        run(serve(faults, wish["port"], wish["patience_s"]))
    except OSError as error:
        sys.stdout.write(f"error {error.strerror or error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
