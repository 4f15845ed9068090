"""What a table's columns are, how they share a width, and how foreign text is cut to cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum, StrEnum
from typing import Any, Generic, TypeVar

from msgspec import Struct
from rich.cells import cell_len, set_cell_size

from ...core.printable import printable

R = TypeVar("R")
GAP = 1
"""Cells between two columns."""
_LONGEST = 8
"""Characters looked at for each cell of width: more are combining marks piled up to slow a terminal down."""


class Tone(StrEnum):
    """What a text means, for its colour; the values are names of component classes."""

    PLAIN = "tone--plain"
    MUTED = "tone--muted"
    ACCENT = "tone--accent"
    GOOD = "tone--good"
    WARN = "tone--warn"
    BAD = "tone--bad"
    TITLE = "tone--title"
    BUTTON = "tone--button"
    """Can be clicked."""
    HOVER = "tone--hover"
    """Can be clicked, and the pointer is on it."""


def tone_css(widget: str) -> str:
    """The rules that colour the tones of one widget class; the theme's text colours hold on light and dark."""
    colors = {
        Tone.MUTED: "color: $text-muted;",
        Tone.ACCENT: "color: $text-accent;",
        Tone.GOOD: "color: $text-success;",
        Tone.WARN: "color: $text-warning;",
        Tone.BAD: "color: $text-error;",
        Tone.TITLE: "color: $text-primary; text-style: bold;",
        Tone.BUTTON: "color: $text-accent; background: $panel; text-style: bold;",
        Tone.HOVER: "color: $block-cursor-foreground; background: $block-cursor-background; text-style: bold;",
    }
    return "\n".join(f"{widget} > .{tone} {{ {rule} }}" for tone, rule in colors.items())


class Cell(Struct, frozen=True):
    """The text of one cell, not yet sanitised or cut."""

    text: str
    tone: Tone = Tone.PLAIN


class Column(Struct, Generic[R], frozen=True):
    """One column of a table of rows of type R."""

    title: str
    width: int
    """Cells; of a flexible column the least."""
    cell: Callable[[R], Cell]
    share: int = 0
    """Part of the width left over; 0 for a fixed column."""
    right: bool = False
    """Aligned to the right, as numbers are."""
    middle: bool = False
    """Cut in the middle, for texts such as URLs that begin alike and differ at their end."""
    drop: int = 0
    """Left out on narrow screens, the highest first; 0 is never left out."""
    sort: Callable[[R], Any] | Enum | None = None
    """What rows are sorted by: a key (None for none), or the name that the journal has for it; None: not at all."""
    largest_first: bool = False
    """Whether the first thing that one wants to see of it is the largest."""


Layout = tuple[tuple[Column[R], int], ...]
"""The columns that fit, each with its width in cells."""


def layout(columns: Sequence[Column[R]], width: int) -> Layout[R]:
    """Share `width` cells: drop columns until the rest fit, then give flexible ones what is left over."""
    kept = list(columns)
    while _least(kept) > width and any(column.drop for column in kept):
        kept.remove(max(kept, key=lambda column: column.drop))
    spare = max(0, width - _least(kept))
    shares = sum(column.share for column in kept)
    placed: list[tuple[Column[R], int]] = []
    for column in kept:
        extra = spare * column.share // shares if shares else 0
        spare, shares = spare - extra, shares - column.share
        placed.append((column, column.width + extra))
    return tuple(placed)


def fit(text: str, width: int, *, right: bool = False, middle: bool = False) -> str:
    """Sanitise foreign text and make it exactly `width` cells wide, cut with an ellipsis where it is longer."""
    if width <= 0:
        return ""
    most = width * _LONGEST
    if len(text) > 2 * most:
        text = text[:most] + text[-most:]
    if text.isascii() and text.isprintable():
        clean, used = text, len(text)
    else:
        clean = printable(text)
        used = cell_len(clean)
    if used > width:
        tail = _tail(clean, width * 3 // 5) if middle else ""
        head = set_cell_size(clean, width - 1 - cell_len(tail))
        return set_cell_size(f"{head}…{tail}", width)
    padding = " " * (width - used)
    return padding + clean if right else clean + padding


def _tail(text: str, width: int) -> str:
    tail = text[-width:] if width else ""
    while cell_len(tail) > width:
        tail = tail[1:]
    return tail


def _least(columns: Sequence[Column[R]]) -> int:
    return sum(column.width for column in columns) + GAP * max(0, len(columns) - 1)
