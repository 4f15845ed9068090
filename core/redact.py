"""Keeps secrets out of everything that is stored, logged or shown, by name and by value."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import cast
from urllib.parse import unquote, unquote_plus

from . import secret_names
from .model import Headers, Request
from .secret_names import PARAMETER, SECRET_COLUMNS, USER, is_secret_header
from .secret_values import MASK, SecretValues, Span, covered, plain_spans


class Redactor:
    """Masks secrets with `***`. What is not a secret stays as it is, byte for byte."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """`secrets` are values to mask wherever they stand: those of the environment variables in use."""
        self._values = SecretValues(secrets)
        self._last_headers: tuple[Headers, frozenset[str]] = ((), frozenset())

    def url(self, url: str) -> str:
        """Mask secret values, parameters that are secret by their name, and the user in the authority."""
        named = ("=" in url and PARAMETER.search(url) is not None) or (
            "@" in url and USER.search(url) is not None
        )
        if not named and not self._values.within(url):
            return url
        return self._masked(url, (PARAMETER, USER))

    def headers(self, headers: Headers) -> Headers:
        """Mask the values of request headers that are secret by their name, and secrets in the others."""
        return tuple((name, MASK if is_secret_header(name) else self.text(value)) for name, value in headers)

    def raw_headers(self, raw: bytes) -> bytes:
        """Response field lines as received, but for secret values, and secrets in URLs of redirects and links."""
        text = raw.decode(errors="surrogateescape")
        if secret_names.ANY_LINK_FIELD.search(raw) is None and not self._values.within(text):
            return raw
        lines = [self._field(line) for line in text.split("\r\n")]
        return "\r\n".join(lines).encode(errors="surrogateescape")

    def text(self, text: str) -> str:
        """Mask what looks like a secret in free text: an error message, a log line, a request body."""
        return self._masked(text, secret_names.IN_TEXT)

    def secrets_of(self, request: Request) -> frozenset[str]:
        """The values in a request that are masked, as they are sent and as they read when decoded."""
        found: set[str] = set()
        url = request.url
        if "=" in url:
            for match in PARAMETER.finditer(url):
                found |= {match["v"], unquote(match["v"]), unquote_plus(match["v"])}
        if "@" in url:
            for match in USER.finditer(url):
                found |= _parts(match["v"]) | _parts(unquote(match["v"]))
        if request.headers:
            found |= self._header_secrets(request.headers)
        if self._values.values:
            body = request.body.decode(errors="replace") if request.body else ""
            if self._values.within(url) or self._values.within(body):
                found |= self._values.values
        return frozenset(value for value in found if value.strip("*")) if found else frozenset()

    def columns(self, columns: Mapping[str, object], secrets: frozenset[str]) -> dict[str, object]:
        """A row's columns with secrets masked, nested ones too: by name, by value, and inside URLs.

        `secrets` are further values to look for, such as those that `secrets_of` has found.
        """
        return cast("dict[str, object]", self._value(columns, secrets | self._values.values))

    def clean(self, json: str, secrets: Collection[str]) -> bool:
        """Whether columns, written as JSON, surely hold nothing that `columns` would mask; quick."""
        if secret_names.may_name_secrets(json) or self._values.within(json):
            return False
        return not secrets or not ("\\" in json or any(secret in json for secret in secrets))

    def _masked(self, text: str, patterns: Iterable[re.Pattern[str]]) -> str:
        return covered(text, [*self._values.spans(text), *_named(text, patterns)])

    def _field(self, line: str) -> str:
        field = secret_names.LINK_FIELD.match(line)
        if field is None:
            return covered(line, self._values.spans(line))
        if not field["url"]:
            return self._masked(line, secret_names.IN_LINKS)
        name, value = line[: field.end()], line[field.end() :]
        return f"{name}{self._masked(value, (PARAMETER, USER))}"

    def _value(self, value: object, secrets: frozenset[str]) -> object:
        if isinstance(value, str):
            return self._string(value, secrets)
        if isinstance(value, Mapping):
            items = cast("Mapping[str, object]", value).items()
            return {self._string(name, secrets): self._item(name, item, secrets) for name, item in items}
        if isinstance(value, list):
            return [self._value(item, secrets) for item in cast("list[object]", value)]
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return MASK if any(plain_spans(str(value), secrets)) else value
        return value

    def _item(self, name: str, item: object, secrets: frozenset[str]) -> object:
        if name.lower() in SECRET_COLUMNS:
            return item if item is None or item == "" else MASK
        return self._value(item, secrets)

    def _string(self, text: str, secrets: frozenset[str]) -> str:
        spans = [*self._values.spans(text), *plain_spans(text, secrets)]
        return covered(text, [*spans, *_named(text, secret_names.IN_VALUES)])

    def _header_secrets(self, headers: Headers) -> frozenset[str]:
        known, secrets = self._last_headers
        if known is not headers:
            found: set[str] = set()
            for name, value in headers:
                if is_secret_header(name):
                    found.update(_credentials(value))
                else:
                    found.update(secret for secret in self._values.values if secret in value)
            secrets = frozenset(found)
            self._last_headers = (headers, secrets)
        return secrets


def _named(text: str, patterns: Iterable[re.Pattern[str]]) -> Iterator[Span]:
    for pattern in patterns:
        for match in pattern.finditer(text):
            for group in pattern.groupindex:
                if group.startswith("v"):
                    yield match.span(group)


def _parts(user: str) -> set[str]:
    name, _, password = user.partition(":")
    return {user, name, password}


def _credentials(value: str) -> Iterator[str]:
    """A secret header's value, and its parts, which may come from a column of their own."""
    yield value
    scheme, _, rest = value.strip().partition(" ")
    yield rest.strip()
    if scheme.lower() == "basic":
        try:
            yield from _parts(base64.b64decode(rest.strip(), validate=True).decode())
        except (binascii.Error, ValueError):
            return
    for cookie in value.split(";"):
        yield cookie.strip().partition("=")[2]
