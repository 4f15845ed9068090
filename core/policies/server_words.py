"""What the body of a refusal says went wrong: the server's own words are a better cause than the bare status."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

import msgspec

MOST_OCTETS = 16 * 1024
"""Of a body that is looked at; of a page of HTML only its beginning, and a longer JSON document says more than why."""
LONGEST = 160
"""Characters that are kept of what was said, once secrets are masked in it."""
_LONGEST_FOUND = 2_000
_DEEPEST = 4
_NAMES = (
    "message", "error_description", "detail", "details", "description", "error_message", "errormessage", "msg",
    "error", "errors", "fault", "faultstring", "reason", "title", "cause", "code", "type", "status",
)  # fmt: skip
"""Where APIs put it, the most telling first; RFC 9457 and RFC 6749 among them."""
_TITLE = re.compile(rb"<title[^>]{0,200}>([^<]{1,1000})</title", re.IGNORECASE)
_XML_MESSAGE = re.compile(rb"<(message|faultstring|detail|code)>([^<]{1,1000})</", re.IGNORECASE)
_PLAIN = re.compile(rb"content-type:\s*text/plain", re.IGNORECASE)
_decode = msgspec.json.Decoder().decode


def said(headers: bytes, body: bytes) -> str | None:
    """The message in a body of JSON, XML, HTML (its title) or plain text; None where it has none.

    As the server sent it: mask secrets before it is cut, and sanitise it, before it goes anywhere.
    """
    start = body[:MOST_OCTETS].lstrip()
    if start[:1] in (b"{", b"["):
        found = _of_json(body) if len(body) <= MOST_OCTETS else None
    elif start[:1] == b"<":
        found = _of_markup(start)
    elif _PLAIN.search(headers) and b"\0" not in start:
        found = start.decode(errors="replace").strip().partition("\n")[0]
    else:
        found = None
    found = " ".join(found.split()) if found else ""
    # Beyond that length nobody can tell whether a secret has been cut in two.
    return found if 0 < len(found) <= _LONGEST_FOUND else None


def with_words(message: str, words: str) -> str:
    """A failure's message with what the server said of it, unless that is the same again; `words` are harmless."""
    told = _letters(words)
    if not told or told in _letters(message):
        return message
    return f"{message}: {words if len(words) <= LONGEST else f'{words[: LONGEST - 1]}…'}"


def _letters(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def _of_json(body: bytes) -> str | None:
    try:
        return _message(_decode(body), _DEEPEST)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None


def _message(value: object, deeper: int) -> str | None:
    if isinstance(value, str):
        return value.strip() or None
    if not deeper:
        return None
    if isinstance(value, list):
        # Of several errors the first is told: how many there are differs from one request to the next.
        return next(
            filter(None, (_message(one, deeper - 1) for one in cast("list[object]", value)[:1])), None
        )
    if isinstance(value, Mapping):
        fields = {str(name).lower(): one for name, one in cast("Mapping[object, object]", value).items()}
        return next(filter(None, (_message(fields.get(name), deeper - 1) for name in _NAMES)), None)
    return None


def _of_markup(start: bytes) -> str | None:
    # Loaded here, because its tables cost a start time that only such a body is worth.
    from html import unescape

    if (title := _TITLE.search(start)) is not None:
        return unescape(title[1].decode(errors="replace"))
    found = {tag.lower(): words for tag, words in _XML_MESSAGE.findall(start)}
    words = next(
        (found[tag] for tag in (b"message", b"faultstring", b"detail", b"code") if tag in found), b""
    )
    return unescape(words.decode(errors="replace")) or None
