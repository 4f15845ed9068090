"""The base of all tables: what a person does with the rows, by keys and mouse."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from ..following import Follower
from ..spans import width_of
from .choosing_table import ChoosingTable
from .line_table import HEADER, R
from .row_painter import GUTTER
from .table_foot import follow_sign
from .table_marks import MOST
from .table_sort import Chooser, next_sorting

S = TypeVar("S")


def _keys(keys: str, action: str, title: str, id_: str | None = None) -> Binding:
    return Binding(keys, action, title, show=False, id=id_)


class VirtualTable(Follower, ChoosingTable[R]):
    """A table of any number of rows in which one can move, mark, sort, choose columns and open."""

    COUNTS_UNSEEN: ClassVar[bool] = False
    """Whether it follows the run out of sight too, because its tab tells how many rows it has."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # While an order is chosen, before what these keys do otherwise.
        _keys("left,shift+tab", "choose(-1)", "Previous column"),
        _keys("right,tab", "choose(1)", "Next column"),
        _keys("enter", "pick_order", "Sort", "table.open"),
        _keys("escape", "leave_order", "Keep the order", "rows.clear"),
        _keys("up,k", "cursor(-1)", "Up"),
        _keys("down,j", "cursor(1)", "Down"),
        _keys("shift+up", "stretch(-1)", "Mark upwards"),
        _keys("shift+down", "stretch(1)", "Mark downwards"),
        _keys("pageup,ctrl+b", "page(-1)", "Page up"),
        _keys("pagedown,ctrl+f", "page(1)", "Page down"),
        _keys("ctrl+u", "half_page(-1)", "Half a page up"),
        _keys("ctrl+d", "half_page(1)", "Half a page down"),
        _keys("home,g", "first", "First"),
        _keys("end,G", "last", "Newest"),
        _keys("H", "line('top')", "Top of the screen"),
        _keys("M", "line('middle')", "Middle of the screen"),
        _keys("L", "line('bottom')", "Bottom of the screen"),
        _keys("space", "mark", "Mark", "table.mark"),
        _keys("enter", "open", "Inspect", "table.open"),
    ]

    class Opened(Message, Generic[S]):
        """The user opened a row: enter, or a double click. Each table has a class of its own."""

        def __init__(self, table: VirtualTable[S], row: S) -> None:
            super().__init__()
            self.table = table
            self.row = row

        @property
        def control(self) -> VirtualTable[S]:
            """The table, for `@on` selectors."""
            return self.table

    class ColumnsWanted(Message):
        """The user wants to choose the columns of a table."""

        def __init__(self, table: VirtualTable[Any]) -> None:
            super().__init__()
            self.table = table

    _anchor: int | None = None
    """The position that was marked last, from which a range is marked."""
    _stretching = False
    """Whether the last thing done was marking by shift and an arrow."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a command makes sense here and now."""
        if action in ("choose", "pick_order", "leave_order"):
            return self.chooser is not None
        if action in ("mark", "stretch", "mark_range", "mark_all"):
            return self.MARKABLE and bool(self.row_count)
        if action == "reverse":
            return self.sorting is not None
        if action in ("open", "sort"):
            return bool(self.row_count)
        return super().check_action(action, parameters)

    def move_cursor(self, position: int, *, follow: bool = False) -> None:
        """Put the cursor on a position and scroll it into sight."""
        self.chooser = None
        self._stretching = False
        super().move_cursor(position, follow=follow)

    def shift_cursor(self, position: int) -> None:
        """The cursor's row stands at `position` now, and so does the beginning of a range as far from it."""
        if self._anchor is not None:
            self._anchor = max(0, self._anchor + position - self.cursor)
        super().shift_cursor(position)

    def action_cursor(self, step: int) -> None:
        """Move the cursor by rows."""
        self.move_cursor(self.cursor + step, follow=self.cursor + step >= self.row_count)

    def action_page(self, step: int) -> None:
        """Move the cursor by screens."""
        self.action_cursor(step * max(1, self.window()[1] - 1))

    def action_half_page(self, step: int) -> None:
        """Move the cursor by half screens."""
        self.action_cursor(step * max(1, self.window()[1] // 2))

    def action_first(self) -> None:
        """Go to the first row."""
        self.move_cursor(0)

    def action_last(self) -> None:
        """Go to the last row, and keep to the newest where they come last."""
        self.move_cursor(self.row_count - 1, follow=True)

    def action_line(self, where: str) -> None:
        """Go to the row at the top, in the middle or at the bottom of the screen."""
        first, height = self.window()
        shown = min(height, self.row_count - first)
        steps = {"top": 0, "middle": (shown - 1) // 2, "bottom": shown - 1}
        self.move_cursor(first + steps[where])

    def action_mark(self) -> None:
        """Toggle the mark and go to the next row; a range may begin here."""
        self._anchor = self.cursor
        self.toggle_mark()
        self.move_cursor(min(self.cursor + 1, self.row_count - 1))

    def action_stretch(self, step: int) -> None:
        """Mark the row and the next one; on the way back, take marks away again."""
        at, row = self.cursor, self.selected
        origin = self._anchor if self._stretching and self._anchor is not None else at
        if row is None or self.marks.everything:
            self.toggle_mark()
            return
        going_back = at != origin and (step > 0) == (at < origin)
        key = self.key_of(row)
        self.set_marks(self.marks.without(key) if going_back else self.marks.with_all((key,)))
        self.move_cursor(at + step)
        if (here := self.selected) is not None:
            self.set_marks(self.marks.with_all((self.key_of(here),)))
        self._anchor, self._stretching = origin, True

    def action_mark_range(self) -> None:
        """Mark all rows between the last one that was marked and the cursor."""
        self.mark_between(self.cursor if self._anchor is None else self._anchor, self.cursor)

    def action_mark_all(self) -> None:
        """Mark every row that the table shows and will show; a second time, take all marks away."""
        marks = self.all_marks()
        self.set_marks(type(marks)() if marks == self.marks else marks)

    def mark_between(self, one: int, other: int) -> None:
        """Mark the rows at these positions and all between them."""
        self.run_worker(self._mark_between(min(one, other), max(one, other)), name="mark")

    def action_sort(self) -> None:
        """Choose a column to sort by; the next time, the next one."""
        if self.chooser is not None:
            self.action_choose(1)
            return
        self.chooser = Chooser.begin(self.available, self.sorting)
        self.refresh()

    def action_choose(self, step: int) -> None:
        """Go to another column."""
        if self.chooser is not None:
            self.chooser = self.chooser.moved(step)
            self.refresh()

    def action_pick_order(self) -> None:
        """Sort by the column that is chosen."""
        if self.chooser is not None:
            self.sort_by(self.chooser.chosen(self.sorting))

    def action_leave_order(self) -> None:
        """Leave the order as it is."""
        self.chooser = None
        self.refresh()

    def action_reverse(self) -> None:
        """Sort the other way round."""
        if self.sorting is not None:
            self.sort_by(self.sorting.reverse)

    def action_columns(self) -> None:
        """Ask for a dialog in which columns are chosen."""
        self.post_message(self.ColumnsWanted(self))

    def action_open(self) -> None:
        """Post `Opened` for the selected row."""
        if (row := self.selected) is not None:
            self.post_message(self.Opened(self, row))

    def on_click(self, event: events.Click) -> None:
        """Sort by a title, follow by the foot; select, mark or open a row."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if offset.y < HEADER:
            self._click_title(offset.x)
        elif self.foot_lines and offset.y == self.size.height - 1:
            if offset.x >= self.size.width - width_of(follow_sign(self.foot())):
                self.action_last()
        elif (position := self.scroll_offset.y + offset.y - HEADER) < self.row_count:
            self._click_row(event, position, in_gutter=offset.x < GUTTER - 1)

    def on_mouse_scroll_up(self) -> None:
        """The user looks elsewhere: stop following."""
        if self.scroll_offset.y > 0:
            self.following = False
            self.refresh()

    # The same on the scroll bar: a click beside its grip, and dragging it.
    on_scroll_up = on_scroll_to = on_mouse_scroll_up

    def on_blur(self) -> None:
        """A choice of order that was left is over."""
        self.action_leave_order()

    def _click_title(self, cell: int) -> None:
        column = self._painter.column_at(cell)
        if column is not None and column.sort is not None and not self.notice:
            self.sort_by(next_sorting(self.sorting, column))

    def _click_row(self, event: events.Click, position: int, *, in_gutter: bool) -> None:
        """Select it; with shift mark all up to it, with ctrl or in the gutter it alone; twice, open it."""
        before = self.cursor
        self.move_cursor(position)
        if event.shift and self.MARKABLE:
            self.mark_between(before, position)
        elif event.ctrl or in_gutter:
            self._anchor = position
            self.toggle_mark()
        elif event.chain == 2:
            self.action_open()

    async def _mark_between(self, first: int, last: int) -> None:
        keys = await self.keys_between(first, last)
        self.set_marks(self.marks.with_all(keys))
        if last - first >= MOST or len(self.marks.keys) >= MOST:
            note = f"A range marks {MOST:,} rows at most; * marks all that the filter shows."
            self.notify(note, markup=False, timeout=5)
