"""The inspector: one request in full, over the tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ...core.detail import request_detail
from ...core.errors import FetchdeckError
from ...core.journal.folder import RunFolder
from ...core.journal.reader import JournalReader
from ...core.journal.records import RequestDetail, ResponseRecord
from ...core.printable import printable
from ..body_text import LIMIT, BodyText, body_text, plain
from ..curl import curl_command
from ..spans import Line, Span
from ..widgets.columns import Tone
from ..widgets.journal_table_columns import state_cell
from ..widgets.quantities import size
from .inspect_sections import curl_lines, request_lines
from .inspect_view import LinesView

_WIDEST = 140
_FRAME = 5
"""Cells that border, padding and scrollbar take."""
NOTHING_TO_COPY = "There is nothing to copy: the row could not become a request."
Neighbour = Callable[[int, int], Awaitable[int | None]]
"""Given a request and a step, the request so many rows further down the table it was opened from, or None."""


class InspectScreen(ModalScreen[None]):
    """Shows one request: how it was asked, each attempt on a line of time, headers and the body's beginning."""

    DEFAULT_CSS = f"""
    InspectScreen {{ align: center middle; }}
    InspectScreen > Vertical {{
        width: 100%; height: 100%; max-width: {_WIDEST}; padding: 0 1;
        border: round $primary; background: $surface;
    }}
    InspectScreen .inspect--hint {{ height: 1; color: $text-muted; }}
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
        self._detail: RequestDetail | None = None
        self._body: BodyText | None = None
        self._trouble = "Reading…"

    @property
    def request(self) -> int:
        """The number of the request that is shown."""
        return self._request

    def compose(self) -> ComposeResult:
        """The text, and a line of keys below it."""
        with Vertical():
            yield LinesView(id="inspect-lines")
            hint = "esc closes · n next · N previous · y copy as curl · ↑↓ scroll"
            yield Static(Content(hint), classes="inspect--hint", markup=False)

    def on_mount(self) -> None:
        """Read the request."""
        self.query_one(LinesView).focus()
        self._load()

    def action_close(self) -> None:
        """Go back to the table."""
        self.dismiss()

    def action_copy(self) -> None:
        """Copy the request as a curl command; it also stands at the end of the text."""
        if self._detail is None:
            return
        if self._detail.row.url:
            self.app.copy_to_clipboard(curl_command(self._detail))
            # The toast outlives the inspector: it must not speak of what is on screen.
            self.notify("Copied as curl, secrets masked.", markup=False, timeout=3)
        else:
            self.notify(NOTHING_TO_COPY, markup=False, timeout=3)

    async def action_step(self, step: int) -> None:
        """Show the next or the previous request of the table."""
        found = await self._neighbour(self._request, step) if self._neighbour else None
        if found is not None:
            self._request = found
            self._load()

    def on_resize(self) -> None:
        """Draw the bars for the new width."""
        self._show()

    def _load(self) -> None:
        self.run_worker(self._read(self._request), exclusive=True, group="inspect")

    async def _read(self, request: int) -> None:
        folder = self._reader.path.parent
        detail, body = None, None
        try:
            detail = await request_detail(self._reader, request)
            if detail is not None and (response := detail.response) is not None:
                body = await self._reader.read(lambda _: load_body(response, folder))
            self._trouble = f"There is no request {request} in the journal."
        except (sqlite3.Error, FetchdeckError) as error:
            self._trouble = printable(f"The journal cannot be read: {error}")
        self._detail, self._body = detail, body
        self._show()
        self.query_one(LinesView).scroll_home(animate=False)

    def _width(self) -> int:
        return min(_WIDEST, self.size.width) - _FRAME

    def _show(self) -> None:
        panel = self.query_one(Vertical)
        detail = self._detail
        if detail is None:
            panel.border_title = Content(f"request {self._request}")
            self.query_one(LinesView).show([self._trouble])
            return
        cell = state_cell(detail.row.state)
        panel.border_title = Content(f"request {detail.row.id} · {cell.text}")
        lines: list[str | Line] = [*request_lines(detail, self._width())]
        body = self._body
        if body is not None:
            lines += [(), (Span(f"─── Body: {body.label} ", Tone.TITLE), Span("─" * 12, Tone.MUTED))]
            lines += body.lines
            shown = min(LIMIT, detail.response.bytes if detail.response else 0)
            if detail.response is not None and detail.response.bytes > shown:
                lines += [(), (Span(_cut_notice(detail.response.bytes), Tone.WARN),)]
        lines += curl_lines(detail)
        self.query_one(LinesView).show(lines, body.paint if body else plain)


def load_body(response: ResponseRecord, folder: Path) -> BodyText | None:
    """The beginning of a body as text, from the journal or from its file below the run folder. Blocks."""
    data = response.body
    if data is None and response.body_path is not None:
        try:
            body = RunFolder(folder).body(response.body_path)
            if body is None:
                raise ValueError
            with body.open("rb") as file:
                data = file.read(LIMIT)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no name of a body"
            return BodyText(printable(f"{response.body_path} cannot be read: {why}"), (), plain)
    if not data:
        return None
    content_type = next((value for name, value in response.headers if name.lower() == "content-type"), "")
    return body_text(data[:LIMIT], content_type, cut=response.bytes > LIMIT)


def _cut_notice(octets: int) -> str:
    return (
        f"These are the first {size(LIMIT)} of {size(octets)}: `fetchdeck export RUN -o FILE` has it whole."
    )
