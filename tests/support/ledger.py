"""A real HTTP server that remembers who asked what how often, and answers as the path says."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web


class Ledger:
    """Answers `/ok/N`, `/status/S/N`, `/reset/N`, `/hold/N` (once released), and others of its tests.

    `/flaky/N` and `/large/N` are refused with 503 the first time; `/echo/N` repeats its URL in a header.
    """

    def __init__(self) -> None:
        self.url = ""
        self.seen: Counter[str] = Counter()
        """How often each path was asked for."""
        self.now = 0
        self.most = 0
        """The most requests that were ever in flight at once."""
        self.arrived = asyncio.Event()
        self._released = asyncio.Event()
        self.headers: dict[str, dict[str, str]] = {}
        self.bodies: dict[str, bytes] = {}

    def release(self) -> None:
        """Let all held requests, and all that come later, be answered."""
        self._released.set()

    async def in_flight(self, count: int) -> None:
        """Return when exactly `count` requests are being held."""
        while self.now != count:
            self.arrived.clear()
            await self.arrived.wait()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.raw_path
        self.seen[path] += 1
        self.headers[path] = dict(request.headers)
        self.bodies[path] = await request.read()
        self.now += 1
        self.most = max(self.most, self.now)
        self.arrived.set()
        try:
            return await self._answer(request, path)
        finally:
            self.now -= 1
            self.arrived.set()

    async def _answer(self, request: web.Request, path: str) -> web.StreamResponse:
        plain = path.partition("?")[0]
        parts = plain.split("/")
        match parts[1]:
            case "status":
                return web.Response(status=int(parts[2]), text=plain)
            case "flaky" if self.seen[path] == 1:
                return web.Response(status=503, headers={"Retry-After": "0"}, text="later")
            case "hold":
                await self._released.wait()
            case "reset":
                assert request.transport is not None
                request.transport.abort()
            case "echo":
                return web.Response(text=plain, headers={"X-Echo": path})
            case "large":
                return web.Response(status=503 if self.seen[path] == 1 else 200, body=bytes(400_000))
            case _:
                pass
        return web.Response(text=plain)


@asynccontextmanager
async def ledger_server() -> AsyncIterator[Ledger]:
    """Serve on a free loopback port."""
    ledger = Ledger()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", ledger.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    ledger.url = f"http://{host}:{port}"
    try:
        yield ledger
    finally:
        ledger.release()
        await runner.cleanup()
