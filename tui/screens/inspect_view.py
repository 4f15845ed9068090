"""A scrolling view of many lines, wrapped to the width and drawn by lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import ClassVar, NamedTuple

from rich.cells import chop_cells
from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ..body_text import plain
from ..spans import Line, Span, text_of
from ..widgets.columns import tone_css
from ..widgets.toned import Toned

_NARROWEST = 8


class Piece(NamedTuple):
    """One line of the screen: a part of a line of the text, by characters."""

    line: int
    start: int
    end: int


class LinesView(Toned, ScrollView, can_focus=True):
    """Shows lines that are already printable; long ones are wrapped, and only those in sight are coloured."""

    DEFAULT_CSS = """
    LinesView { height: 1fr; overflow-x: hidden; overflow-y: auto;
        scrollbar-gutter: stable; scrollbar-size-vertical: 1; }
    """ + tone_css("LinesView")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "scroll_up", "Up", show=False),
        Binding("j", "scroll_down", "Down", show=False),
        Binding("g", "scroll_home", "Top", show=False),
        Binding("G", "scroll_end", "End", show=False),
        Binding("space", "page_down", "Page down", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._lines: Sequence[str | Line] = ()
        self._paint = lru_cache(256)(plain)
        self._pieces: list[Piece] = []

    def show(self, lines: Sequence[str | Line], paint: Callable[[str], Line] = plain) -> None:
        """Show these lines; `paint` colours those that are plain strings, when they come into sight."""
        self._lines, self._paint = lines, lru_cache(256)(paint)
        self._wrap()

    def on_resize(self) -> None:
        """Wrap for the new width."""
        self._wrap()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        width = self.scrollable_content_region.width
        at = self.scroll_offset.y + y
        if at >= len(self._pieces):
            return Strip.blank(width, self.rich_style)
        piece = self._pieces[at]
        source = self._lines[piece.line]
        spans = self._paint(source) if isinstance(source, str) else source
        segments = [
            Segment(span.text, self.get_component_rich_style(span.tone.value))
            for span in _part(spans, piece.start, piece.end)
        ]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def action_page_down(self) -> None:
        """Scroll by a screen."""
        self.scroll_page_down(animate=False)

    def _wrap(self) -> None:
        width = max(_NARROWEST, self.scrollable_content_region.width)
        self._pieces = wrap(self._lines, width)
        self.virtual_size = Size(0, len(self._pieces))
        self.refresh()


def wrap(lines: Sequence[str | Line], width: int) -> list[Piece]:
    """Cut each line into pieces of at most `width` cells."""
    pieces: list[Piece] = []
    for number, line in enumerate(lines):
        text = line if isinstance(line, str) else text_of(line)
        if text.isascii():
            starts = range(0, max(1, len(text)), width)
            pieces.extend(Piece(number, start, min(len(text), start + width)) for start in starts)
            continue
        start = 0
        for part in chop_cells(text, width) or [""]:
            pieces.append(Piece(number, start, start + len(part)))
            start += len(part)
    return pieces


def _part(line: Line, start: int, end: int) -> list[Span]:
    """The characters from `start` to `end` of a line, in their colours."""
    parts: list[Span] = []
    at = 0
    for span in line:
        text = span.text[max(0, start - at) : max(0, end - at)]
        if text:
            parts.append(Span(text, span.tone))
        at += len(span.text)
    return parts
