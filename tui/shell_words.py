"""Foreign text as words of a command line that people paste into their shells."""

from __future__ import annotations

import shlex
from functools import lru_cache

from ..core.printable import printable

_ESCAPES = {"\\": r"\\", "'": r"\x27", "!": r"\x21", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
"""No quote stands in $'...' but the last, so that a shell that does not know the form (dash, fish) runs nothing."""
_PILE = 9
"""Marks that are harmless one by one are not so in numbers; this many of one are above any bound."""


def quote(text: str) -> str:
    """One word for bash or zsh: as it is, in quotes, or as $'...' where it holds what could act on a terminal.

    Also where a backslash would take the meaning from a quote in fish, which then refuses the line.
    """
    if printable(text) == text and not _escapes_a_quote(text):
        return shlex.quote(text)
    return "$'" + "".join(_escape(character) for character in text) + "'"


def quote_path(path: str) -> str:
    """The same for a path, which no command takes for an option."""
    return quote(f"./{path}" if path.startswith("-") else path)


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
