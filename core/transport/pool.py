"""The connections: made by aiohttp's connector, without its limits, and used again only while they are fresh.

What leans on parts that aiohttp does not promise stands here and in `protocol.py`; the tests notice when one goes
missing.
"""

from __future__ import annotations

import asyncio
import functools
from collections import deque
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest, ConnectionKey
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from ..courtesy import Courtesy
from ..model import Phase, Progress
from .connecting import ConnectWatch, making
from .exchange import Exchange
from .faults import TunnelError
from .names import OneAddress
from .protocol import ReplyProtocol
from .routes import Dial, Route
from .turns import Turns

_DNS_TTL_S = 30
_IDLE_S = 15.0
"""How long a connection is kept that nobody uses; servers keep theirs for 5 to 75 s."""


def _protocol(loop: asyncio.AbstractEventLoop, turns: Turns) -> ReplyProtocol:
    if (watch := making.get(None)) is not None:
        watch.protocol_made()
    return ReplyProtocol(loop, turns)


class FreshConnector(aiohttp.TCPConnector):
    """Makes connections as aiohttp does, and keeps those that are idle itself.

    A connection is used again only while nothing has arrived on it since its last reply: such octets would answer the
    next request (aiohttp #13656), and its end, seen only after sending, would leave the fate of a POST unknown.
    """

    def __init__(
        self, names: AbstractResolver, connect_timeout_s: float, courtesy: Courtesy | None = None
    ) -> None:
        """`names` looks hosts up; it is the connector's from now on."""
        super().__init__(limit=0, ttl_dns_cache=_DNS_TTL_S, resolver=names)  # pyright: ignore[reportUnknownMemberType]
        turns = Turns(courtesy or Courtesy())
        self._factory = functools.partial(_protocol, self._loop, turns)
        self._unwatched = functools.partial(ReplyProtocol, self._loop, turns)
        """Where no watch is `making`: a task begun by a connection's callback has that of this connection."""
        self._timeout = aiohttp.ClientTimeout(connect=connect_timeout_s, ceil_threshold=float("inf"))
        self._known = OneAddress(_DNS_TTL_S)
        self._idle: dict[ConnectionKey, deque[tuple[Connection, float]]] = {}
        self._sweep: asyncio.TimerHandle | None = None

    async def take(self, route: Route, progress: Progress) -> Connection:
        """A connection to send a request on: one that is idle, or a new one.

        Raises TunnelError where a proxy breaks off before anything of the request was sent, ConnectionTimeoutError
        after the connect timeout, and what else aiohttp says of connections that do not come about.
        """
        return self.idle(route) or await self._dial(route, progress)

    def idle(self, route: Route) -> Connection | None:
        """A connection that waits for a request, and is the caller's from now on; None where there is none."""
        idle = self._idle.get(route.key)
        while idle:
            connection, since = idle.popleft()
            protocol = connection.protocol
            if (
                isinstance(protocol, ReplyProtocol)
                and protocol.is_connected()
                and self._loop.time() - since < _IDLE_S
                and protocol.fresh
            ):
                return connection
            connection.close()
        return None

    def give_back(self, exchange: Exchange) -> None:
        """Keep a connection for the next request, where nothing of the last one is still to come on it."""
        if not exchange.sent or exchange.protocol.should_close or self.closed:
            exchange.close()
            return
        key = exchange.route.key
        idle = self._idle.get(key)
        if idle is None:
            idle = self._idle[key] = deque()
        exchange.protocol.rest()
        idle.append((exchange.connection, self._loop.time()))
        if self._sweep is None:
            self._sweep = self._loop.call_later(_IDLE_S, self._close_idle)

    async def shut(self) -> None:
        """Close all connections, idle or not."""
        if self._sweep is not None:
            self._sweep.cancel()
        for idle in self._idle.values():
            for connection, _ in idle:
                connection.close()
        self._idle.clear()
        await self.close()

    def _close_idle(self) -> None:
        """Close what nobody has used for long: the server will, and a request should not meet that."""
        self._sweep = None
        oldest = self._loop.time() - _IDLE_S
        for key, idle in list(self._idle.items()):
            while idle and idle[0][1] <= oldest:
                idle.popleft()[0].close()
            if not idle:
                del self._idle[key]
        if self._idle:
            self._sweep = self._loop.call_later(_IDLE_S, self._close_idle)

    async def _dial(self, route: Route, progress: Progress) -> Connection:
        try:
            if route.plain and (address := self._known.of(route.origin)) is not None:
                return await self._connect_to(address, route, progress)
            return await self.connect(route.dial(progress), [], self._timeout)
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError from error
        except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError):
            raise
        except (aiohttp.ClientError, OSError) as error:
            if route.proxy is None:
                raise
            raise TunnelError from error

    async def _connect_to(self, address: tuple[str, int], route: Route, progress: Progress) -> Connection:
        """What `connect` comes to where there is one address to try, in half the time: 0.13 ms in place of 0.26."""
        watch = ConnectWatch(progress, tls=False, tunnel=False)
        watch.enter(Phase.CONNECT)
        async with asyncio.timeout(self._timeout.connect):
            try:
                _, protocol = await self._loop.create_connection(self._unwatched, *address)
            except OSError as error:
                raise aiohttp.ClientConnectorError(route.key, error) from error
            finally:
                watch.leave()
        if self.closed:
            protocol.close()
            raise aiohttp.ClientConnectionError("the connector is closed")
        self._acquired.add(protocol)
        return Connection(self, route.key, protocol, self._loop)

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

    async def _resolve_host(self, host: str, port: int, *args: Any, **kwargs: Any) -> list[ResolveResult]:
        watch = making.get(None)
        if watch is None:
            return await super()._resolve_host(host, port, *args, **kwargs)
        watch.enter(Phase.DNS)
        turned: list[bool] = []
        turn = self._loop.call_soon(turned.append, True)
        found = await super()._resolve_host(host, port, *args, **kwargs)
        turn.cancel()
        self._known.learn(host, port, [one["host"] for one in found], fresh=bool(turned))
        # Numeric addresses, and names that were looked up a moment ago, come back before the loop's next turn.
        watch.leave(counts=bool(turned))
        watch.enter(Phase.CONNECT)
        return found
