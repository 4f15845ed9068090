"""A reply as rules see it; what is dear to make is made at the first look and kept."""

from __future__ import annotations

import codecs
import json
import re
from email.message import Message
from functools import cached_property

import msgspec

from .judgement import Judged

MOST_JSON = 8 * 1024 * 1024
"""Octets of a body that is parsed; a larger one is not."""
MOST_TEXT = 1024 * 1024
"""Octets of a body that regular expressions look at; of a larger one, its beginning."""
_BOM = b"\xef\xbb\xbf"
_DEFAULT = "utf-8"
_NO_CHARSETS = frozenset({"idna", "punycode", "raw_unicode_escape", "undefined", "unicode_escape"})
"""Python's codecs that are no character encodings; the time some take grows with the square of the text."""
_JSON_TYPE = re.compile(r"\s*\w+/(?:[\w.+-]+\+)?json\b", re.IGNORECASE)
_decode_json = msgspec.json.Decoder().decode


class TooLargeError(Exception):
    """A body that says it is JSON has more octets than are parsed."""


class ReplyView:
    """One reply's fields, text and parsed body."""

    def __init__(self, reply: Judged) -> None:
        """Looks at nothing yet."""
        self._reply = reply

    @cached_property
    def fields(self) -> dict[str, str]:
        """Header values by name in lower case; several of one name joined by `, ` (RFC 9110, section 5.3)."""
        found: dict[str, str] = {}
        for line in self._reply.headers.split(b"\r\n"):
            raw, colon, value = line.partition(b":")
            if colon:
                name, text = raw.strip().decode("latin-1").lower(), _field_text(value.strip())
                found[name] = f"{found[name]}, {text}" if name in found else text
        return found

    @cached_property
    def body(self) -> object:
        """The parsed JSON body; None where it is none.

        Raises TooLargeError, and RecursionError for one that is nested too deeply.
        """
        body, size = self._reply.body, self._reply.size
        if size > MOST_JSON or len(body) < size:
            if _JSON_TYPE.match(self.fields.get("content-type", "")):
                raise TooLargeError
            return None
        return _parsed(body.removeprefix(_BOM))

    @cached_property
    def text(self) -> str:
        """The body as text, in the charset that its Content-Type names or else UTF-8; the first `MOST_TEXT` octets."""
        data = self._reply.body[:MOST_TEXT]
        charset = _charset(self.fields.get("content-type", ""))
        try:
            return data.decode(charset, "replace").removeprefix("\ufeff")
        except ValueError:
            return data.decode(_DEFAULT, "replace").removeprefix("\ufeff")


def _parsed(body: bytes) -> object:
    if not body:
        return None
    try:
        return _decode_json(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        if body.lstrip()[:1] not in (b"{", b"["):
            return None
    # Lone surrogates, NaN and numbers beyond the range of a double are in use, and here they are understood.
    try:
        return json.loads(body)
    except ValueError:
        return None


def _field_text(value: bytes) -> str:
    """UTF-8, or else Latin-1 (RFC 9110, section 5.5)."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _charset(content_type: str) -> str:
    if "charset" not in content_type.lower():
        return _DEFAULT
    message = Message()
    message["Content-Type"] = " ".join(content_type.split())
    charset = message.get_param("charset")
    try:
        name = codecs.lookup(charset).name if isinstance(charset, str) else _DEFAULT
        "".encode(name)
    except (LookupError, ValueError):
        return _DEFAULT
    return _DEFAULT if name.replace("-", "_") in _NO_CHARSETS else name
