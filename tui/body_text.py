"""Bodies as lines of text: JSON indented, other texts as they are, binary as a hex dump."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message

from ..core.printable import printable
from .spans import Line, Span
from .widgets.columns import Tone

LIMIT = 256_000
"""Bytes of a body that are shown; an export has the whole."""
_DEEPEST = 40
"""Levels of JSON that are indented: deeper ones would be mostly spaces."""
_ROW = 16
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_TEXT_TYPES = re.compile(
    r"text/.*|.*[/+](json|xml)|.*(javascript|ecmascript|urlencoded|graphql|yaml|x-ndjson)"
)


@dataclass(frozen=True, slots=True)
class BodyText:
    """A body to show: what it was taken for, its printable lines, and how one of them is coloured."""

    label: str
    lines: tuple[str, ...]
    paint: Callable[[str], Line]


def body_text(data: bytes, content_type: str, *, cut: bool = False) -> BodyText:
    """Make lines of a body, or of its beginning when it was `cut`. Never raises, whatever the octets."""
    kind, charset = _media_type(content_type)
    text = _decode(data, kind, charset, cut=cut)
    if text is None:
        return BodyText("binary", tuple(hex_dump(data)), plain)
    if _is_json(text, cut=cut):
        return BodyText("JSON, indented", tuple(format_json(text)), paint_json)
    label = "not valid JSON, as text" if kind.endswith("json") else "text"
    lines = text.expandtabs(4).split("\n")
    return BodyText(label, tuple(printable(line.removesuffix("\r")) for line in lines), plain)


def plain(line: str) -> Line:
    """A line without colours."""
    return (Span(line),)


def paint_json(line: str) -> Line:
    """One line of indented JSON with its keys, strings, numbers and words told apart."""
    spans: list[Span] = []
    at = 0
    for match in _TOKEN.finditer(line):
        if match.start() > at:
            spans.append(Span(line[at : match.start()]))
        at = match.end()
        spans.append(Span(match[0], _tone(match[0], line[at : at + 1])))
    return (*spans, Span(line[at:]))


def format_json(text: str) -> list[str]:
    """Indent JSON without reading it: numbers, doubled keys and order stay as they came, a cut text is fine."""
    parts: list[str] = _TOKEN.findall(text)
    lines: list[str] = []
    line, depth = "", 0

    def next_line() -> str:
        lines.append(line)
        return "  " * min(depth, _DEEPEST)

    for number, part in enumerate(parts):
        following = parts[number + 1] if number + 1 < len(parts) else ""
        if part in ("{", "["):
            line, depth = line + part, depth + 1
            if following not in ("}", "]"):
                line = next_line()
        elif part in ("}", "]"):
            depth = max(0, depth - 1)
            if number and parts[number - 1] not in ("{", "["):
                line = next_line()
            line += part
        elif part == ",":
            line += part
            line = next_line()
        else:
            line += ": " if part == ":" else printable(part)
    return [*lines, line]


def hex_dump(data: bytes, offset: int = 0) -> list[str]:
    """Offset, sixteen octets in hexadecimal, and those of them that are printable ASCII.

    `offset` is that of the first octet.
    """
    lines: list[str] = []
    for at in range(0, len(data), _ROW):
        row = data[at : at + _ROW]
        text = "".join(chr(octet) if 0x20 <= octet < 0x7F else "." for octet in row)
        lines.append(f"{offset + at:08x}  {row.hex(' ', 1):<{_ROW * 3}} {text}")
    return lines


def _media_type(content_type: str) -> tuple[str, str | None]:
    message = Message()
    message["Content-Type"] = printable(content_type)
    charset = message.get_param("charset")
    return message.get_content_type() if content_type else "", charset if isinstance(charset, str) else None


def _decode(data: bytes, kind: str, charset: str | None, *, cut: bool) -> str | None:
    """The text, or None for octets that are none."""
    if _TEXT_TYPES.fullmatch(kind):
        try:
            return data.decode(charset or "utf-8", "replace").removeprefix("\ufeff")
        except (LookupError, ValueError):
            return data.decode("utf-8", "replace").removeprefix("\ufeff")
    if b"\0" in data:
        return None
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        return decoder.decode(data, final=not cut).removeprefix("\ufeff")
    except UnicodeDecodeError:
        return None


def _is_json(text: str, *, cut: bool) -> bool:
    if not text.lstrip().startswith(("{", "[")):
        return False
    if cut:
        return True
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _tone(part: str, following: str) -> Tone:
    if part[0] == '"':
        return Tone.ACCENT if following == ":" else Tone.GOOD
    if part in "{}[],:":
        return Tone.MUTED
    return Tone.TITLE if part in ("true", "false", "null") else Tone.WARN
