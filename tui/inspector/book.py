"""A body as a book of pages: what it is taken for decides how its pages are made."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from urllib.parse import unquote_plus

from ...core.printable import printable
from ..body_text import hex_dump
from ..figures import size
from ..pauses import Pauses
from ..spans import Line, Span
from ..widgets.columns import Tone
from .charsets import UTF_8, decode, looks_like_text, media_type, settled
from .document import Document, LineDocument
from .images import image_facts
from .json_document import NotJsonError, read_json
from .markup_document import read_markup
from .source import PAGE, BodySource, Pages

TREE_LIMIT = 16_000_000
"""Octets of the largest body that is made a tree; larger ones are shown by page."""
_FORM_LIMIT = 1_000_000
_SNIFFED = 4_096
_TEXT_TYPES = re.compile(
    r"text/.*|.*[/+](json|xml)|.*(javascript|ecmascript|urlencoded|graphql|yaml|x-ndjson)|multipart/.*"
)
_MARKUP = re.compile(rb"\s*<(\?xml|!doctype|html|[A-Za-z][\w:.-]*[\s/>])", re.IGNORECASE)
_REPLACED = "\ufffd"


class Look(Enum):
    """The ways to look at a body."""

    PRETTY = "pretty"
    RAW = "raw"
    HEX = "hex"


class Kind(Enum):
    """What a body is taken for; the value is its name for people."""

    JSON = "JSON"
    HTML = "HTML"
    XML = "XML"
    FORM = "form data"
    TEXT = "text"
    IMAGE = "image"
    BINARY = "binary"


@dataclass(frozen=True, slots=True)
class Book:
    """Pages that are made when they are looked at; `load` blocks and belongs on a thread."""

    label: str
    """What the body is, and how it is shown."""
    count: int
    load: Callable[[int, Pauses], Document]
    """Raises OSError where the body cannot be read, and StoppedError."""
    looks: tuple[Look, ...]
    """Those that make sense of this body."""
    look: Look
    kind: Kind
    bounds: Callable[[int], tuple[int, int]] | None = None
    """The octets of a page, where there may be several. Blocks."""


def open_book(source: BodySource, content_type: str, wanted: Look, pauses: Pauses) -> Book:
    """Find out what a body is, and make a book of it. Blocks; raises OSError and StoppedError."""
    head = source.read(0, _SNIFFED)
    kind, charset = _recognised(head, source.size, content_type)
    charset = settled(charset, head)
    looks = _looks(kind, source.size)
    look = wanted if wanted in looks else looks[0]
    if look is Look.PRETTY:
        document = _pretty(source, kind, charset, pauses)
        if document is not None:
            return Book(_label(kind, charset, head), 1, lambda *_: document, looks, look, kind)
        kind, looks, look = Kind.TEXT, (Look.RAW, Look.HEX), Look.RAW
        label = f"no valid {_named(content_type)}, as text"
    else:
        label = _label(kind, charset, head)
    if look is Look.RAW and source.size > TREE_LIMIT and Look.PRETTY not in looks:
        label += ", by page"
    pages = Pages(source, charset if look is Look.RAW else None)

    def load(page: int, pauses: Pauses) -> Document:
        data = pages.read(page)
        pauses.tick()
        return text_document(decode(data, charset)) if look is Look.RAW else _hex(data, page * PAGE)

    return Book(
        f"{label}, {look.value}" if len(looks) > 1 else label,
        pages.count,
        load,
        looks,
        look,
        kind,
        pages.bounds,
    )


def text_document(text: str) -> LineDocument:
    """Text as it stands, with its tabs spread."""
    return LineDocument([printable(line.removesuffix("\r").expandtabs(4)) for line in text.split("\n")])


def extension(kind: Kind, head: bytes) -> str:
    """The ending of a file name for such a body."""
    if kind is Kind.IMAGE:
        return {"PNG": "png", "GIF": "gif", "BMP": "bmp", "JPEG": "jpg", "WebP": "webp"}.get(
            image_facts(head).partition(",")[0], "img"
        )
    return {Kind.JSON: "json", Kind.HTML: "html", Kind.XML: "xml", Kind.BINARY: "bin"}.get(kind, "txt")


def _recognised(head: bytes, whole: int, content_type: str) -> tuple[Kind, str]:
    named, charset = media_type(content_type)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if image_facts(head):
        return Kind.IMAGE, charset
    if not _TEXT_TYPES.fullmatch(named):
        if not looks_like_text(head, cut=whole > len(head)):
            return Kind.BINARY, charset
        charset = UTF_8
    if named.endswith(("json", "x-ndjson")) or (start in (b"{", b"[") and start):
        return Kind.JSON, charset
    if named == "text/html":
        return Kind.HTML, charset
    if named.endswith("xml") or (not named and _MARKUP.match(head)):
        return Kind.HTML if re.match(rb"\s*<(!doctype )?html", head, re.IGNORECASE) else Kind.XML, charset
    return (Kind.FORM if named.endswith("urlencoded") else Kind.TEXT), charset


def _looks(kind: Kind, octets: int) -> tuple[Look, ...]:
    if kind in (Kind.IMAGE, Kind.BINARY):
        return (Look.HEX,)
    limit = _FORM_LIMIT if kind is Kind.FORM else TREE_LIMIT
    if kind is Kind.TEXT or octets > limit:
        return (Look.RAW, Look.HEX)
    return (Look.PRETTY, Look.RAW, Look.HEX)


def _pretty(source: BodySource, kind: Kind, charset: str, pauses: Pauses) -> Document | None:
    text = decode(source.read(0, source.size), charset)
    pauses.tick()
    if kind is Kind.FORM:
        return LineDocument(form_lines(text))
    if kind is not Kind.JSON:
        return read_markup(text, html=kind is Kind.HTML, pauses=pauses)
    try:
        return read_json(text, pauses)
    except NotJsonError:
        return None


def form_lines(text: str) -> list[Line]:
    """The fields of a form, decoded."""
    pairs = [field.partition("=") for field in text.split("&")]
    return [
        (
            Span(f"{printable(unquote_plus(name))}", Tone.ACCENT),
            Span(" = ", Tone.MUTED),
            Span(printable(unquote_plus(value))),
        )
        for name, _, value in pairs
    ]


def _hex(data: bytes, offset: int) -> LineDocument:
    return LineDocument(hex_dump(data, offset))


def _label(kind: Kind, charset: str, head: bytes) -> str:
    if kind is Kind.IMAGE:
        return f"{image_facts(head)} image"
    return kind.value if charset == UTF_8 or kind is Kind.BINARY else f"{kind.value} in {charset}"


def _named(content_type: str) -> str:
    return "JSON" if "json" in content_type.lower() or not content_type else "JSON by its look"


def page_title(page: int, count: int, bounds: tuple[int, int], octets: int) -> str:
    """Where a page stands in its body."""
    start, end = bounds
    return f"page {page + 1:,} of {count:,} · {size(start)} to {size(end)} of {size(octets)}"
