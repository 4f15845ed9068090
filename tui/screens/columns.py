"""Choosing the columns of a table: which are shown, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static

_KEYS = "space shows or hides · shift+↑ shift+↓ moves · u usual ones\nenter takes these · escape keeps what was there"


class Choice(Struct, frozen=True):
    """All columns of a table in the order of the dialog; those that are shown have a tick."""

    titles: tuple[str, ...]
    shown: frozenset[str]

    @classmethod
    def of(cls, available: Sequence[str], shown: Sequence[str]) -> Choice:
        """The shown ones first, as they stand; then the others, as the table has them."""
        return cls((*shown, *(title for title in available if title not in shown)), frozenset(shown))

    @property
    def chosen(self) -> tuple[str, ...]:
        """The shown ones in order."""
        return tuple(title for title in self.titles if title in self.shown)

    def toggled(self, at: int) -> Choice:
        """One shown or hidden; the last that is shown stays, since a table without columns shows nothing."""
        shown = self.shown ^ {self.titles[at]}
        return replace(self, shown=shown) if shown else self

    def moved(self, at: int, step: int) -> Choice:
        """One moved up or down, as far as there is a place."""
        to = at + step
        if not 0 <= to < len(self.titles):
            return self
        titles = list(self.titles)
        titles[at], titles[to] = titles[to], titles[at]
        return replace(self, titles=tuple(titles))


class ColumnList(OptionList):
    """The columns with their ticks; its keys are those of the dialog."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.take", "Take these", show=False),
        Binding("space", "show_or_hide", "Show or hide", show=False),
        Binding("shift+up,K", "move(-1)", "Move up", show=False),
        Binding("shift+down,J", "move(1)", "Move down", show=False),
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
        Binding("u", "usual", "The usual ones", show=False),
    ]

    def __init__(self, choice: Choice, usual: Choice) -> None:
        """`usual` is what `u` brings back."""
        super().__init__(*_lines(choice), compact=True, markup=False)
        self.choice = choice
        self._usual = usual

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A click shows or hides."""
        event.stop()
        self._show(self.choice.toggled(event.option_index), event.option_index)

    def action_show_or_hide(self) -> None:
        """Show or hide the column under the cursor."""
        if self.highlighted is not None:
            self._show(self.choice.toggled(self.highlighted), self.highlighted)

    def action_move(self, step: int) -> None:
        """Move the column under the cursor, and the cursor with it."""
        if self.highlighted is not None:
            moved = self.choice.moved(self.highlighted, step)
            self._show(moved, self.highlighted + step if moved != self.choice else self.highlighted)

    def action_usual(self) -> None:
        """Bring the usual columns back."""
        self._show(self._usual, 0)

    def _show(self, choice: Choice, at: int) -> None:
        self.choice = choice
        self.clear_options()
        self.add_options(_lines(choice))
        self.highlighted = at


class ColumnsScreen(ModalScreen[tuple[str, ...] | None]):
    """Dismissed with the titles to show, in order; with None when the user thinks better of it."""

    BINDINGS = [Binding("escape", "leave", "Cancel")]  # noqa: RUF012

    def __init__(self, available: Sequence[str], shown: Sequence[str], usual: Sequence[str]) -> None:
        """Titles: all that there are, those shown now, and those shown unless others are chosen."""
        super().__init__()
        self._choice = Choice.of(available, shown)
        self._usual = Choice.of(available, usual)

    def compose(self) -> ComposeResult:
        """The list, and its keys."""
        with Vertical(classes="dialog", id="columns") as dialog:
            dialog.border_title = Content("Columns")
            yield ColumnList(self._choice, self._usual)
            yield Static(Content(_KEYS), classes="dialog--hint", markup=False)

    def action_take(self) -> None:
        """Show these."""
        self.dismiss(self.query_one(ColumnList).choice.chosen)

    def action_leave(self) -> None:
        """Leave the columns as they are."""
        self.dismiss(None)


def _lines(choice: Choice) -> list[Content]:
    return [Content(f"{'☑' if title in choice.shown else '☐'} {title}") for title in choice.titles]
