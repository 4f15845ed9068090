"""The base of all tables: what a person does with the rows, by keys and mouse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from .columns import Column
from .line_table import HEADER, LineTable, R
from .row_painter import GUTTER

S = TypeVar("S")


class VirtualTable(LineTable[R]):
    """A table of any number of rows in which one can move, mark and open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor(-1)", "Up", show=False),
        Binding("down,j", "cursor(1)", "Down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False),
        Binding("home,g", "first", "First", show=False),
        Binding("end,G", "last", "Newest", show=False),
        Binding("space", "mark", "Mark", show=False, id="table.mark"),
        Binding("enter", "open", "Inspect", show=False, id="table.open"),
    ]
    MARKABLE: ClassVar[bool] = True
    """Whether commands act on marked rows."""

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

    def __init__(
        self,
        columns: Sequence[Column[R]],
        *,
        empty: str,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        """`empty` says what the table is for while it has no rows."""
        super().__init__(columns, empty=empty, id=id, classes=classes)
        self._marked: frozenset[int] = frozenset()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a command makes sense here and now."""
        if action == "mark":
            return self.MARKABLE and bool(self.row_count)
        if action == "open":
            return bool(self.row_count)
        return super().check_action(action, parameters)

    @property
    def marked(self) -> frozenset[int]:
        """Keys of the marked rows, those out of sight included."""
        return self._marked

    def chosen_ids(self) -> tuple[int, ...]:
        """What a command is to act on: the marked rows, else the one that was last painted under the cursor."""
        if self._marked:
            return tuple(sorted(self._marked))
        if (row := self.selected) is None:
            return ()
        return (self.key_of(row) if self._painted is None else self._painted,)

    def toggle_mark(self) -> None:
        """Mark the selected row, or take its mark away."""
        if self.MARKABLE and (row := self.selected) is not None:
            self._marked ^= {self.key_of(row)}
            self.refresh()

    def clear_marks(self) -> None:
        """Take all marks away."""
        self._marked = frozenset()
        self.refresh()

    def is_marked(self, row: R) -> bool:
        """Whether a row is drawn with a mark."""
        return self.key_of(row) in self._marked

    def action_cursor(self, step: int) -> None:
        """Move the cursor by rows."""
        self.move_cursor(self._cursor + step)

    def action_page(self, step: int) -> None:
        """Move the cursor by screens."""
        self.move_cursor(self._cursor + step * max(1, self.window()[1] - 1))

    def action_first(self) -> None:
        """Go to the first row."""
        self.move_cursor(0)

    def action_last(self) -> None:
        """Go to the last row, and keep to the newest where they come last."""
        self.move_cursor(self._count - 1, follow=True)

    def action_mark(self) -> None:
        """Toggle the mark and go to the next row."""
        self.toggle_mark()
        self.move_cursor(self._cursor + 1)

    def action_open(self) -> None:
        """Post `Opened` for the selected row."""
        if (row := self.selected) is not None:
            self.post_message(self.Opened(self, row))

    def on_click(self, event: events.Click) -> None:
        """Select the clicked row; mark it in the gutter, open it with a double click."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y < HEADER:
            return
        position = self.scroll_offset.y + offset.y - HEADER
        if position >= self._count:
            return
        self.move_cursor(position)
        if event.chain == 2:
            self.action_open()
        elif offset.x < GUTTER - 1:
            self.toggle_mark()

    def on_mouse_scroll_up(self) -> None:
        """The user looks elsewhere: stop following."""
        self.following = False

    # The same on the scroll bar: a click beside its grip, and dragging it.
    on_scroll_up = on_scroll_to = on_mouse_scroll_up
