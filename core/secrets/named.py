"""The secrets that a request holds by their names: parameters, users, headers, members of a body."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, unquote_plus

from ..model import Headers, Request
from .names import TEXT, URL, is_secret_header, named_spans, url_names_secrets

_SCHEMES = frozenset({"basic", "bearer", "token"})
_UNESCAPED = re.compile(r"[\w.~-]*")
_NONE: frozenset[str] = frozenset()


def named_secrets(request: Request) -> frozenset[str]:
    """The values in a request that are secrets by their name or place, as sent and as they read when decoded."""
    return url_secrets(request.url) | header_secrets(request.headers) | body_secrets(request.body)


def url_secrets(url: str) -> frozenset[str]:
    """Those of a URL: values of parameters; user, password, and both as Basic credentials have them."""
    if not url_names_secrets(url):
        return _NONE
    found: set[str] = set()
    for start, end in named_spans(url, URL):
        value = url[start:end]
        if url[end : end + 1] == "@":
            found |= _user(value) | _user(unquote(value))
        else:
            found |= _decoded(value)
    return _real(found)


def header_secrets(headers: Headers) -> frozenset[str]:
    """Those of request headers, and their parts, which may come from a column of their own."""
    found: set[str] = set()
    for name, value in headers:
        if is_secret_header(name):
            found.update(_credentials(value))
        else:
            for start, end in named_spans(value, TEXT):
                found.update(_unquoted(value[start:end]))
    return _real(found)


def body_secrets(body: bytes | None) -> frozenset[str]:
    """Those of a form or of JSON."""
    if not body:
        return _NONE
    text = body.decode(errors="replace")
    found: set[str] = set()
    for start, end in named_spans(text, TEXT):
        for value in _unquoted(text[start:end]):
            found |= _decoded(value) | {_unescaped(value)}
    for start, end in named_spans(f"?{text}", URL):
        found |= _decoded(text[max(0, start - 1) : end - 1])
    return _real(found)


def _real(found: Iterable[str]) -> frozenset[str]:
    return frozenset(value for value in found if value.strip("*"))


def _decoded(value: str) -> set[str]:
    if _UNESCAPED.fullmatch(value):
        return {value}
    once = unquote(value)
    return {value, once, unquote(once), unquote_plus(value)}


def _unquoted(value: str) -> set[str]:
    """The value, and what of it stands in quotes where more follows on them, as in `key="hunter2";`."""
    return {value.strip("\"'"), *(value.split(value[0])[1::2] if value[:1] in ('"', "'") else ())}


def _unescaped(value: str) -> str:
    try:
        return str(json.loads(f'"{value}"')) if "\\" in value else value
    except ValueError:
        return value


def _user(user: str) -> set[str]:
    name, _, password = user.partition(":")
    return {user, name, password, base64.b64encode(f"{name}:{password}".encode()).decode()}


def _credentials(value: str) -> Iterator[str]:
    scheme, _, rest = value.strip().partition(" ")
    yield rest.strip()
    if scheme.lower() not in _SCHEMES:
        yield value
    if scheme.lower() == "basic":
        try:
            yield from _user(base64.b64decode(rest.strip(), validate=True).decode())
        except (binascii.Error, ValueError):
            return
    for cookie in value.split(";"):
        yield cookie.strip().partition("=")[2]
