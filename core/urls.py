"""URLs as they go to the wire: checked, made ASCII, and otherwise byte for byte as they were given."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import quote

from .errors import RowError
from .printable import printable

_LABEL = r"[A-Za-z0-9_-]{1,63}"
_HOST = rf"{_LABEL}(?:\.{_LABEL})*\.?"
_PLAIN = re.compile(rf"https?://{_HOST}(?::(?:[1-9][0-9]{{0,3}}|[1-5][0-9]{{4}}))?(?:[/?][!\"$-~]*)?")
"""What nearly every URL is: all ASCII, no user, no fragment, and nothing that could be wrong but a long host."""
_HOST_NAME = re.compile(_HOST)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,20}):")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\ud800-\udfff]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_AUTHORITY = re.compile(r"(https?)://(?:[^/?#]*@)?([^/?#]*)", re.IGNORECASE)
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_MAX_HOST = 253


def wire_url(url: str) -> str:
    """The URL to send: its host in IDNA, other text beyond ASCII percent-encoded UTF-8, its fragment dropped.

    Escapes, dots and letter case stay as they are, because a signature may cover them. Raises RowError for a
    URL that cannot be asked for.
    """
    if len(url) <= _MAX_HOST and _PLAIN.fullmatch(url):
        return url
    if (bad := _UNSAFE.search(url)) is not None:
        raise RowError(f"the URL holds {_named(bad[0])} at character {bad.start() + 1}")
    scheme = _SCHEME.match(url)
    if scheme is None or not url.startswith("//", scheme.end()):
        raise RowError(_without_scheme(url, scheme))
    name = scheme[1].lower()
    if name not in _DEFAULT_PORTS:
        raise RowError(f"the scheme {name} is not supported; use http or https")
    authority, rest = _split(url[scheme.end() + 2 :])
    return f"{name}://{_authority(authority)}{_encoded(rest.partition('#')[0])}"


def host_of(url: str) -> str:
    """The lower-case host of a valid URL, with its port where that is not the scheme's own."""
    found = _AUTHORITY.match(url)
    if found is None:
        return ""
    host = found[2].lower()
    return host.removesuffix(_DEFAULT_PORTS[found[1].lower()])


def _named(character: str) -> str:
    if character == " ":
        return "a space (write %20)"
    return "a lone surrogate" if character >= "\ud800" else f"the control character U+{ord(character):04X}"


def _without_scheme(url: str, scheme: re.Match[str] | None) -> str:
    if not url:
        return "the URL is empty"
    if scheme is not None and scheme[1].lower() in _DEFAULT_PORTS:
        return "the URL has no host; it should begin with https:// or http://"
    return "the URL has no scheme; it should begin with https:// or http://"


def _split(text: str) -> tuple[str, str]:
    end = min((at for at in map(text.find, "/?#") if at >= 0), default=len(text))
    return text[:end], text[end:]


def _authority(text: str) -> str:
    if "\\" in text:
        raise RowError("the URL has a backslash where its host should be")
    user, at, host_port = text.rpartition("@")
    if "[" in user or "]" in user:
        raise RowError("the URL has a bracket in its user or password (write %5B or %5D)")
    if host_port.startswith("["):
        host, bracket, port = host_port.partition("]")
        host = _ipv6(host + bracket)
        if port and not port.startswith(":"):
            raise RowError("the URL has text between its IPv6 address and its port")
        port = port[1:]
    else:
        host, _, port = host_port.partition(":")
        host = _host(host)
    return f"{_encoded(user)}{at}{host}{_port(port)}"


def _port(text: str) -> str:
    if not text:
        return ""
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536):
        raise RowError("the URL has a port that is not a number from 1 to 65535")
    return f":{text}"


def _ipv6(text: str) -> str:
    try:
        ipaddress.IPv6Address(text[1:-1] if text.endswith("]") else text)
    except ValueError as error:
        raise RowError("the URL has brackets around what is not an IPv6 address") from error
    return text


def _host(text: str) -> str:
    if not text:
        raise RowError("the URL has no host")
    host = text
    if not text.isascii():
        # Loaded here, because the first frame of a dashboard need not wait for it.
        import idna

        try:
            host = idna.encode(text, uts46=True).decode("ascii")
        except UnicodeError as error:
            raise RowError(f"the host {printable(text[:80])} is not a name that DNS can hold") from error
    if len(host) > _MAX_HOST or not _HOST_NAME.fullmatch(host):
        raise RowError(f"the host {printable(text[:80])} is not a valid host name")
    return host


def _encoded(text: str) -> str:
    return text if text.isascii() else _NOT_ASCII.sub(lambda match: quote(match[0], safe=""), text)
