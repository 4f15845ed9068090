"""A journalled request as a command line that sends it again."""

from __future__ import annotations

import shlex
from functools import lru_cache

from ..core.journal.records import RequestDetail
from ..core.printable import printable

_ESCAPES = {"\\": r"\\", "'": r"\x27", "!": r"\x21", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
"""No quote stands in $'...' but the last, so that a shell that does not know the form (dash, fish) runs nothing."""
_PILE = 9
"""Marks that are harmless one by one are not so in numbers; this many of one are above any bound."""
_GLOB = frozenset("[]{}")


def curl_command(detail: RequestDetail) -> str:
    """The request as a curl command for bash or zsh, one line without control characters.

    Secrets stay masked, so that the reader has to put them in; everything else is sent as it was.
    """
    words = ["curl", *_method(detail), *_url_options(detail.row.url), quote(detail.row.url)]
    for name, value in detail.headers:
        words += ["-H", quote(f"{name}: {value}" if value else f"{name};")]
    body = detail.body
    if body is None:
        return " ".join(words)
    if not any(name.lower() == "content-type" for name, _ in detail.headers):
        # Without this curl would add a type of its own to any body.
        words += ["-H", "Content-Type:"]
    if b"\0" in body:
        # No command-line argument can hold a NUL.
        return f"printf '{_octal(body)}' | {' '.join(words)} --data-binary @-"
    words += ["--data-raw", quote(body.decode("utf-8", "surrogateescape"))]
    return " ".join(words)


def quote(text: str) -> str:
    """One shell word: as it is, in quotes, or as $'...' where it holds what could act on a terminal.

    Also where a backslash would take the meaning from a quote in fish, which then refuses the line.
    """
    if printable(text) == text and not _escapes_a_quote(text):
        return shlex.quote(text)
    return "$'" + "".join(_escape(character) for character in text) + "'"


def _escapes_a_quote(text: str) -> bool:
    return "\\" in text and ("'" in text or text.endswith("\\"))


@lru_cache(4096)
def _escape(character: str) -> str:
    if (escape := _ESCAPES.get(character)) is not None:
        return escape
    if printable(character * _PILE) == character * _PILE:
        return character
    try:
        octets = character.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        octets = character.encode("utf-8", "surrogatepass")
    return "".join(f"\\x{octet:02x}" for octet in octets)


def _method(detail: RequestDetail) -> list[str]:
    method = detail.row.method
    if method == "HEAD" and detail.body is None:
        return ["--head"]
    implied = "GET" if detail.body is None else "POST"
    return [] if method == implied else ["-X", quote(method)]


def _url_options(url: str) -> list[str]:
    options: list[str] = []
    if not _GLOB.isdisjoint(url):
        options.append("--globoff")
    if "/./" in url or "/../" in url or url.endswith(("/.", "/..")):
        options.append("--path-as-is")
    return options


def _octal(body: bytes) -> str:
    plain = set(range(0x20, 0x7F)) - set(rb"'\%")
    return "".join(chr(octet) if octet in plain else f"\\{octet:03o}" for octet in body)
