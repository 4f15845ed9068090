"""The one sanitiser between foreign text (servers, inputs, errors) and anything a person reads."""

from __future__ import annotations

import re

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_PICTURES = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "␡"}


def printable(text: str) -> str:
    """Make control, bidirectional, zero-width and surrogate characters visible and harmless.

    C0 and DEL become their Unicode control pictures, all others `<U+XXXX>`. Markup is untouched: show the
    result as `Content` or `Text`, never as a markup string.
    """
    return _UNSAFE.sub(_visible, text) if not text.isascii() or _UNSAFE.search(text) else text


def printable_lines(text: str) -> str:
    """The same for text of several lines: line feeds and tabs stay."""
    return "\n".join("\t".join(printable(cell) for cell in line.split("\t")) for line in text.split("\n"))


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    return _PICTURES.get(code) or f"<U+{code:04X}>"
