"""A question before a command that concerns many requests."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ...core.printable import printable
from ..widgets.dialog_footer import DialogFooter


class ConfirmScreen(ModalScreen[bool]):
    """Dismissed with True for yes; escape, which dismisses with False, is always a way out."""

    BINDINGS = [  # noqa: RUF012
        Binding("enter", "answer(True)", "Yes"),
        Binding("escape,q", "answer(False)", "No"),
    ]

    def __init__(self, title: str, sentence: str, yes: str) -> None:
        """`yes` says what enter does."""
        super().__init__()
        self._title = title
        self._sentence = sentence
        self._yes = yes

    def compose(self) -> ComposeResult:
        """What is to be done, and the two answers."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(self._title)
            yield Static(Content(printable(self._sentence)), classes="dialog--hint", markup=False)
            yield Static(
                Content.assemble(
                    ("enter ", "bold $primary"), f"  {self._yes}\n",
                    ("escape", "bold $primary"), "  leave everything as it is",
                ),
                classes="dialog--keys",
                markup=False,
            )  # fmt: skip
        yield DialogFooter(self.BINDINGS)

    def action_answer(self, yes: bool) -> None:
        """Close with the answer."""
        self.dismiss(yes)
