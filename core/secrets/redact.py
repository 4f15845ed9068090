"""Keeps secrets out of everything that is stored, logged or shown, by name and by value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from ..model import Headers, Request
from . import names
from .named import named_secrets
from .names import is_secret_column, is_secret_header, named_spans
from .values import MASK, SecretValues, Span, covered, may_hold, plain_spans, spans_of

_NONE: frozenset[str] = frozenset()


class Redactor:
    """Masks secrets with `***`. What is not a secret stays as it is, byte for byte.

    Where a method takes a request, the secrets of that request are masked too, wherever a server has put them.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """`secrets` are values to mask wherever they stand: those of the environment variables in use."""
        self._values = SecretValues(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Mask these values too from now on."""
        self._values = SecretValues({*self._values.values, *secrets})

    def url(self, url: str, request: Request | None = None) -> str:
        """Mask secret values, parameters that are secret by their name, and the user in the authority."""
        own = _own(request)
        if not own and not names.url_names_secrets(url) and not self._values.within(url):
            return url
        # The scheme is no place for a secret, and a URL without one has no host.
        start = url.find("//") + 2 if "//" in url else 0
        spans = [(start + a, start + b) for a, b in spans_of(url[start:], own)] if own else []
        return covered(url, [*spans, *self._values.spans(url), *named_spans(url, names.URL)])

    def headers(self, headers: Headers) -> Headers:
        """Mask the values of request headers that are secret by their name, and secrets in the others."""
        return tuple((name, MASK if is_secret_header(name) else self.text(value)) for name, value in headers)

    def raw_headers(self, raw: bytes, request: Request | None = None) -> bytes:
        """Response field lines as received, but for secrets of the user's, and those in URLs of redirects and links.

        What a server sets by itself, cookies too, is its data and is kept, as bodies are.
        """
        own = _own(request)
        links = names.any_link_field(raw)
        if not links and not own and not self._values.values:
            return raw
        text = raw.decode(errors="surrogateescape")
        if not links and not (own and may_hold(text, own)) and not (self._values.values and self.known(text)):
            return raw
        lines = [self._field(line, own) for line in text.split("\r\n")]
        return "\r\n".join(lines).encode(errors="surrogateescape")

    def text(self, text: str, request: Request | None = None) -> str:
        """Mask what looks like a secret in free text: an error message, a log line, a request body."""
        return covered(
            text, [*self.known(text), *named_spans(text, names.TEXT), *spans_of(text, _own(request))]
        )

    def known(self, text: str) -> list[Span]:
        """Where values stand that are secrets anywhere."""
        return self._values.echoes(text)

    def secrets_of(self, request: Request) -> frozenset[str]:
        """The values in a request that are masked, as they are sent and as they read when decoded."""
        own = _own(request)
        if not self._values.values:
            return own
        url, body = request.url, request.body.decode(errors="replace") if request.body else ""
        if self._values.within(url) or self._values.within(body):
            return own | self._values.values
        found = {
            secret for secret in self._values.values for _, value in request.headers if secret in value
        }  # fmt: skip
        return own | found if found else own

    def columns(self, columns: Mapping[str, object], secrets: frozenset[str]) -> dict[str, object]:
        """A row's columns with secrets masked, nested ones too: by name, by value, and inside URLs.

        `secrets` are further values to look for, such as those that `secrets_of` has found.
        """
        found = (secrets | frozenset(names.column_secrets(columns))) - self._values.values
        return cast("dict[str, object]", self._value(columns, found))

    def clean(self, json: str, secrets: frozenset[str]) -> bool:
        """Whether columns, written as JSON, surely hold nothing that `columns` would mask; quick."""
        if names.json_names_secrets(json) or self._values.within(json):
            return False
        others = secrets - self._values.values
        return not others or not may_hold(json, others)

    def _field(self, line: str, own: frozenset[str]) -> str:
        name, colon, value = line.partition(":")
        field = names.LINK_FIELD.match(line)
        patterns = () if field is None else names.URL if field["url"] else names.LINK
        blank = value[: len(value) - len(value.lstrip())]
        value = value[len(blank) :]
        masked = covered(value, [*self.known(value), *named_spans(value, patterns), *spans_of(value, own)])
        name = covered(name, [*self.known(name), *spans_of(name, own)])
        return f"{name}{colon}{blank}{masked}"

    def _value(self, value: object, secrets: frozenset[str]) -> object:
        if isinstance(value, str):
            return self._string(value, secrets)
        if isinstance(value, Mapping):
            items = cast("Mapping[str, object]", value).items()
            return {self._string(name, secrets): self._item(name, item, secrets) for name, item in items}
        if isinstance(value, list):
            return [self._value(item, secrets) for item in cast("list[object]", value)]
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return MASK if any(plain_spans(str(value), secrets | self._values.values)) else value
        return value

    def _item(self, name: str, item: object, secrets: frozenset[str]) -> object:
        if is_secret_column(name):
            return item if item is None or item == "" else MASK
        return self._value(item, secrets)

    def _string(self, text: str, secrets: frozenset[str]) -> str:
        spans = [*self._values.spans(text), *spans_of(text, secrets)]
        return covered(text, [*spans, *named_spans(text, names.VALUE)])


def _own(request: Request | None) -> frozenset[str]:
    if request is None:
        return _NONE
    return named_secrets(request) if request.secrets is None else request.secrets
