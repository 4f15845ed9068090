"""The line in which one types what to search for, and sees what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from ...core.printable import printable
from ..widgets.field import Field

_LONGEST = 200


class SearchLine(Horizontal):
    """Shown while a search is typed or under way."""

    DEFAULT_CSS = """
    SearchLine { height: 1; display: none; background: $panel; }
    SearchLine.-open { display: block; }
    SearchLine .search--mark { width: 3; padding: 0 1; color: $text-primary; }
    SearchLine Field { width: 1fr; background: $surface; }
    SearchLine .search--found { width: auto; max-width: 60%; padding: 0 1; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "End the search")]

    @dataclass
    class Submitted(Message):
        """Enter: search for this."""

        text: str

    @dataclass
    class Left(Message):
        """Escape: search no more."""

    def __init__(self) -> None:
        super().__init__()
        self._field = Field(compact=True, max_length=_LONGEST)
        self._found = Static("", classes="search--found", markup=False)

    def compose(self) -> ComposeResult:
        """A slash, what is typed, what was found."""
        yield Static("/", classes="search--mark", markup=False)
        yield self._field
        yield self._found

    def open(self) -> None:
        """Take what is typed, in the place of what was typed before."""
        self.add_class("-open")
        self._field.focus()
        self._field.select_all()
        self.say("enter searches · capitals count where you type them")

    def close(self) -> None:
        """Go away."""
        self.remove_class("-open")

    def say(self, text: str) -> None:
        """Tell what was found."""
        self._found.update(Content(printable(text)))

    def action_leave(self) -> None:
        """End the search."""
        self.post_message(self.Left())

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Submitted(event.value))

    @on(Input.Changed)
    def _ignore(self, event: Input.Changed) -> None:
        event.stop()
