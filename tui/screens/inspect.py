"""The inspector: one request in full, over the tables."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ...core.journal.reader import JournalReader
from ..curl import curl_command
from .request_panel import RequestPanel

NOTHING_TO_COPY = "There is nothing to copy: the row could not become a request."
Neighbour = Callable[[int, int], Awaitable[int | None]]
"""Given a request and a step, the request so many rows further down the table it was opened from, or None."""


class InspectScreen(ModalScreen[None]):
    """Shows one request, and the next or previous one of the table it was opened from."""

    DEFAULT_CSS = """
    InspectScreen { align: center middle; }
    InspectScreen .inspect--hint { height: 1; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "Close"),
        Binding("n", "step(1)", "Next"),
        Binding("N", "step(-1)", "Previous"),
        Binding("y", "copy", "Copy as curl"),
    ]

    def __init__(self, reader: JournalReader, request: int, neighbour: Neighbour | None = None) -> None:
        """`neighbour` finds what `n` and `N` go to; without one they do nothing."""
        super().__init__()
        self._reader = reader
        self._request = request
        self._neighbour = neighbour

    @property
    def request(self) -> int:
        """The number of the request that is shown."""
        return self._request

    def compose(self) -> ComposeResult:
        """The text, and a line of keys below it."""
        hint = "esc closes · n next · N previous · y copy as curl · ↑↓ scroll"
        below = Static(Content(hint), classes="inspect--hint", markup=False)
        yield RequestPanel(self._reader, below=[below])

    def on_mount(self) -> None:
        """Read the request."""
        self.query_one(RequestPanel).show_request(self._request)

    def action_close(self) -> None:
        """Go back to the table."""
        self.dismiss()

    def action_copy(self) -> None:
        """Copy the request as a curl command; it also stands at the end of the text."""
        detail = self.query_one(RequestPanel).detail
        if detail is None:
            return
        if detail.row.url:
            self.app.copy_to_clipboard(curl_command(detail))
            # The toast outlives the inspector: it must not speak of what is on screen.
            self.notify("Copied as curl, secrets masked.", markup=False, timeout=3)
        else:
            self.notify(NOTHING_TO_COPY, markup=False, timeout=3)

    async def action_step(self, step: int) -> None:
        """Show the next or the previous request of the table."""
        found = await self._neighbour(self._request, step) if self._neighbour else None
        if found is not None:
            self._request = found
            self.query_one(RequestPanel).show_request(found)
