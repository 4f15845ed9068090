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

from ..model import FailureKind, Phase
from .connecting import ConnectWatch, making, sent, under_way
from .faults import AttemptError, TunnelError

_DNS_TTL_S = 30


class _Protocol(ResponseHandler):
    """Ends the body of a reply whose framing broke in the middle; its reader would wait for the timeout."""

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

    def __init__(self, names: AbstractResolver) -> None:
        """`names` looks hosts up; it is the connector's from now on."""
        super().__init__(limit=0, ttl_dns_cache=_DNS_TTL_S, resolver=names)  # pyright: ignore[reportUnknownMemberType]
        self._factory = functools.partial(_protocol, loop=self._loop)
        self._poll = select.poll() if hasattr(select, "poll") else None

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109
    ) -> Connection:
        """As aiohttp's; raises TunnelError where a proxy breaks off before anything of the request was sent."""
        try:
            connection = await super().connect(req, traces, timeout)
        except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError, TimeoutError):
            raise
        except (aiohttp.ClientError, OSError) as error:
            if req.proxy is None:
                raise
            raise TunnelError from error
        if (progress := under_way.get(None)) is not None:
            sent(progress)
        return connection

    async def _create_connection(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109
    ) -> ResponseHandler:
        progress = under_way.get(None)
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
        if protocol is None or protocol.should_close:
            return False
        poll = self._poll
        sock = protocol.transport.get_extra_info("socket") if protocol.transport else None
        if poll is None or sock is None:
            return True
        descriptor = sock.fileno()
        if descriptor < 0:
            return False
        poll.register(descriptor, select.POLLIN)
        try:
            return not poll.poll(0)
        finally:
            poll.unregister(descriptor)


def forbid_resends(session: aiohttp.ClientSession) -> None:
    """Stop the client from sending an idempotent request a second time by itself: each send is an attempt."""
    if hasattr(session, "_retry_connection"):
        session._retry_connection = False  # pyright: ignore[reportPrivateUsage]


def connection_error(response: aiohttp.ClientResponse) -> BaseException | None:
    """What ended the response's connection, also after it was released; None while nothing did."""
    protocol = getattr(response, "_protocol", None)
    error = protocol.exception() if protocol is not None else None
    return error if isinstance(error, BaseException) else None
