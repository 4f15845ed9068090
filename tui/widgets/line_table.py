"""A table's lines: draws only those that are on screen, from rows it asks for by position."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from time import monotonic
from typing import ClassVar, Generic, TypeVar

from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.strip import Strip
from textual.timer import Timer

from .bare_lines import cropped, style_of
from .columns import Column, Tone, tone_css
from .direct_paint import OnScreen, paint_anew
from .row_painter import CURSOR_STYLE, HEADER_STYLE, RESTING_STYLE, SORTED_STYLE, Cursor, RowPainter
from .table_bar import TableBar
from .table_foot import Foot, foot_line
from .toned import Toned

R = TypeVar("R")
GROWTH_S = 0.2
"""More rows are shown at most once in this many seconds: with the rest of what a pulled snapshot changes."""
HEADER = 1
"""Lines above the first row."""
_FOOTED = 8
"""Lines from which a table has one at its foot that tells where one is."""


class LineTable(Toned, OnScreen, ScrollView, Generic[R], can_focus=True):
    """A table of any number of rows that holds none of them.

    Subclasses say how many rows there are and give the row at a position, or None while it is not loaded.
    Rows have a key, by which marks and the cursor stay with them when positions change.
    """

    DEFAULT_CSS = """
    LineTable { height: 1fr; overflow-x: hidden; overflow-y: scroll; }
    LineTable { scrollbar-size-vertical: 1; background: $surface; }
    LineTable > .table--header { color: $text-muted; text-style: bold; background: $panel; }
    LineTable > .table--sorted { color: $text-accent; text-style: bold; background: $panel; }
    LineTable > .table--resting-cursor { background: $surface-lighten-2; text-style: bold; }
    LineTable > .table--cursor {
        background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold;
    }
    """ + tone_css("LineTable")
    virtual_size = Reactive(Size(0, 0), repaint=False)
    """As Textual has it, which also paints the table and lays the whole screen out anew, 5-11 ms: it keeps its size."""
    COMPONENT_CLASSES: ClassVar[set[str]] = {HEADER_STYLE, CURSOR_STYLE, RESTING_STYLE, SORTED_STYLE}
    FOLLOWS: ClassVar[bool] = False
    """Whether the newest rows come last, and the table keeps to them until the user moves away."""

    def __init__(
        self,
        columns: Sequence[Column[R]],
        *,
        empty: str,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        """`empty` says what the table is for while it has no rows."""
        super().__init__(id=id, classes=classes)
        self.empty = empty
        self.following = self.FOLLOWS
        self.notice = ""
        """A sentence shown instead of the header while something is wrong; sanitised here."""
        self._count = 0
        self._wanted = 0
        self._cursor = 0
        self._cursor_row: R | None = None
        self._painted: int | None = None
        self._settled = Size(0, 0)
        """The size that was last heard of: another one has moved what is in sight before."""
        self._cursor_seen = True
        """Whether the cursor was in sight when the size was that."""
        self._seen = 0
        """Rows there were when the end was last in sight."""
        self._grown_at = -GROWTH_S
        self._growth: Timer | None = None
        self._painter: RowPainter[R] = RowPainter(columns, partial(style_of, self))

    @property
    def vertical_scrollbar(self) -> ScrollBar:
        """Ours in the place of Textual's."""
        if self._vertical_scrollbar is None:
            self._vertical_scrollbar = bar = TableBar(name="vertical")
            self.app._start_widget(self, bar)  # pyright: ignore[reportPrivateUsage]
        return self._vertical_scrollbar

    @abstractmethod
    def row_at(self, position: int) -> R | None:
        """The row at a 0-based position; None while it is not loaded."""

    @abstractmethod
    def key_of(self, row: R) -> int:
        """What identifies a row whatever its position."""

    def is_marked(self, row: R) -> bool:
        """Whether a row is drawn with a mark."""
        return False

    @property
    def can_follow(self) -> bool:
        """Whether the newest rows come last at the moment."""
        return self.FOLLOWS

    def head(self) -> Strip:
        """The line above the rows."""
        return self._painter.header()

    def foot(self) -> Foot:
        """What the line below the rows tells."""
        return Foot(
            self._cursor,
            self._count,
            following=self.following if self.can_follow and self._count else None,
            new=max(0, self._count - self._seen),
        )

    def window_changed(self) -> None:
        """Called when other rows came into sight; a subclass may load them."""

    @property
    def row_count(self) -> int:
        """How many rows the table shows."""
        return self._count

    @property
    def cursor(self) -> int:
        """The cursor's 0-based position."""
        return self._cursor

    @property
    def selected(self) -> R | None:
        """The row under the cursor; None in an empty table, or while it loads."""
        if not self._count:
            return None
        row = self.row_at(self._cursor)
        return self._cursor_row if row is None else row

    def resize_to(self, count: int, *, now: bool = False) -> None:
        """Show `count` rows: now, or when the last change is `GROWTH_S` ago."""
        self._wanted = count
        if now or self.growth_wait() <= 0:
            self._grow()
        elif count != self._count and self._growth is None:
            self._growth = self.set_timer(self.growth_wait(), self._grow)

    def growth_wait(self) -> float:
        """Seconds until the number of rows may change again; not positive when it may."""
        return self._grown_at + GROWTH_S - monotonic() if self._count else 0.0

    def show_notice(self, text: str) -> None:
        """Show a sentence of trouble in the header's place; an empty one brings the header back."""
        if text != self.notice:
            self.notice = text
            paint_anew(self)

    def rows_changed(self) -> None:
        """Rows were loaded or are others: paint again, and learn which row the cursor is on."""
        if (row := self.row_at(self._cursor)) is not None:
            self._cursor_row = row
        paint_anew(self)

    def repaint_rows(self) -> None:
        """Draw rows anew that look different though they are the same."""
        self._painter.forget()
        paint_anew(self)

    def move_cursor(self, position: int, *, follow: bool = False) -> None:
        """Put the cursor on a position and scroll it into sight."""
        self.following = follow and self.can_follow
        self._painted = None
        self._put_cursor(position)
        self._reveal()
        self._see()
        paint_anew(self)

    def shift_cursor(self, position: int) -> None:
        """The cursor's row stands at `position` now: keep it on the line of the screen that it is on."""
        step = position - self._cursor
        self._put_cursor(position)
        if step:
            self.scroll_to(y=self.scroll_offset.y + step, animate=False, force=True)
        paint_anew(self)

    def window(self) -> tuple[int, int]:
        """The first position on screen, and how many rows fit."""
        height = self.size.height
        return self.scroll_offset.y, max(1, height - HEADER - _foot_lines(height))

    @property
    def foot_lines(self) -> int:
        """Lines below the rows: none where there is little room."""
        return _foot_lines(self.size.height)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines as they are: a table has no border, and its ground is that of the screen."""
        size, first = self.size, self.scroll_offset.y - HEADER
        # The scroll bar paints its place itself.
        self._painter.set_width(self.scrollable_content_region.width)
        foot = size.height - _foot_lines(size.height)
        strips = [self._drawn(y, first + y, foot) for y in crop.line_range]
        return cropped(strips, crop, size.width)

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        return self.render_lines(Region(0, y, self.size.width, 1))[0]

    def _drawn(self, y: int, position: int, foot: int) -> Strip:
        """One line of the screen: the header, the foot, the row at a position, or the empty table's text."""
        painter = self._painter
        if y == 0:
            return painter.text(f" ! {self.notice}", Tone.BAD) if self.notice else self.head()
        if y == foot:
            return painter.line(foot_line(self.foot(), painter.width))
        if not self._count:
            return painter.text(f"   {self.empty}" if y == 2 else "", Tone.MUTED)
        if position >= self._count:
            return painter.text("", Tone.PLAIN)
        row = self.row_at(position)
        if row is None:
            return painter.text("   ·", Tone.MUTED)
        cursor = Cursor.ELSEWHERE
        if position == self._cursor:
            self._painted = self.key_of(row)
            cursor = Cursor.ACTIVE if self.has_focus else Cursor.RESTING
        return painter.row(row, cursor, marked=self.is_marked(row))

    def watch_has_focus(self, _has_focus: bool) -> None:
        """Nothing: Textual would find all styles anew, 5 ms of each change of tab, and none depends on the focus."""

    def notify_style_update(self) -> None:
        """Forget what was drawn in the old theme's colours."""
        super().notify_style_update()
        self._painter.forget()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Tell that other rows came into sight."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._see()
            self.window_changed()

    def on_resize(self) -> None:
        """A larger screen shows more rows; a following table keeps to its end, and a cursor in sight stays there."""
        self._measure()
        if self.following or self._cursor_seen:
            self._reveal()
        self._settled = self.size
        self._see()
        self.window_changed()

    def _put_cursor(self, position: int) -> None:
        self._cursor = max(0, min(position, self._count - 1))
        self._cursor_row = self.row_at(self._cursor) if self._count else None

    def _reveal(self) -> None:
        first, height = self.window()
        target = min(max(first, self._cursor - height + 1), self._cursor)
        if target != first:
            self.scroll_to(y=target, animate=False, force=True)

    def _grow(self) -> None:
        if self._growth is not None:
            self._growth.stop()
            self._growth = None
        if self._wanted == self._count:
            return
        self._count, self._grown_at = self._wanted, monotonic()
        self._measure()
        if self.following:
            self._put_cursor(self._count - 1)
            self._reveal()
        elif self._cursor >= self._count:
            self._put_cursor(self._count - 1)
        self._see()
        paint_anew(self)

    def _measure(self) -> None:
        self.virtual_size = size = Size(0, self._count + HEADER + self.foot_lines if self._count else 0)
        self._scroll_update(size)

    def _see(self) -> None:
        """Note whether the end is in sight, and the cursor."""
        first, height = self.window()
        if self.following or first + height >= self._count:
            self._seen = self._count
        if self.size == self._settled:
            self._cursor_seen = first <= self._cursor < first + height


def _foot_lines(height: int) -> int:
    return int(height >= _FOOTED)
