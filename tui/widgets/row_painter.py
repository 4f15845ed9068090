"""Draws the lines of a table as strips, and keeps those it drew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Generic, TypeVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from ..spans import Line
from .bare_lines import BareStrip
from .columns import GAP, Column, Layout, Tone, fit, layout
from .component_styles import ComponentStyles
from .table_sort import Sorting

R = TypeVar("R")
GUTTER = 3
"""Cells for the cursor's glyph, the mark and a space."""
HEADER_STYLE = "table--header"
CURSOR_STYLE = "table--cursor"
RESTING_STYLE = "table--resting-cursor"
SORTED_STYLE = "table--sorted"
_SORT_BY = " sort by "
_GAP = " " * GAP
_MOST_ROWS = 512


class Cursor(Enum):
    """Where the cursor is, seen from a row."""

    ELSEWHERE = auto()
    RESTING = auto()
    """On the row, in a table that does not get the keys."""
    ACTIVE = auto()


class RowPainter(Generic[R]):
    """Strips of one width and theme; rows are hashable and a changed row is another row."""

    def __init__(self, columns: Sequence[Column[R]], lookup: Callable[[str], Style]) -> None:
        """`lookup` finds the style of a component class."""
        self._columns = tuple(columns)
        self._width = 0
        self._layout: Layout[R] = ()
        self._spare = 0
        """Cells of a row that its columns leave over; less than 0 where they do not fit."""
        self._styles = ComponentStyles(lookup)
        self._strips: dict[tuple[R, Cursor, bool], Strip] = {}
        """The rows that were drawn last. Textual's own cache is a ring of objects that only a collection takes away."""

    @property
    def width(self) -> int:
        """Cells of a line."""
        return self._width

    @property
    def columns(self) -> tuple[Column[R], ...]:
        """The columns to show where there is room for them."""
        return self._columns

    def set_columns(self, columns: Sequence[Column[R]]) -> None:
        """Show other columns from now on."""
        self._columns = tuple(columns)
        self._lay_out()

    def set_width(self, width: int) -> None:
        """Share another width among the columns."""
        if width != self._width:
            self._width = width
            self._lay_out()

    def forget(self) -> None:
        """Drop all that was drawn in an old theme's colours."""
        self._styles.clear()
        self._strips.clear()

    def text(self, text: str, style: str) -> Strip:
        """One line of text, sanitised and cut to the width."""
        found = self._styles[style]
        return self._adjusted([Segment(fit(text, self._width), found)], found)

    def line(self, line: Line) -> Strip:
        """A line of coloured text, cut or filled to the width."""
        segments = [Segment(span.text, self._styles[span.tone]) for span in line if span.text]
        return self._adjusted(segments, self._styles[Tone.PLAIN])

    def header(self, sorting: Sorting | None = None) -> Strip:
        """The columns' titles, that by which rows are sorted with its direction beside it."""
        style = self._styles[HEADER_STYLE]
        segments = [Segment(" " * (GUTTER - 1), style)]
        for column, cells in self._layout:
            here = sorting if sorting is not None and sorting.title == column.title else None
            sign = here.glyph if here is not None else ""
            # The sign of a title that fills its column stands in the gap before it.
            title = f"{sign}{column.title}" if column.right else f" {column.title}{sign}"
            text = fit(title, cells + GAP, right=column.right)
            segments.append(Segment(text, self._styles[SORTED_STYLE] if here is not None else style))
        return self._adjusted(segments, style)

    def choices(self, titles: Sequence[str], at: int) -> Strip:
        """Titles to choose one of in the header's place, scrolled so that the chosen one is in sight."""
        style, chosen = self._styles[HEADER_STYLE], self._styles[CURSOR_STYLE]
        shown = [f" {title} " for title in titles]
        first = 0
        while first < at and sum(map(cell_len, shown[first : at + 1])) + len(_SORT_BY) > self._width:
            first += 1
        segments = [Segment(_SORT_BY, self._styles[SORTED_STYLE])]
        segments += [
            Segment(text, chosen if number == at else style)
            for number, text in enumerate(shown[first:], start=first)
        ]
        return self._adjusted(segments, style)

    def column_at(self, cell: int) -> Column[R] | None:
        """The column whose title, or the gap before it, stands in a cell of the header."""
        end = GUTTER - GAP
        for column, cells in self._layout:
            end += GAP + cells
            if cell < end:
                return column
        return None

    def row(self, row: R, cursor: Cursor, *, marked: bool) -> Strip:
        """One row."""
        if (strip := self._strips.get((row, cursor, marked))) is not None:
            return strip
        over, here = None, cursor is not Cursor.ELSEWHERE
        if here:
            over = self._styles[CURSOR_STYLE if cursor is Cursor.ACTIVE else RESTING_STYLE]
        style = over or self._styles[Tone.ACCENT]
        text = ("▸" if here else " ") + ("●" if marked else " ") + " "
        segments: list[Segment] = []
        gap = ""
        for column, cells in self._layout:
            cell = column.cell(row)
            before, style = style, over or self._styles[cell.tone]
            if style is not before:
                segments.append(Segment(text, before))
                text = ""
            text += gap + fit(cell.text, cells, right=column.right, middle=column.middle)
            gap = _GAP
        segments.append(Segment(text, style))
        plain = over or self._styles[Tone.PLAIN]
        if self._spare < 0:
            strip = self._adjusted(segments, plain)
        else:
            # Each cell has its column's width: nothing needs to be measured.
            if self._spare:
                segments.append(Segment(" " * self._spare, plain))
            strip = BareStrip(segments, self._width)
        if len(self._strips) >= _MOST_ROWS:
            del self._strips[next(iter(self._strips))]
        self._strips[row, cursor, marked] = strip
        return strip

    def _adjusted(self, segments: list[Segment], style: Style) -> Strip:
        return BareStrip(Segment.adjust_line_length(segments, self._width, style), self._width)

    def _lay_out(self) -> None:
        self._layout = layout(self._columns, max(0, self._width - GUTTER))
        gaps = GAP * max(0, len(self._layout) - 1)
        self._spare = self._width - GUTTER - gaps - sum(cells for _, cells in self._layout)
        self._strips.clear()
