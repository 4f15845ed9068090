"""How a value becomes part of a template's text, by where the text goes."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote

Escape = Callable[[object], str]
"""Makes a value part of the text."""


class AsItIs(str):
    """Text that a template has marked as being what it should be."""

    __slots__ = ()


def url_value(value: object) -> str:
    """Every value percent-encoded that is not marked `| safe` (RFC 3986, section 2.1)."""
    if value.__class__ is str:
        # Numbers and plain words: a tenth of the time that `quote` takes to find nothing.
        return value if value.isalnum() and value.isascii() else quote(value, safe="")  # pyright: ignore
    return value if isinstance(value, AsItIs) else quote(plain_value(value), safe="")


def json_value(value: object) -> str:
    """Text that fits inside a JSON string, and any other value as JSON, unless marked `| safe` or `| tojson`."""
    if isinstance(value, AsItIs):
        return value
    return as_json(value)[1:-1] if isinstance(value, str) else plain_value(value)


def plain_value(value: object) -> str:
    """Text as it is, and what is not text as JSON writes it."""
    return str(value) if isinstance(value, str) else as_json(value)


def as_json(value: object) -> str:
    """A value as JSON, with all characters as they are."""
    return json.dumps(value, ensure_ascii=False)
