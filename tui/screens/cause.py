"""One cause of failure in full, where the screen has no room for it below the table."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ...core.journal.cause_detail import CauseDetail
from ...core.journal.records import Cause
from ..cause_story import story


class CauseScreen(ModalScreen[None]):
    """Shows a cause as it was when it was opened; any of the keys that leave a dialog closes it."""

    CSS_PATH = "cause.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q,d", "close", "Close")]

    def __init__(self, cause: Cause, detail: CauseDetail, now: float) -> None:
        """`now` is the wall clock, or when a run that is over last failed."""
        super().__init__()
        self._story = story(cause, detail, now)
        self._id = cause.id

    def compose(self) -> ComposeResult:
        """All of it, scrolled where it is longer than the screen."""
        with Vertical(classes="dialog", id="cause") as dialog:
            dialog.border_title = Content(f"Cause {self._id}")
            dialog.border_subtitle = Content(f"escape closes · filter and --where: cause:{self._id}")
            with VerticalScroll():
                yield Static(self._story, markup=False)

    def action_close(self) -> None:
        """Back to the table."""
        self.dismiss(None)
