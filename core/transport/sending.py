"""What one request looks like to aiohttp: its URL byte for byte, its fields, and the proxy it goes through."""

from __future__ import annotations

import io

import aiohttp
from aiohttp import hdrs
from multidict import CIMultiDict
from yarl import URL

from ..model import Headers, Request
from ..proxies import Proxy
from .cookies import CookieJar

_LARGE_BODY = 524_288
_FRAMING = frozenset({"content-length", "transfer-encoding"})


async def send(
    session: aiohttp.ClientSession,
    request: Request,
    proxy: Proxy | None,
    cookies: CookieJar | None,
    *,
    verify: bool,
) -> aiohttp.ClientResponse:
    """Send it once, and return the head of its reply; redirects are not followed.

    `verify` is whether TLS certificates must be valid.
    """
    headers = _fields(request.headers) if request.headers else None
    if cookies is not None and (field := cookie_field(request, cookies)):
        headers = CIMultiDict[str]() if headers is None else headers
        headers[hdrs.COOKIE] = field
    proxy_headers = None
    if proxy is not None and proxy.authorization is not None:
        if request.url.startswith("https:"):
            # The tunnel's own request carries it: what is sent inside reaches the server.
            proxy_headers = {hdrs.PROXY_AUTHORIZATION: proxy.authorization}
        else:
            headers = CIMultiDict[str]() if headers is None else headers
            headers[hdrs.PROXY_AUTHORIZATION] = proxy.authorization
    body = request.body
    return await session.request(
        request.method,
        wire_target(request.url),
        headers=headers,
        data=io.BytesIO(body) if body is not None and len(body) > _LARGE_BODY else body,
        skip_auto_headers=None if body is None and request.method == "GET" else (hdrs.CONTENT_TYPE,),
        allow_redirects=False,
        ssl=verify,
        proxy=proxy.url if proxy is not None else None,
        proxy_headers=proxy_headers,
    )


def cookie_field(request: Request, cookies: CookieJar | None) -> str:
    """The Cookie field of a request, empty without one: what its user wrote, then what the jar adds to it."""
    own = "; ".join(value for name, value in request.headers if name.lower() == "cookie")
    kept = cookies.header(request.url, own) if cookies is not None else ""
    return f"{own}; {kept}" if own and kept else own or kept


def wire_target(url: str) -> URL:
    """The URL as yarl holds it, with nothing of it rewritten.

    Yarl drops the mark of an empty query (RFC 3986, section 6.2.3 keeps it apart from none) unless it is part
    of the path.
    """
    if not url.endswith("?") or url.find("?") != len(url) - 1:
        return URL(url, encoded=True)
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    if not slash:
        authority, path = authority[:-1], "?"
    return URL.build(scheme=scheme, authority=authority, path=f"/{path}", encoded=True)


def _fields(headers: Headers) -> CIMultiDict[str]:
    return CIMultiDict(field for field in headers if field[0].lower() not in _FRAMING)
