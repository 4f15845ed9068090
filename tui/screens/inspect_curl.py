"""The curl command as text, for terminals that let no program write to the clipboard."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

_HINT = (
    "Copied. Where the terminal takes no clipboard: select the command with the mouse "
    "(with shift held, where the terminal needs that). Secrets are masked. esc closes."
)


class CurlScreen(ModalScreen[None]):
    """Shows a command with nothing beside it, so that selecting whole lines takes the command alone."""

    DEFAULT_CSS = """
    CurlScreen { align: center middle; }
    CurlScreen #curl { width: 100%; height: auto; max-height: 80%; background: $surface; padding: 1 0;
        border-top: solid $primary; border-bottom: solid $primary; }
    CurlScreen .curl--hint { color: $text-muted; margin: 1 0 0 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,y,enter", "close", "Close")]

    def __init__(self, command: str) -> None:
        """`command` is printable, and one line."""
        super().__init__()
        self._command = command

    def compose(self) -> ComposeResult:
        """The command, and what to do with it."""
        with VerticalScroll(id="curl"):
            yield Static(Content(self._command), id="curl-command", markup=False)
            yield Static(Content(_HINT), classes="curl--hint", markup=False)

    def action_close(self) -> None:
        """Go back."""
        self.dismiss()
