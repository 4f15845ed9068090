"""One event in full: in the table a long sentence is cut."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ...core.printable import printable
from ...core.snapshot import Event
from ..widgets.dialog_footer import DialogFooter
from ..widgets.quantities import clock


class EventScreen(ModalScreen[None]):
    """Shows the sentence of one event; any of the keys that leave a dialog closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q", "close", "Close")]

    def __init__(self, event: Event) -> None:
        super().__init__()
        self._event = event

    def compose(self) -> ComposeResult:
        """When, and what."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(f"{clock(self._event.at)} {self._event.kind.value}")
            yield Static(Content(printable(self._event.text)), classes="dialog--hint", markup=False)
        yield DialogFooter(self.BINDINGS)

    def action_close(self) -> None:
        """Back to the table."""
        self.dismiss(None)
