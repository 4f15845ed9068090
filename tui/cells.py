"""Cells that printable text takes on a terminal, for front ends that load neither Textual nor Rich."""

from __future__ import annotations

import unicodedata

_NO_CELL = frozenset({"Mn", "Mc", "Me"})


def cells_of(text: str) -> int:
    """Cells of a text that has been through `printable` (UAX 11: wide and fullwidth characters take two)."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def clip(text: str, cells: int, ellipsis: str = "…") -> str:
    """The text in at most `cells` cells; the ellipsis says that it was longer."""
    if cells_of(text) <= cells:
        return text
    left = cells - len(ellipsis)
    if left < 0:
        return ""
    for at, character in enumerate(text):
        left -= _cells(character)
        if left < 0:
            return text[:at] + ellipsis
    return text


def _cells(character: str) -> int:
    if character.isascii():
        return 1
    if unicodedata.category(character) in _NO_CELL or "\u1160" <= character <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
