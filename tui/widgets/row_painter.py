"""Draws the lines of a table as strips, and keeps those it drew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.strip import Strip

from .columns import GAP, Column, Layout, Tone, fit, layout

R = TypeVar("R")
GUTTER = 3
"""Cells for the cursor's glyph, the mark and a space."""
HEADER_STYLE = "table--header"
CURSOR_STYLE = "table--cursor"


class RowPainter(Generic[R]):
    """Strips of one width and theme; rows are hashable and a changed row is another row."""

    def __init__(self, columns: Sequence[Column[R]], lookup: Callable[[str], Style]) -> None:
        """`lookup` finds the style of a component class."""
        self._columns = columns
        self._lookup = lookup
        self._width = 0
        self._layout: Layout[R] = ()
        self._styles: dict[str, Style] = {}
        self._strips: LRUCache[tuple[R, bool, bool], Strip] = LRUCache(512)

    def set_width(self, width: int) -> None:
        """Share another width among the columns."""
        if width != self._width:
            self._width, self._layout = width, layout(self._columns, max(0, width - GUTTER))
            self._strips.clear()

    def forget(self) -> None:
        """Drop all that was drawn in an old theme's colours."""
        self._styles.clear()
        self._strips.clear()

    def text(self, text: str, style: str) -> Strip:
        """One line of text, sanitised and cut to the width."""
        return Strip([Segment(fit(text, self._width), self._style(style))], self._width)

    def header(self) -> Strip:
        """The columns' titles."""
        cells = [fit(column.title, cells, right=column.right) for column, cells in self._layout]
        return self.text(" " * GUTTER + (" " * GAP).join(cells), HEADER_STYLE)

    def row(self, row: R, *, here: bool, marked: bool) -> Strip:
        """One row; `here` says that the cursor is on it."""
        if (strip := self._strips.get((row, here, marked))) is not None:
            return strip
        over = self._style(CURSOR_STYLE) if here else None
        plain = over or self._style(Tone.PLAIN)
        gutter = ("▸" if here else " ") + ("●" if marked else " ") + " "
        segments = [Segment(gutter, over or self._style(Tone.ACCENT))]
        for number, (column, cells) in enumerate(self._layout):
            cell = column.cell(row)
            gap = GAP if number else 0
            text = " " * gap + fit(cell.text, cells, right=column.right, middle=column.middle)
            segments.append(Segment(text, over or self._style(cell.tone)))
        strip = Strip(Segment.simplify(segments)).adjust_cell_length(self._width, plain)
        self._strips[row, here, marked] = strip
        return strip

    def _style(self, name: str) -> Style:
        if name not in self._styles:
            self._styles[name] = self._lookup(name)
        return self._styles[name]
