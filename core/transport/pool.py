"""The connection pool: aiohttp's, with the limits and the hidden resends taken out and stale connections refused.

Everything that leans on parts which aiohttp does not promise stands here; each is optional at run time, and
the tests notice when one goes missing.
"""

from __future__ import annotations

import asyncio
import functools
import select
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest, ConnectionKey
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from ..model import FailureKind, Phase, Progress
from .connecting import ConnectWatch, making
from .faults import AttemptError, TunnelError
from .routes import Dial, Route, Routes

_DNS_TTL_S = 30


class _Protocol(ResponseHandler):
    """Ends the body of a reply whose framing broke in the middle; its reader would wait for the timeout."""

    _poll: select.poll | None = None

    def readable(self) -> bool:
        """Whether anything has arrived, the connection's end too, that the loop has not seen yet."""
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

    def connection_lost(self, exc: BaseException | None) -> None:
        payload = self._payload
        super().connection_lost(exc)
        if payload is not None and not payload.is_eof() and payload.exception() is None:
            payload.set_exception(AttemptError(FailureKind.PROTOCOL, "the framing of the body is broken"))


def _protocol(loop: asyncio.AbstractEventLoop) -> _Protocol:
    if (watch := making.get(None)) is not None:
        watch.protocol_made()
    return _Protocol(loop=loop)


class FreshConnector(aiohttp.TCPConnector):
    """Reuses a connection only while nothing has arrived on it since its last reply.

    Octets on an idle connection would answer the next request (aiohttp #13656), and its end, seen only after
    sending, would leave the fate of a POST unknown.
    """

    def __init__(self, names: AbstractResolver, connect_timeout_s: float) -> None:
        """`names` looks hosts up; it is the connector's from now on."""
        super().__init__(limit=0, ttl_dns_cache=_DNS_TTL_S, resolver=names)  # pyright: ignore[reportUnknownMemberType]
        self._factory = functools.partial(_protocol, loop=self._loop)
        self._timeout = aiohttp.ClientTimeout(connect=connect_timeout_s, ceil_threshold=float("inf"))

    async def take(self, route: Route, routes: Routes, progress: Progress) -> Connection:
        """A connection to send a request on: one that is idle, or a new one.

        Raises TunnelError where a proxy breaks off before anything of the request was sent, ConnectionTimeoutError
        after the connect timeout, and what else aiohttp says of connections that do not come about.
        """
        connection = await self._get(route.key, [])
        return connection if connection is not None else await self._dial(route, routes, progress)

    async def _dial(self, route: Route, routes: Routes, progress: Progress) -> Connection:
        dial = routes.dial(route)
        dial.progress = progress
        try:
            return await self.connect(dial, [], self._timeout)
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError from error
        except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError):
            raise
        except (aiohttp.ClientError, OSError) as error:
            if route.proxy is None:
                raise
            raise TunnelError from error

    async def _create_connection(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109
    ) -> ResponseHandler:
        progress = req.progress if isinstance(req, Dial) else None
        if progress is None:
            return await super()._create_connection(req, traces, timeout)
        tls_to_proxy = req.proxy is not None and req.proxy.scheme == "https"
        watch = ConnectWatch(
            progress, tls=req.is_ssl() or tls_to_proxy, tunnel=req.is_ssl() and req.proxy is not None
        )
        token = making.set(watch)
        try:
            return await super()._create_connection(req, traces, timeout)
        finally:
            watch.leave()
            making.reset(token)

    async def _resolve_host(self, *args: Any, **kwargs: Any) -> list[ResolveResult]:
        watch = making.get(None)
        if watch is None:
            return await super()._resolve_host(*args, **kwargs)
        watch.enter(Phase.DNS)
        turned: list[bool] = []
        turn = self._loop.call_soon(turned.append, True)
        found = await super()._resolve_host(*args, **kwargs)
        turn.cancel()
        # Numeric addresses, and names that were looked up a moment ago, come back before the loop's next turn.
        watch.leave(counts=bool(turned))
        watch.enter(Phase.CONNECT)
        return found

    async def _get(self, key: ConnectionKey, traces: list[Trace]) -> Connection | None:
        while (connection := await super()._get(key, traces)) is not None:
            if self._fresh(connection):
                return connection
            connection.close()
        return None

    def _fresh(self, connection: Connection) -> bool:
        protocol = connection.protocol
        return isinstance(protocol, _Protocol) and not protocol.should_close and not protocol.readable()
