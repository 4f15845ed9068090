"""The transport over aiohttp: each attempt becomes a verified reply or a named fault (`attempt.py`)."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from ..courtesy import Courtesy
from ..job import Options
from ..model import Progress, Request
from ..printable import printable
from ..proxies import Proxies
from ..secrets.values import MASK
from .attempt import DEFAULT_PORTS, Attempt, Gear
from .base import OnEnd, RedactorLike
from .bodies import BodyStore
from .cookies import CookieJar
from .deadlines import Deadlines
from .faults import peer_name
from .names import Names
from .pool import FreshConnector
from .probe import probe
from .routes import Routes

_PROBES_AT_ONCE = 4
_CONNECT_SHARE = 0.95
"""Share of the whole timeout that connecting may take, so that it is named for what it was."""


async def open_transport(
    options: Options,
    bodies: BodyStore,
    redactor: RedactorLike,
    proxies: Proxies | None = None,
    courtesy: Courtesy | None = None,
) -> HttpTransport:
    """A transport on the running loop; it owns `bodies` from now on, and wants to be closed.

    `proxies` are those of `options`, as `Proxies.of` has them: without them requests go straight to their hosts.
    `courtesy` says when little is to be let in at once.
    """
    connect_s = min(options.connect_timeout_s, options.timeout_s * _CONNECT_SHARE)
    connector = FreshConnector(Names(), connect_s, courtesy)
    return HttpTransport(connector, options, bodies, redactor, proxies or Proxies(), connect_s)


class HttpTransport:
    """HTTP/1.1 over pooled connections; how many requests are under way is for the caller to limit."""

    def __init__(
        self,
        connector: FreshConnector,
        options: Options,
        bodies: BodyStore,
        redactor: RedactorLike,
        proxies: Proxies,
        connect_timeout_s: float,
    ) -> None:
        """Made by `open_transport`."""
        self._proxies = proxies
        self._gear = Gear(
            connector,
            Routes(proxies, verify=not options.insecure),
            proxies,
            CookieJar() if options.cookies else None,
            bodies,
            redactor,
            Deadlines(options.timeout_s),
            options.timeout_s,
            connect_timeout_s,
            options.max_body,
        )
        self._probe_names = Names(_PROBES_AT_ONCE)
        """Apart from those of the connections, which may all be waiting for a dead name server."""

    async def close(self) -> None:
        """Close all connections, and the threads that write bodies."""
        self._gear.deadlines.close()
        await self._gear.connector.shut()
        self._gear.bodies.close()

    def start(
        self, request: Request, body_name: Callable[[], str], progress: Progress, ended: OnEnd
    ) -> Attempt:
        """Begin an attempt; see `Transport.start`."""
        attempt = Attempt(self._gear, request, body_name, progress, ended)
        attempt.start()
        return attempt

    async def probe(self, url: str, timeout_s: float) -> str | None:
        """Try to connect to the origin of a masked URL; see `Transport.probe`."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port or DEFAULT_PORTS[parts.scheme]
        except (KeyError, ValueError):
            return None
        if not host or MASK in host:
            return None
        peer = peer_name(host, port)
        if (proxy := self._proxies.via(url)) is not None:
            host, port, peer = proxy.host, proxy.port, f"the proxy {proxy.shown}"
        reason = await probe(self._probe_names, host, port, timeout_s, peer)
        return printable(self._gear.redactor.text(reason)) if reason is not None else None
