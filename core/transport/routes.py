"""Which connection a URL wants: its origin and the proxy before it, worked out once for all requests that share it."""

from __future__ import annotations

import asyncio
import base64
import re
from urllib.parse import unquote

import aiohttp
from aiohttp import hdrs
from aiohttp.client_reqrep import ConnectionKey
from msgspec import Struct
from multidict import CIMultiDict
from yarl import URL

from ..model import Progress
from ..proxies import Proxies, Proxy
from .tls import Tls

_PARTS = re.compile(r"([A-Za-z][^:/?#]*://[^/?#]*)([^#]*)")
"""Everything up to the authority's end, then path and query; a fragment stays at home (RFC 9112, section 3.2)."""
_BEYOND_SCHEME = len("https://")
_MOST_KEPT = 10_000


class Dial(aiohttp.ClientRequest):
    """What the connector is told of a connection that is to be made, and for which attempt."""

    progress: Progress | None = None


class Route(Struct, frozen=True, eq=False):
    """What all requests to one origin have in common; it may hold secrets, and is never shown."""

    origin: URL
    proxy: Proxy | None
    tls: Tls
    key: ConnectionKey
    """Which connections of the pool will do."""
    host: str
    """The value of Host."""
    prefix: str
    """What stands before the path in the request line: the origin where a proxy reads it (RFC 9112, 3.2.2)."""
    authorization: str | None
    """From the URL's user and password (RFC 7617)."""
    proxy_authorization: str | None
    """Where the proxy reads the request itself; what opens a tunnel carries its own."""

    @property
    def plain(self) -> bool:
        """Whether there is nothing between TCP and the server: no TLS, no proxy."""
        return self.proxy is None and not self.key.is_ssl

    def dial(self, progress: Progress) -> Dial:
        """What makes a connection, for the attempt with this progress."""
        dial = _dial(self.origin, self.proxy, self.tls)
        dial.progress = progress
        return dial


class Routes:
    """Finds the route of a URL."""

    def __init__(self, proxies: Proxies, *, verify: bool) -> None:
        """`verify` is whether TLS certificates must be valid."""
        self._proxies = proxies
        self._tls = Tls(verify=verify)
        self._routes: dict[str, Route] = {}

    def of(self, url: str) -> tuple[Route, str]:
        """The route, and the request's target: path and query, byte for byte.

        Raises aiohttp.InvalidURL, or ValueError, for a URL that leads nowhere.
        """
        # The usual URL begins as one before it did, and is cut where its path begins.
        path_at = url.find("/", _BEYOND_SCHEME)
        if path_at > 0 and (known := self._routes.get(url[:path_at])) is not None and "#" not in url:
            return known, url[path_at:]
        parts = _PARTS.match(url)
        if parts is None:
            raise aiohttp.InvalidURL(url)
        origin, target = parts.groups()
        route = self._routes.get(origin)
        if route is None:
            if len(self._routes) >= _MOST_KEPT:
                self._routes.clear()
            route = self._routes[origin] = self._route(origin)
        return route, target if target.startswith("/") else f"/{target}"

    def _route(self, text: str) -> Route:
        url = URL(f"{text}/", encoded=True)
        origin, proxy = url.with_user(None), self._proxies.via(text)
        dial = _dial(origin, proxy, self._tls)
        read_by_proxy = proxy is not None and not dial.is_ssl()
        return Route(
            origin,
            proxy,
            self._tls,
            dial.connection_key,
            dial.headers[hdrs.HOST],
            str(origin).removesuffix("/") if read_by_proxy else "",
            _basic(url) if url.raw_user is not None or url.raw_password is not None else None,
            proxy.authorization if proxy is not None and read_by_proxy else None,
        )


def _dial(origin: URL, proxy: Proxy | None, tls: Tls) -> Dial:
    fields: CIMultiDict[str] | None = None
    proxy_url = URL(proxy.url) if proxy is not None else None
    encrypted = "https" in (origin.scheme, proxy_url and proxy_url.scheme)
    if proxy is not None and proxy.authorization is not None and origin.scheme == "https":
        # The tunnel's own request carries it: what is sent inside reaches the server.
        fields = CIMultiDict({hdrs.PROXY_AUTHORIZATION: proxy.authorization})
    return Dial(
        "GET",
        origin,
        loop=asyncio.get_running_loop(),
        ssl=tls.context if encrypted else True,
        proxy=proxy_url,
        proxy_headers=fields,
    )


def _basic(url: URL) -> str:
    credentials = f"{unquote(url.raw_user or '')}:{unquote(url.raw_password or '')}"
    return f"Basic {base64.b64encode(credentials.encode()).decode()}"
