"""The panel that shows a request at a glance: how it was asked, and what came back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget

from ...core.detail import request_detail
from ...core.errors import FetchdeckError
from ...core.journal.folder import RunFolder
from ...core.journal.reader import JournalReader
from ...core.journal.records import RequestDetail, ResponseRecord
from ...core.printable import printable
from ..body_text import LIMIT, BodyText, body_text, plain
from ..spans import Line, Span
from ..unreadable import unreadable
from ..widgets.columns import Tone
from ..widgets.journal_table_columns import state_cell
from ..widgets.quantities import size
from .inspect_sections import exchange_lines
from .inspect_view import LinesView

_WIDEST = 140
_SCROLLBAR = 1


class RequestPanel(Vertical):
    """Reads one request of the journal and shows it, secrets masked, with the beginning of its body."""

    DEFAULT_CSS = f"""
    RequestPanel {{
        width: 100%; height: 100%; max-width: {_WIDEST}; padding: 0 1;
        border: round $primary; background: $surface;
    }}
    """

    def __init__(
        self,
        reader: JournalReader,
        *,
        above: Iterable[Widget] = (),
        below: Iterable[Widget] = (),
    ) -> None:
        """`reader` is open; what stands above and below the text does not scroll with it."""
        super().__init__()
        self._above, self._below = above, below
        self._lines = LinesView(id="inspect-lines")
        self._reader = reader
        self._request: int | None = None
        self.detail: RequestDetail | None = None
        """What is shown; None while it is read, or when it cannot be."""
        self._body: BodyText | None = None
        self._trouble = "Reading…"
        self.prefix = ""
        """Stands before the request's number in the title, such as `2 of 3 · `."""

    def compose(self) -> ComposeResult:
        """The text between what frames it."""
        yield from self._above
        yield self._lines
        yield from self._below

    def on_mount(self) -> None:
        """Give the text the keys."""
        self._lines.focus()

    def show_request(self, request: int) -> None:
        """Show another request, as soon as it is read."""
        self._request = request
        self.run_worker(self._read(request), exclusive=True, group="request")

    def show_trouble(self, sentence: str) -> None:
        """Show why there is no request to show."""
        self._trouble = sentence
        self._show()

    def on_resize(self) -> None:
        """Draw the bars for the new width."""
        self._show()

    async def _read(self, request: int) -> None:
        folder = self._reader.path.parent
        detail, body = None, None
        try:
            detail = await request_detail(self._reader, request)
            if detail is not None and (response := detail.response) is not None:
                body = await self._reader.read(lambda _: load_body(response, folder))
            self._trouble = f"There is no request {request} in the journal."
        except (sqlite3.Error, FetchdeckError) as error:
            self._trouble = unreadable(error)
        self.detail, self._body = detail, body
        self._show()
        self._lines.scroll_home(animate=False)

    def _show(self) -> None:
        detail = self.detail
        if detail is None:
            named = "" if self._request is None else f"{self.prefix}request {self._request}"
            self.border_title = Content(named)
            self._lines.show([self._trouble])
            return
        cell = state_cell(detail.row.state)
        self.border_title = Content(f"{self.prefix}request {detail.row.id} · {cell.text}")
        width = self.size.width - _SCROLLBAR
        lines: list[str | Line] = [*exchange_lines(detail, width)]
        body = self._body
        if body is not None:
            lines += [(), (Span(f"─── Body: {body.label} ", Tone.TITLE), Span("─" * 12, Tone.MUTED))]
            lines += body.lines
            shown = min(LIMIT, detail.response.bytes if detail.response else 0)
            if detail.response is not None and detail.response.bytes > shown:
                lines += [(), (Span(_cut_notice(detail.response.bytes), Tone.WARN),)]
        self._lines.show(lines, body.paint if body else plain)


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
