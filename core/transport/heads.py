"""The head of a request as octets (RFC 9112, section 3): its target byte for byte, and its fields in order."""

from __future__ import annotations

import re
from functools import lru_cache

from ..model import Headers, Request
from ..version import VERSION
from .cookies import CookieJar
from .decoders import ACCEPT_ENCODING
from .routes import Route

_DEFAULTS = (
    ("User-Agent", f"fetchdeck/{VERSION}"),
    ("Accept", "*/*"),
    ("Accept-Encoding", ACCEPT_ENCODING),
)
_FRAMING = frozenset({"content-length", "transfer-encoding"})
_BODILESS_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_FORBIDDEN = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
_NO_TOKEN = re.compile("[\x00-\x20\x7f]")


def head(request: Request, route: Route, target: str, cookie: str) -> bytes:
    """What goes out before the body; `target` is path and query, `cookie` the jar's whole Cookie field, or empty.

    Raises ValueError where what the user gave would end a line early.
    """
    if _NO_TOKEN.search(target) is not None or _NO_TOKEN.search(request.method) is not None:
        raise ValueError("a method or a target with a space or a control character")
    fields = _fields(route, request.headers, cookie, _length(request))
    return f"{request.method.upper()} {route.prefix}{target} HTTP/1.1\r\n{fields}".encode()


def expects_continue(request: Request) -> bool:
    """Whether the body is to wait until the server wants it (RFC 9110, section 10.1.1)."""
    return bool(request.headers) and any(
        name.lower() == "expect" and value.strip().lower() == "100-continue"
        for name, value in request.headers
    )


def cookie_field(request: Request, cookies: CookieJar | None) -> str:
    """The Cookie field of a request, empty without one: what its user wrote, then what the jar adds to it."""
    if cookies is None and not request.headers:
        return ""
    own = "; ".join(value for name, value in request.headers if name.lower() == "cookie")
    kept = cookies.header(request.url, own) if cookies is not None else ""
    return f"{own}; {kept}" if own and kept else own or kept


def _length(request: Request) -> int | None:
    """What Content-Length says; None where a body is not expected (RFC 9110, section 8.6)."""
    if request.body is not None:
        return len(request.body)
    return None if request.method in _BODILESS_METHODS else 0


@lru_cache(1024)
def _fields(route: Route, headers: Headers, cookie: str, length: int | None) -> str:
    """All field lines and the empty one; most requests of a run share them."""
    own = [(name, value) for name, value in headers if name.lower() not in _FRAMING]
    names = {name.lower() for name, _ in own}
    hosts = [value for name, value in own if name.lower() == "host"]
    fields = [("Host", hosts[-1] if hosts else route.host)]
    fields += [field for field in _DEFAULTS if field[0].lower() not in names]
    replaced = {"host", *(("cookie",) if cookie else ())}
    if route.proxy_authorization is not None:
        replaced.add("proxy-authorization")
    fields += [field for field in own if field[0].lower() not in replaced]
    if cookie:
        fields.append(("Cookie", cookie))
    if route.authorization is not None and "authorization" not in names:
        fields.append(("Authorization", route.authorization))
    if route.proxy_authorization is not None:
        fields.append(("Proxy-Authorization", route.proxy_authorization))
    if length is not None:
        fields.append(("Content-Length", str(length)))
    if any(_FORBIDDEN.search(name) or _FORBIDDEN.search(value) for name, value in fields):
        raise ValueError("a header with a control character")
    return "".join([f"{name}: {value}\r\n" for name, value in fields]) + "\r\n"
