"""Cookies of one session, in memory alone: kept and sent back byte for byte by the rules of RFC 6265.

The jar of aiohttp is not used because it rewrites values (`a/b==` goes back quoted), takes `Domain=com` and
`Secure` from anybody, and costs more.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from email.utils import mktime_tz, parsedate_tz
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

MOST_OF_A_DOMAIN = 50
"""Cookies kept of one domain, the newest; the number RFC 6265, section 6.1 asks for, as are the next two."""
MOST_IN_ALL = 3_000
LONGEST_COOKIE = 4_096
"""Octets of name and value together."""
LONGEST_HEADER = 8_190
"""Octets of the cookies sent with one request; servers refuse longer fields."""
_LONGEST_FIELD = 8_192
_LONGEST_DATE = 64
_MOST_LABELS = 16
_UNSENDABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_DIGITS = re.compile(r"-?[0-9]+")
_FOREVER_S = 400 * 86_400.0
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "gob", "gov", "mil", "ne", "net", "or", "org", "sch"})
"""Labels under which a country's registry gives out names, such as `co.uk`."""


class _Cookie(Struct, frozen=True):
    name: str
    pair: str
    """As it came and goes back: `name=value`."""
    domain: str
    host_only: bool
    path: str
    secure: bool
    expires: float
    """Wall clock, seconds since the epoch."""


_Key = tuple[str, str]


class CookieJar:
    """What servers asked to have sent back. Bounded in number and size, whatever they ask for."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives the wall-clock time, by which cookies expire."""
        self._clock = clock
        self._domains: dict[str, dict[_Key, _Cookie]] = {}
        self._ages: dict[tuple[str, _Key], None] = {}
        """All cookies, the one set longest ago first."""

    def __len__(self) -> int:
        return len(self._ages)

    def learn(self, url: str, fields: Iterable[str]) -> None:
        """Keep what the Set-Cookie fields of a reply from `url` ask for; what is malformed or too large is left."""
        parts = urlsplit(url)
        now = self._clock()
        for field in fields:
            if len(field) > _LONGEST_FIELD:
                continue
            cookie = _parsed(field, parts, now)
            if cookie is not None:
                self._keep(cookie, now)

    def header(self, url: str, own: str = "") -> str:
        """The Cookie field for a request of `url`, empty without any; names that stand in `own` are left out."""
        if not self._domains:
            return ""
        parts = urlsplit(url)
        host, path, secure, now = _host(parts), parts.path or "/", parts.scheme == "https", self._clock()
        found = [
            cookie
            for domain in _domains(host)
            for cookie in self._domains.get(domain, {}).values()
            if (domain == host or not cookie.host_only)
            and (secure or not cookie.secure)
            and cookie.expires > now
            and _within(path, cookie.path)
        ]
        if not found:
            return ""
        given = {pair.strip().partition("=")[0] for pair in own.split(";")}
        found.sort(key=lambda cookie: -len(cookie.path))
        return _joined(cookie.pair for cookie in found if cookie.name not in given)

    def _keep(self, cookie: _Cookie, now: float) -> None:
        key = (cookie.name, cookie.path)
        self._drop(cookie.domain, key)
        if cookie.expires <= now:
            return
        of_domain = self._domains.setdefault(cookie.domain, {})
        of_domain[key] = cookie
        self._ages[cookie.domain, key] = None
        if len(of_domain) > MOST_OF_A_DOMAIN:
            self._drop(cookie.domain, _first_to_go(of_domain, now))
        if len(self._ages) > MOST_IN_ALL:
            self._drop(*next(iter(self._ages)))

    def _drop(self, domain: str, key: _Key) -> None:
        of_domain = self._domains.get(domain)
        if of_domain is not None and of_domain.pop(key, None) is not None:
            del self._ages[domain, key]
            if not of_domain:
                del self._domains[domain]


def _first_to_go(cookies: dict[_Key, _Cookie], now: float) -> _Key:
    return next((key for key, cookie in cookies.items() if cookie.expires <= now), next(iter(cookies)))


def _parsed(field: str, url: SplitResult, now: float) -> _Cookie | None:
    """RFC 6265, sections 5.2 and 5.3; None for what is to be ignored."""
    pair, _, rest = field.partition(";")
    name, equals, value = pair.partition("=")
    name, value = name.strip(" \t"), value.strip(" \t")
    sent = f"{name}={value}"
    if (
        not equals
        or not name
        or len(sent.encode(errors="replace")) > LONGEST_COOKIE
        or _UNSENDABLE.search(sent)
    ):
        return None
    attributes: dict[str, str] = {}
    for attribute in rest.split(";"):
        label, _, text = attribute.partition("=")
        attributes[label.strip(" \t").lower()] = text.strip(" \t")
    secure = "secure" in attributes
    host = _host(url)
    domain = attributes.get("domain", "").removeprefix(".").lower()
    if (secure and url.scheme != "https") or not _may_set(host, domain):
        return None
    path = attributes.get("path", "")
    return _Cookie(
        name=name,
        pair=sent,
        domain=domain or host,
        host_only=not domain,
        path=path if path.startswith("/") else _default_path(url.path),
        secure=secure,
        expires=_expiry(attributes, now),
    )


def _expiry(attributes: dict[str, str], now: float) -> float:
    age = attributes.get("max-age", "")
    if _DIGITS.fullmatch(age):
        # Beyond ten digits it is forever in any case, and a number too long for `int` is refused by it.
        return now + min(float(age[:10]), _FOREVER_S)
    when = _moment(attributes.get("expires", ""))
    return min(when, now + _FOREVER_S) if when is not None else now + _FOREVER_S


def _moment(text: str) -> float | None:
    try:
        parsed = parsedate_tz(text[:_LONGEST_DATE])
        return float(mktime_tz(parsed)) if parsed is not None else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _may_set(host: str, domain: str) -> bool:
    """Whether a reply of `host` may set a cookie for `domain`, which is empty for `host` alone."""
    if not domain or domain == host:
        return True
    return host.endswith(f".{domain}") and not _is_public(domain) and not _is_address(host)


def _is_public(domain: str) -> bool:
    """Whether unrelated owners have names below it, as far as its form tells; it may be a suffix nobody knows."""
    first, dot, last = domain.partition(".")
    return not dot or not last or (first in _SECOND_LEVEL and len(last) == 2)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _host(url: SplitResult) -> str:
    return (url.hostname or "").removesuffix(".")


def _domains(host: str) -> Iterable[str]:
    """The host and the domains above it."""
    yield host
    for _ in range(_MOST_LABELS):
        host = host.partition(".")[2]
        if not host:
            return
        yield host


def _default_path(path: str) -> str:
    """RFC 6265, section 5.1.4."""
    return path[: path.rfind("/")] or "/" if path.startswith("/") else "/"


def _within(path: str, wanted: str) -> bool:
    return path.startswith(wanted) and (
        len(path) == len(wanted) or wanted.endswith("/") or path[len(wanted)] == "/"
    )


def _joined(pairs: Iterable[str]) -> str:
    """As many as fit."""
    taken: list[str] = []
    size = 0
    for pair in pairs:
        size += len(pair.encode()) + 2
        if size - 2 > LONGEST_HEADER:
            break
        taken.append(pair)
    return "; ".join(taken)
