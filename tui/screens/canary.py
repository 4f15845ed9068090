"""The question after a run's first requests: what was sent, what came back, and whether the rest is to be sent."""

from __future__ import annotations

import sqlite3
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from ...core.errors import FetchdeckError
from ...core.journal.ended_rows import ended_rows
from ...core.journal.reader import JournalReader
from ...core.printable import printable
from ...core.snapshot import Asking, Snapshot
from ..unreadable import unreadable
from ..widgets.key_footer import KeyFooter, KeyHint
from .question import QuestionScreen
from .request_panel import RequestPanel

_MOST = 500
_HINTS = (
    KeyHint("p", "send the rest", "screen.decide('GO')"),
    KeyHint("n", "next", "screen.step(1)"),
    KeyHint("N", "previous", "screen.step(-1)"),
    KeyHint("q", "leave", "screen.decide('LEAVE')", pinned=True),
    KeyHint("esc", "decide later", "screen.later", pinned=True),
)


class CanaryScreen(QuestionScreen):
    """Shows the first requests with their replies, one at a time."""

    ASKING = Asking.CANARY

    CSS_PATH = "canary.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "decide('GO')", "Send the rest"),
        Binding("q", "decide('LEAVE')", "Drain and leave"),
        Binding("n,right", "step(1)", "Next"),
        Binding("N,left", "step(-1)", "Previous"),
        Binding("escape,o", "later", "Decide later"),
    ]

    def __init__(self, reader: JournalReader) -> None:
        """`reader` is open."""
        super().__init__()
        self._reader = reader
        self._question = Static(id="canary-question", markup=False)
        footer = KeyFooter()
        footer.hints = _HINTS
        self._panel = RequestPanel(reader, above=[self._question], below=[footer])
        self._ids: tuple[int, ...] = ()
        self._at = 0
        self._revision = -1

    def compose(self) -> ComposeResult:
        """The question, one request in full, the keys."""
        yield self._panel

    def on_mount(self) -> None:
        """Ask, and read what there is to show."""
        self.catch_up()

    def ask(self, snapshot: Snapshot) -> None:
        """Show the question, and read again when the journal has more."""
        self._question.update(Content(printable(snapshot.reason)))
        if snapshot.revision != self._revision:
            self._revision = snapshot.revision
            self.run_worker(self._read(), exclusive=True, group="canaries")

    def action_step(self, step: int) -> None:
        """Show another of them."""
        at = self._at + step
        if 0 <= at < len(self._ids):
            self._at = at
            self._show()

    async def _read(self) -> None:
        panel = self._panel
        try:
            ids = await ended_rows(self._reader, _MOST)
        except (sqlite3.Error, FetchdeckError) as error:
            panel.show_trouble(unreadable(error))
            return
        if not ids:
            panel.show_trouble("None of the first requests has ended with a reply or a failure.")
        elif ids != self._ids:
            shown = self._ids[self._at] if self._ids else ids[0]
            self._ids = ids
            self._at = ids.index(shown) if shown in ids else 0
            self._show()

    def _show(self) -> None:
        self._panel.prefix = f"{self._at + 1} of {len(self._ids)} · "
        self._panel.show_request(self._ids[self._at])
