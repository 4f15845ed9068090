"""Which proxy a request goes through, if any, and what of it may be shown: everything but its credentials."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import cast
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from .errors import OptionError, RowError
from .job import Options
from .secrets.values import MASK
from .urls import wire_url

_DEFAULT_PORTS = {"http": 80, "https": 443}
_SOCKS = frozenset({"socks", "socks4", "socks4a", "socks5", "socks5h"})


class Proxy(Struct, frozen=True):
    """One HTTP proxy; its `url` holds no credentials, `authorization` and `secrets` do."""

    url: str
    """Scheme, host and port."""
    host: str
    port: int
    shown: str
    """The URL for people, a user and password in it masked."""
    authorization: str | None = None
    """The value of Proxy-Authorization (RFC 7617), for the proxy and nobody else."""
    secrets: frozenset[str] = frozenset()
    """The values that must not be stored, logged or shown."""

    def __repr__(self) -> str:
        """Without credentials."""
        return f"Proxy({self.shown!r})"


def parse_proxy(text: str, name: str = "--proxy") -> Proxy:
    """The proxy at a URL; raises OptionError, which repeats nothing of `text`: it may hold a password."""
    scheme = text.partition(":")[0].lower()
    if scheme in _SOCKS:
        raise OptionError(f"{name}: SOCKS proxies are not supported. Give one with http:// or https://.")
    try:
        parts = urlsplit(wire_url(text))
    except (RowError, ValueError):
        raise _no_proxy(name) from None
    if not parts.hostname or parts.path not in ("", "/") or parts.query or "?" in text or "#" in text:
        raise _no_proxy(name)
    user, at, origin = parts.netloc.rpartition("@")
    port = parts.port or _DEFAULT_PORTS[parts.scheme]
    url = f"{parts.scheme}://{origin}"
    if not at:
        return Proxy(url, parts.hostname, port, url)
    credentials = unquote(user if ":" in user else f"{user}:")
    token = base64.b64encode(credentials.encode()).decode()
    return Proxy(
        url,
        parts.hostname,
        port,
        f"{parts.scheme}://{MASK}@{origin}",
        f"Basic {token}",
        frozenset(_secrets(user)) | {token},
    )


def masked_proxy(text: str) -> str:
    """A proxy URL as it may be stored; without a user it stays as it is."""
    return parse_proxy(text).shown if "@" in text else text


def is_masked(text: str) -> bool:
    """Whether the credentials of this stored proxy URL are gone."""
    return f"//{MASK}@" in text


def shown_proxy(options: Options, environ: Mapping[str, str] | None = None) -> str | None:
    """Which proxy a run goes through, for people; None without one.

    Proxies of the environment are named only where `environ` is given. Raises OptionError.
    """
    if options.env_proxy and environ is None:
        return "those of the environment"
    return Proxies.of(options, environ or {}).shown


class Proxies(Struct, frozen=True):
    """What decides on a proxy, for each request and each redirect hop anew."""

    by_scheme: Mapping[str, Proxy] = {}
    no_proxy: str = ""
    """Hosts that are asked without one, in the form of the environment variable NO_PROXY."""

    @classmethod
    def of(cls, options: Options, environ: Mapping[str, str]) -> Proxies:
        """From `--proxy`, or with `--env-proxy` from the environment; raises OptionError for a bad URL."""
        if options.proxy:
            proxy = parse_proxy(options.proxy)
            return cls({"http": proxy, "https": proxy})
        if not options.env_proxy:
            return cls()
        named = environment_proxies(environ)
        found: dict[str, Proxy] = {}
        for scheme in ("http", "https"):
            variable = scheme if named.get(scheme) else "all"
            if url := named.get(variable):
                label = f"{variable.upper()}_PROXY in the environment"
                found[scheme] = parse_proxy(url if "://" in url else f"http://{url}", label)
        return cls(found, named.get("no", ""))

    def via(self, url: str) -> Proxy | None:
        """The proxy for a request of this URL; None where it goes straight to its host."""
        proxy = self.by_scheme.get(url.partition(":")[0]) if self.by_scheme else None
        if proxy is None or not self.no_proxy:
            return proxy
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        return None if any(_bypassed(name, self.no_proxy) for name in (host, parts.hostname or "")) else proxy

    @property
    def secrets(self) -> frozenset[str]:
        """What must be masked wherever it stands."""
        return frozenset[str]().union(*(proxy.secrets for proxy in self.by_scheme.values()))

    @property
    def shown(self) -> str | None:
        """The proxies for people, masked; None without any."""
        shown = {scheme: proxy.shown for scheme, proxy in self.by_scheme.items()}
        if len(shown) == len(_DEFAULT_PORTS) and len(set(shown.values())) == 1:
            return next(iter(shown.values()))
        return ", ".join(f"{url} for {scheme}" for scheme, url in shown.items()) or None


def environment_proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """Proxy by scheme, as `urllib.request.getproxies_environment` has it, but of the given environment.

    Names in lower case win, and an empty one unsets. Under CGI (REQUEST_METHOD is set) HTTP_PROXY may come from
    a client's `Proxy:` header and is ignored.
    """
    found = {
        name.lower().removesuffix("_proxy"): value
        for name, value in environ.items()
        if value and name.lower().endswith("_proxy")
    }
    if "REQUEST_METHOD" in environ:
        found.pop("http", None)
    found |= {name[:-6].lower(): value for name, value in environ.items() if name.endswith("_proxy")}
    return {scheme: value for scheme, value in found.items() if value}


def _bypassed(host: str, no_proxy: str) -> bool:
    # Not at the top: it loads all of http.client and email, and few environments name a proxy.
    from urllib import request as urllib_request

    rule = cast("Callable[[str, dict[str, str]], object]", vars(urllib_request)["proxy_bypass_environment"])
    return bool(rule(host, {"no": no_proxy}))


def _secrets(user: str) -> set[str]:
    """A user without a password is a token; beside one it is but a name, and would mask too much."""
    name, _, password = user.partition(":")
    return {user, unquote(user), *((password, unquote(password)) if password else (name, unquote(name)))}


def _no_proxy(name: str) -> OptionError:
    return OptionError(
        f"{name}: this is no URL of a proxy. Write http://host:port or https://host:port, with user:password@ "
        "before the host where it wants them, and special characters in these percent-encoded."
    )
