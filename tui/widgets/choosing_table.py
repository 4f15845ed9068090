"""A table's choices: which rows are marked, what they are sorted by, and which columns are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from msgspec.structs import replace
from textual.strip import Strip

from .columns import Column
from .line_table import LineTable, R
from .table_foot import Foot
from .table_marks import MOST, Marks
from .table_sort import Chooser, Sorting, sorted_rows


class ChoosingTable(LineTable[R]):
    """Rows that can be marked and sorted, in columns that can be chosen."""

    MARKABLE: ClassVar[bool] = True
    """Whether commands act on marked rows."""
    NATURAL: ClassVar[str] = "as they come"
    """What the order is called that rows have by themselves."""

    def __init__(
        self,
        columns: Sequence[Column[R]],
        *,
        empty: str,
        more: Sequence[Column[R]] = (),
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        """`empty` says what the table is for while it has no rows; `more` columns are shown when they are chosen."""
        super().__init__(columns, empty=empty, id=id, classes=classes)
        self.available: tuple[Column[R], ...] = (*columns, *more)
        """All columns there are."""
        self.usual = tuple(column.title for column in columns)
        """Titles of the columns that are shown unless others are chosen."""
        self.marks = Marks()
        self.sorting: Sorting | None = None
        self.chooser: Chooser | None = None
        """The choice of an order under way."""

    def order_changed(self) -> None:
        """Called when rows are to be in another order; a subclass brings them into it."""

    def in_order(self, rows: Iterable[R]) -> tuple[R, ...]:
        """Rows that are all in memory, in the order that is wanted."""
        column, sorting = self.sorted_column, self.sorting
        if column is None or sorting is None or not callable(column.sort):
            return tuple(rows)
        return sorted_rows(rows, column.sort, sorting.descending)

    async def keys_between(self, first: int, last: int) -> tuple[int, ...]:
        """The keys of the rows at these positions, both included, `MOST` at most."""
        rows = (self.row_at(at) for at in range(first, min(last + 1, first + MOST)))
        return tuple(self.key_of(row) for row in rows if row is not None)

    def all_marks(self) -> Marks:
        """Every row marked: by the table's filter, unless a subclass has so few that it can name them."""
        return Marks(everything=True)

    @property
    def can_follow(self) -> bool:
        """Whether the newest rows come last at the moment."""
        return self.FOLLOWS and self.sorting is None

    @property
    def sorted_column(self) -> Column[R] | None:
        """The column that rows are sorted by; None in the natural order."""
        title = None if self.sorting is None else self.sorting.title
        return next((column for column in self.available if column.title == title), None)

    @property
    def shown_columns(self) -> tuple[str, ...]:
        """Titles of the columns that are shown where there is room for them."""
        return tuple(column.title for column in self._painter.columns)

    @property
    def marked(self) -> frozenset[int]:
        """Keys of the rows that are marked one by one, those out of sight included."""
        return self.marks.keys

    def chosen_ids(self) -> tuple[int, ...]:
        """What a command is to act on: the marked rows, else the one that was last painted under the cursor."""
        if self.marks:
            return tuple(sorted(self.marks.keys))
        if (row := self.selected) is None:
            return ()
        return (self.key_of(row) if self._painted is None else self._painted,)

    def is_marked(self, row: R) -> bool:
        """Whether a row is drawn with a mark."""
        return self.marks.holds(self.key_of(row))

    def set_marks(self, marks: Marks) -> None:
        """Mark these rows and no others."""
        if marks != self.marks:
            self.marks = marks
            self.refresh()

    def clear_marks(self) -> None:
        """Take all marks away."""
        self.set_marks(Marks())

    def toggle_mark(self) -> None:
        """Mark the selected row, or take its mark away."""
        if self.marks.everything:
            self.notify("All rows are marked; escape takes the marks away.", markup=False, timeout=3)
        elif self.MARKABLE and (row := self.selected) is not None:
            self.set_marks(self.marks.toggled(self.key_of(row)))

    def sort_by(self, sorting: Sorting | None) -> None:
        """Show the rows in this order, None for the natural one: from its beginning, or at its newest row."""
        self.chooser = None
        if sorting != self.sorting:
            self.sorting = sorting
            self.order_changed()
            self.move_cursor(self.row_count - 1 if self.can_follow else 0, follow=True)
        self.refresh()

    def show_columns(self, titles: Sequence[str]) -> None:
        """Show the columns of these titles, in this order; without any that the table has, the usual ones."""
        by_title = {column.title: column for column in self.available}
        columns = [by_title[title] for title in titles if title in by_title]
        self._painter.set_columns(columns or [by_title[title] for title in self.usual])
        self.refresh()

    def head(self) -> Strip:
        """The titles, or the choice of an order under way."""
        if self.chooser is not None:
            return self._painter.choices(self.chooser.titles(self.NATURAL), self.chooser.at)
        return self._painter.header(self.sorting)

    def foot(self) -> Foot:
        """What the line below the rows tells."""
        marks = self.marks
        marked = marks.count(self.row_count)
        return replace(super().foot(), marked=marked, everything=marks.everything, sorting=self.sorting)
