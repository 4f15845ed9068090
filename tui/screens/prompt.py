"""A one-line question whose answer must be understood before it is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from ...core.errors import OptionError
from ...core.printable import printable
from ..widgets.dialog_footer import DialogFooter
from ..widgets.field import Field

T = TypeVar("T")
LONGEST = 24
"""Characters that a number may have: with them the longest error fits into its two lines."""


class Answer(Generic[T]):
    """What was typed, understood; wrapped, so that `None` may be an answer."""

    def __init__(self, value: T) -> None:
        self.value = value


class PromptScreen(ModalScreen["Answer[T] | None"], Generic[T]):
    """Asks for a text that `parse` understands; dismissed with None when the user thinks better of it."""

    BINDINGS = [  # noqa: RUF012
        Binding("enter", "take", "Take it"),
        Binding("escape", "cancel", "Cancel"),
    ]

    def __init__(
        self, title: str, hint: str, initial: str, parse: Callable[[str], T], *, longest: int = LONGEST
    ) -> None:
        """`parse` raises OptionError with a sentence for the user; `longest` is how many characters it may get."""
        super().__init__()
        self._title = title
        self._hint = hint
        self._initial = initial
        self._parse = parse
        self._longest = longest

    def compose(self) -> ComposeResult:
        """A title, the field, and a line for hints or errors."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(self._title)
            yield Field(self._initial, compact=True, max_length=self._longest)
            yield Static(Content(self._hint), classes="dialog--hint -steady", markup=False)
        yield DialogFooter(self.BINDINGS)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the answer, or say why it cannot be taken."""
        try:
            self.dismiss(Answer(self._parse(event.value)))
        except OptionError as error:
            hint = self.query_one(".dialog--hint", Static)
            hint.update(Content(printable(str(error))))
            hint.add_class("-error")

    async def action_take(self) -> None:
        """What enter does in the field."""
        await self.query_one(Field).action_submit()

    def action_cancel(self) -> None:
        """Close without an answer."""
        self.dismiss(None)
