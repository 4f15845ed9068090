"""Editing one request and sending it again."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static, TextArea

from ...core.errors import FetchdeckError
from ...core.journal.records import RequestDetail
from ...core.model import EditedRequest
from ...core.printable import printable
from ..figures import size
from ..inspector.editing import Draft, body_is_text, draft_of, edited
from ..widgets.field import Field
from ..widgets.text_block import TextBlock

_LONGEST_URL = 65_536
_HINT = "ctrl+s sends · esc leaves it as it is · tab next field · *** left in place stands for the secret"


class EditScreen(ModalScreen[None]):
    """Takes the edited request and gives it to `send`; stays open while that refuses it."""

    CSS_PATH = "inspect_edit.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "send", "Send", priority=True),
        Binding("escape", "cancel", "Cancel", priority=True),
    ]

    def __init__(self, detail: RequestDetail, send: Callable[[EditedRequest], None]) -> None:
        """`send` raises FetchdeckError, with a sentence, where the request cannot be sent."""
        super().__init__()
        self._detail = detail
        self._send = send

    def compose(self) -> ComposeResult:
        """Method and URL, the headers, the body, and what the keys do."""
        draft = draft_of(self._detail)
        with Vertical(classes="dialog", id="edit") as dialog:
            dialog.border_title = Content(f"Edit request {self._detail.row.id} and send it again")
            with Horizontal(id="edit-line"):
                yield Field(draft.method, compact=True, max_length=24, id="edit-method")
                yield Field(draft.url, compact=True, max_length=_LONGEST_URL, id="edit-url")
            yield Static("Headers, one a line", classes="edit--label", markup=False)
            yield TextBlock(draft.headers, id="edit-headers")
            if body_is_text(self._detail.body):
                yield Static("Body", classes="edit--label", markup=False)
                yield TextBlock(draft.body, id="edit-body")
            else:
                kept = f"Body: {size(len(self._detail.body or b''))} that are no short text are sent as they are."
                yield Static(kept, classes="edit--label", markup=False)
            yield Static(Content(_HINT), classes="dialog--hint", markup=False)

    def on_mount(self) -> None:
        """Begin with what is edited most."""
        self.query_one("#edit-url", Field).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a field goes to the next one; sending takes a key of its own."""
        event.stop()
        self.focus_next()

    def action_send(self) -> None:
        """Send what stands there, or say why it cannot be sent."""
        body = self.query("#edit-body")
        before = draft_of(self._detail)
        draft = Draft(
            self.query_one("#edit-method", Field).value,
            self.query_one("#edit-url", Field).value,
            self.query_one("#edit-headers", TextArea).text,
            self.query_one("#edit-body", TextArea).text if body else before.body,
        )
        try:
            self._send(edited(self._detail, draft))
        except FetchdeckError as error:
            hint = self.query_one(".dialog--hint", Static)
            hint.update(Content(printable(str(error))))
            hint.add_class("-error")
        else:
            self.dismiss()

    def action_cancel(self) -> None:
        """Leave the request as it is."""
        self.dismiss()
