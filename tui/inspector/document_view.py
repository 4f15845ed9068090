"""The widget that shows a document by lines: folding, moving, highlighting."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ..spans import Line, Span
from ..widgets.columns import Tone, tone_css
from ..widgets.toned import Toned
from .document import LineDocument, Rows, matches, part_of
from .off_loop import OffLoop

_GUTTER = 2
_MARK = "inspector--mark"
_FOUND = "inspector--found"
_CURSOR = "inspector--cursor"
_LONG_LINE = 20_000
"""Characters up to which all of a line is coloured and searched for what is to be lit up."""


class DocumentView(Toned, ScrollView, can_focus=True):
    """Shows a document; only the lines in sight are ever made."""

    DEFAULT_CSS = """
    DocumentView { height: 1fr; overflow-x: hidden; overflow-y: auto;
        scrollbar-gutter: stable; scrollbar-size-vertical: 1; }
    DocumentView > .inspector--mark { background: $warning 40%; color: $text; }
    DocumentView > .inspector--found { background: $warning; color: $background; text-style: bold; }
    DocumentView > .inspector--cursor { background: $primary 25%; }
    """ + tone_css("DocumentView")
    COMPONENT_CLASSES: ClassVar[set[str]] = {_MARK, _FOUND, _CURSOR}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup,ctrl+b,b", "screen(-1)", "Screen up", show=False),
        Binding("pagedown,ctrl+f,f", "screen(1)", "Screen down", show=False),
        Binding("home,g", "edge(-1)", "Top", show=False),
        Binding("end,G", "edge(1)", "End", show=False),
        Binding("space,enter", "fold_here", "Fold or unfold", show=False),
        Binding("left,h", "fold_here('fold')", "Fold", show=False),
        Binding("right,l", "fold_here('unfold')", "Unfold", show=False),
    ]

    def __init__(self, off_loop: OffLoop, *, id: str | None = None) -> None:  # noqa: A002
        """`off_loop` is where blocks with very many others in them are unfolded."""
        super().__init__(id=id)
        self._off_loop = off_loop
        self._rows = Rows(LineDocument([]), 80)
        self._cursor = 0
        self._foldable = False
        self._busy = False
        """Whether the rows are copied beside the loop, and so must stay as they are."""
        self._pattern: re.Pattern[str] | None = None
        self._found: tuple[int, int] | None = None
        self._spans = lru_cache(512)(self._rows.document.spans)

    @property
    def rows(self) -> Rows:
        """What is shown."""
        return self._rows

    @property
    def foldable(self) -> bool:
        """Whether anything in the document folds."""
        return self._foldable

    @property
    def text_width(self) -> int:
        """Cells that a line has, beside the marks of folding."""
        return max(1, self.scrollable_content_region.width - _GUTTER)

    @property
    def line(self) -> int:
        """The line under the cursor, or at the top."""
        at = self._cursor if self._foldable else round(self.scroll_offset.y)
        return self._rows.place(min(at, len(self._rows) - 1)).line if len(self._rows) else 0

    def show(self, rows: Rows, *, line: int | None = None) -> None:
        """Show a document that is laid out; from its top, or with `line` where it was."""
        self._rows = rows
        self._foldable = any(end > at for at, end in enumerate(rows.document.ends)) if len(rows) else False
        self._spans = lru_cache(512)(rows.document.spans)
        self._found = None
        self.virtual_size = Size(0, len(rows))
        self._cursor = rows.row_of(line) if line is not None and len(rows) else 0
        if line is None:
            self.scroll_home(animate=False)
        self.refresh()

    def light_up(self, pattern: re.Pattern[str] | None) -> None:
        """Highlight what a pattern finds; nothing with None."""
        self._pattern, self._found = pattern, None
        self.refresh()

    async def go_to(self, line: int, at: int = 0) -> None:
        """Bring a character of a line into sight, unfolding what hides it, and light it up."""
        before = self._rows
        if before.has_many_folds and not before.shows(line):
            if not await self._replaced(lambda rows: rows.revealed(line)):
                return
        else:
            before.reveal(line)
        self.virtual_size = Size(0, len(self._rows))
        self._found = (line, at)
        self._cursor = self._rows.row_of(line, at)
        self._into_sight(centre=True)
        self.refresh()

    def fold_all(self, fold: bool) -> None:
        """Fold all blocks, or unfold them; for documents that are small."""
        folds = self._rows.document.all_folds() if fold else ()
        self.show(self._rows.refolded(folds), line=self.line)

    def to_line(self, line: int) -> None:
        """Scroll a line to the top, and unfold it."""
        if self._rows.is_folded(line):
            self._rows.toggle(line)
            self.virtual_size = Size(0, len(self._rows))
        self._cursor = self._rows.row_of(line)
        self.scroll_to(y=self._cursor, animate=False, force=True)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        width = self.scrollable_content_region.width
        row = round(self.scroll_offset.y) + y
        if row >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        at, start, end = self._rows.place(row)
        line = self._spans(at)
        shown = part_of(line, start, end)
        if end is None and self._rows.is_folded(at):
            room = self.text_width - sum(len(span.text) for span in shown)
            shown += self._rows.document.folded(at, max(8, room))
        mark = ""
        if self._rows.can_fold(at) and not start:
            mark = "▸" if self._rows.is_folded(at) else "▾"
        strip = Strip(
            [
                Segment(mark.ljust(_GUTTER), self._style(Tone.ACCENT.value)),
                *self._segments(line, shown, at, start),
            ]
        ).adjust_cell_length(width, self.rich_style)
        if self._foldable and row == self._cursor and self.has_focus:
            return _under_cursor(strip, self._style(_CURSOR))
        return strip

    def _segments(self, line: Line, shown: list[Span], at: int, start: int) -> list[Segment]:
        segments = [Segment(span.text, self._style(span.tone.value)) for span in shown]
        if self._pattern is None:
            return segments
        text = "".join(span.text for span in shown)
        if sum(len(span.text) for span in line) <= _LONG_LINE:
            # A match may begin in the row before.
            whole = "".join(span.text for span in line)
            spots = [(a - start, b - start) for a, b in matches(whole, self._pattern) if b > start]
        else:
            spots = matches(text, self._pattern)
        strip = Strip(segments)
        for a, b in spots:
            if a >= len(text):
                break
            lit = _FOUND if self._found == (at, a + start) else _MARK
            strip = _lit(strip, text, max(0, a), min(len(text), b), self._style(lit))
        return list(strip)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(name)

    def action_move(self, step: int) -> None:
        """Move the cursor, or scroll where there is none."""
        if not self._foldable:
            self.scroll_relative(y=step, animate=False)
            return
        self._cursor = max(0, min(len(self._rows) - 1, self._cursor + step))
        self._into_sight()
        self.refresh()

    def action_screen(self, step: int) -> None:
        """Move by a screen."""
        self._cursor += step * max(1, self.size.height - 1)
        self._cursor = max(0, min(len(self._rows) - 1, self._cursor))
        self.scroll_relative(y=step * max(1, self.size.height - 1), animate=False, force=True)
        self.refresh()

    def action_edge(self, step: int) -> None:
        """Go to the top or the end."""
        self._cursor = 0 if step < 0 else max(0, len(self._rows) - 1)
        self.scroll_to(y=self._cursor, animate=False, force=True)
        self.refresh()

    def action_fold_here(self, how: str = "") -> None:
        """Fold or unfold the block under the cursor; with `fold`, the block around it where it has none open."""
        if not len(self._rows):
            return
        if not self._foldable:
            self.action_screen(1)
            return
        line = self._rows.place(self._cursor).line
        if how == "fold" and (not self._rows.can_fold(line) or self._rows.is_folded(line)):
            line = self._around(line)
        if how == "unfold" and not self._rows.is_folded(line):
            return
        self._toggle(line)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor there, and fold or unfold what begins there."""
        offset = event.get_content_offset(self)
        row = -1 if offset is None else round(self.scroll_offset.y) + offset.y
        if 0 <= row < len(self._rows):
            self._cursor = row
            self._toggle(self._rows.place(row).line)

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide the cursor."""
        self.refresh()

    def _toggle(self, line: int) -> None:
        if self._busy:
            return
        if self._rows.is_costly(line):
            self.run_worker(self._toggle_off_loop(line), exclusive=True, group="toggle")
            return
        self._rows.toggle(line)
        self._shown_again(line)

    async def _toggle_off_loop(self, line: int) -> None:
        if await self._replaced(lambda rows: rows.toggled(line)):
            self._shown_again(line)

    async def _replaced(self, work: Callable[[Rows], Rows]) -> bool:
        """Show what is made of the rows off the loop; False where others are shown by then. Meanwhile nothing folds."""
        if self._busy:
            return False
        before, self._busy = self._rows, True
        try:
            rows = await self._off_loop.run(lambda: work(before))
        finally:
            self._busy = False
        if self._rows is not before:
            return False
        self._rows = rows
        return True

    def _shown_again(self, line: int) -> None:
        self.virtual_size = Size(0, len(self._rows))
        self._cursor = self._rows.row_of(line)
        self._into_sight()
        self.refresh()

    def _around(self, line: int) -> int:
        """The head of the block that a line stands in; walks back over what is between them."""
        ends = self._rows.document.ends
        head = line - 1
        while head >= 0 and ends[head] < line:
            head -= 1
        return max(0, head)

    def _into_sight(self, *, centre: bool = False) -> None:
        region = Region(0, self._cursor, 1, 1)
        self.scroll_to_region(region, animate=False, force=True, center=centre)


def _lit(strip: Strip, text: str, start: int, end: int, style: Style) -> Strip:
    """The strip with the characters from `start` to `end` in another style."""
    from_cell, to_cell = _cells(text[:start]), _cells(text[:end])
    before, lit, after = strip.crop(0, from_cell), strip.crop(from_cell, to_cell), strip.crop(to_cell)
    return Strip.join([before, Strip([Segment(lit.text, style)]), after])


def _under_cursor(strip: Strip, cursor: Style) -> Strip:
    """The row on the background of the cursor."""
    ground = Style(bgcolor=cursor.bgcolor)
    lit = [Segment(text, (style or Style()) + ground) for text, style, _ in strip]
    return Strip(lit, strip.cell_length)


def _cells(text: str) -> int:
    return Strip([Segment(text)]).cell_length
