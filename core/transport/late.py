"""A transport that is loaded when somebody says so: aiohttp takes a quarter of a second, and no frame needs it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib import import_module

from ..courtesy import Courtesy
from ..job import Options
from ..model import Progress, Request
from ..proxies import Proxies
from .base import Cancellable, OnEnd, RedactorLike, Transport
from .bodies import BodyStore
from .tls import no_certificates


def load() -> None:
    """Load the transport over aiohttp now, in a program that uses aiohttp for nothing else."""
    with no_certificates():
        import_module(f"{__package__}.http")


async def open_transport(
    options: Options,
    bodies: BodyStore,
    redactor: RedactorLike,
    proxies: Proxies,
    courtesy: Courtesy | None = None,
) -> Transport:
    """The transport over aiohttp, which is loaded where that has not been done; see its own `open_transport`."""
    # Not at the top: whoever imports this module wants to wait for aiohttp later, or never.
    from . import http

    return await http.open_transport(options, bodies, redactor, proxies, courtesy)


class Loading:
    """Loads the transport on a thread once somebody begins it; belongs to the running loop."""

    def __init__(self) -> None:
        """Nothing is loaded before `begin`."""
        self._begun: asyncio.Future[None] | None = None
        self._done = asyncio.Event()

    async def begin(self) -> None:
        """Load it, where that has not begun yet, and return when it is loaded.

        Does not raise where it cannot be loaded: those who wait for it find that out.
        """
        if self._begun is None:
            self._begun = asyncio.ensure_future(asyncio.to_thread(load))
            self._begun.add_done_callback(lambda _: self._done.set())
        await asyncio.wait([self._begun])

    async def done(self) -> None:
        """Return when somebody has had it loaded."""
        await self._done.wait()


class LateTransport:
    """Stands in for the transport over aiohttp, which it opens when that is loaded."""

    def __init__(
        self,
        loading: Loading,
        options: Options,
        bodies: BodyStore,
        redactor: RedactorLike,
        proxies: Proxies,
        courtesy: Courtesy,
    ) -> None:
        """The others are what `open_transport` takes."""
        self._loading = loading
        self._parts = options, bodies, redactor, proxies, courtesy
        self._opening = asyncio.Lock()
        self._transport: Transport | None = None

    async def opened(self) -> Transport:
        """The transport itself, when it is there."""
        await self._loading.done()
        async with self._opening:
            if self._transport is None:
                self._transport = await open_transport(*self._parts)
            return self._transport

    def start(
        self, request: Request, body_name: Callable[[], str], progress: Progress, ended: OnEnd
    ) -> Cancellable:
        """As the transport does, which has been `opened`."""
        if self._transport is None:
            raise RuntimeError("nothing can be sent before the transport is loaded")
        return self._transport.start(request, body_name, progress, ended)

    async def probe(self, url: str, timeout_s: float) -> str | None:
        """As the transport does; waits for it."""
        return await (await self.opened()).probe(url, timeout_s)

    async def close(self) -> None:
        """Close what has been opened."""
        if self._transport is not None:
            await self._transport.close()
        else:
            self._parts[1].close()
