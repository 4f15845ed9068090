"""The inspector: one request in full, over the tables, live while it is under way."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from functools import partial

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.reactive import var
from textual.screen import ModalScreen

from ...core.errors import FetchdeckError
from ...core.handle import EngineHandle
from ...core.journal.reader import JournalReader
from ...core.journal.records import RequestDetail
from ...core.model import State
from ...core.snapshot import InFlightRow, Snapshot
from ..following import Follower
from ..inspector.body_panel import BodyPanel
from ..inspector.commands import bindings, hints
from ..inspector.details import Section, tabs_of
from ..inspector.document_view import DocumentView
from ..inspector.off_loop import OffLoop
from ..inspector.search_line import SearchLine
from ..unreadable import unreadable
from ..widgets.journal_table_columns import state_cell
from ..widgets.key_footer import KeyFooter
from ..widgets.tab_bar import TabBar
from .inspect_commands import InspectCommands
from .inspect_details import DetailsPane
from .inspect_search import Searches

Neighbour = Callable[[int, int], Awaitable[int | None]]
"""Given a request and a step, the request so many rows further down the table it was opened from, or None."""
_COLUMNS_FROM, _STACKED_FROM = 150, 36
"""Cells of width from which body and the rest stand side by side; lines of height from which one above the other."""


class InspectScreen(Follower, ModalScreen[None]):
    """Shows one request, and the next or previous one of the table it was opened from."""

    CSS_PATH = "inspect.tcss"
    AUTO_FOCUS = "#inspector-details"
    BINDINGS = bindings()
    section: var[Section] = var(Section.REQUEST)

    def __init__(
        self,
        engine: EngineHandle,
        reader: JournalReader,
        request: int,
        neighbour: Neighbour | None = None,
    ) -> None:
        """`neighbour` finds what `n` and `N` go to; without one they do nothing."""
        super().__init__()
        self._engine = engine
        self._reader = reader
        self.request = request
        """The number of the request that is shown."""
        self._neighbour = neighbour
        self._off_loop = OffLoop()
        self._frame = Vertical(id="inspector")
        self.details = DocumentView(self._off_loop, id="inspector-details")
        """All but the body of the response."""
        self.body = BodyPanel(self._off_loop)
        """The body of the response."""
        self._tabs, self._footer, self._search_line = TabBar(), KeyFooter(), SearchLine()
        self._searches = Searches(self, self._search_line, self.details, self.body, self._off_loop)
        self._commands = InspectCommands(self, engine, reader, self._off_loop)
        self._pane = DetailsPane(self.details, self._off_loop)
        self._flight: InFlightRow | None = None
        self._reading: int | None = None
        self.detail: RequestDetail | None = None
        """What is shown; None while it is read, or when it cannot be."""

    def compose(self) -> ComposeResult:
        """The sections, the request beside its response's body, and the keys."""
        with self._frame:
            yield self._tabs
            with Container(id="inspector-panes"):
                yield self.details
                yield self.body
            yield self._search_line
            yield self._footer

    def on_mount(self) -> None:
        """Read the request."""
        self._arrange()
        self._read_again()

    def on_unmount(self) -> None:
        """Let go of what is under way."""
        self._off_loop.close()

    def on_resize(self, event: events.Resize) -> None:
        """Arrange for another size."""
        self._arrange()
        self.call_after_refresh(self._lay_out_again)

    def follow(self, snapshot: Snapshot) -> None:
        """Look whether the request has come further."""
        super().follow(snapshot)
        self._read_again()

    def watch_section(self) -> None:
        """Name the section that is looked at."""
        if self.is_mounted:
            self._relabel()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a command makes sense here and now; the footer shows those that do."""
        if not self.is_mounted:
            return True
        if action == "next":
            return self._neighbour is not None or self._searches.active
        if action == "fold":
            return self._focused_view().foldable
        about_body = self.body.possible(action)
        return self._commands.possible(action, self.detail) if about_body is None else about_body

    def action_back(self) -> None:
        """End the search, or go back to the table."""
        if self._searches.active:
            self._searches.end()
            self._relabel()
        else:
            self.dismiss()

    async def action_next(self, step: int) -> None:
        """Go to another match of the search, or to another request of the table."""
        if self._searches.active:
            await self._searches.step(step)
            return
        try:
            found = await self._neighbour(self.request, step) if self._neighbour else None
        except (sqlite3.Error, FetchdeckError) as error:
            self._pane.clear(unreadable(error))
            return
        if found is not None:
            self.request, self.detail = found, None
            self._pane.clear()
            self._read_again()

    def action_section(self, name: str) -> None:
        """Go to a section."""
        self.section = section = Section[name]
        self.set_class(section is Section.BODY, "-body")
        if section is Section.BODY:
            self.body.view.focus()
        else:
            self.details.focus()
            if section in self._pane.headings:
                self.details.to_line(self._pane.headings[section])
        self._relabel()

    def action_other(self) -> None:
        """From the body to the rest, and back."""
        self.action_section("REQUEST" if self.section is Section.BODY else "BODY")

    def action_look(self) -> None:
        """Look at the body in another way."""
        self._searches.end()
        self.body.next_look()

    def action_page(self, step: int) -> None:
        """Turn a page of the body."""
        self.body.turn(step)

    def action_fold(self, fold: bool) -> None:
        """Fold all blocks, or unfold them."""
        if self._focused_view() is self.body.view:
            self.body.fold_all(fold)
        else:
            self.details.fold_all(fold)

    def action_search(self) -> None:
        """Type what to search for."""
        self._searches.ask(self._focused_view())

    async def action_copy(self) -> None:
        """Copy the request as a curl command; the second time, show it."""
        await self._commands.copy_curl(self.detail)
        self._relabel()

    async def action_copy_body(self) -> None:
        """Copy the body, if it is small."""
        await self._commands.copy_body(self.body.source)

    async def action_save(self) -> None:
        """Save the body to a file."""
        await self._commands.save_body(self.request, self.body.source, self.body.book)

    def action_edit(self) -> None:
        """Edit the request and send it again."""
        self._commands.edit(self.detail)

    def action_retry(self) -> None:
        """Queue the request again."""
        self._commands.retry(self.request)
        self._read_again()

    def action_cancel(self) -> None:
        """Cancel the request, or skip it."""
        self._commands.cancel(self.request)
        self._read_again()

    @on(TabBar.Selected)
    def _select(self, event: TabBar.Selected) -> None:
        self.action_section(event.tab)

    def on_body_panel_changed(self) -> None:
        """Tell what can be done with the body that is shown now."""
        self._relabel()

    def on_descendant_focus(self) -> None:
        """Tell what can be done with what has the keys now."""
        if self.is_mounted:
            body = self._focused_view() is self.body.view
            if body != (self.section is Section.BODY):
                self.section = Section.BODY if body else Section.REQUEST
            self._relabel()

    @on(SearchLine.Submitted)
    def _search(self, event: SearchLine.Submitted) -> None:
        self._searches.begin(event.text)
        self._relabel()

    @on(SearchLine.Left)
    def _leave_search(self) -> None:
        self._searches.end()
        self._relabel()

    def _focused_view(self) -> DocumentView:
        focused = self.focused
        if isinstance(focused, DocumentView):
            return focused
        return self.body.view if self.section is Section.BODY else self.details

    def _arrange(self) -> None:
        width, height = self.app.size
        columns = width >= _COLUMNS_FROM
        self.set_class(columns, "-columns")
        self.set_class(not columns and height >= _STACKED_FROM, "-stacked")
        self.set_class(not columns and height < _STACKED_FROM, "-single")

    def _read_again(self) -> None:
        if self._reading == self.request:
            # A read that was given up for the next one each time would never come to its end.
            return
        self._reading = self.request
        self.run_worker(self._read(self.request), exclusive=True, group="request")

    async def _read(self, request: int) -> None:
        try:
            detail = await self._commands.changed(request, self.detail)
            trouble = f"There is no request {request} in the journal."
        except (sqlite3.Error, FetchdeckError) as error:
            detail, trouble = None, unreadable(error)
        flying = detail is not None and detail.row.state is State.IN_FLIGHT
        self._flight = self._commands.flight(request) if flying else None
        self.detail = detail
        if detail is None:
            self._pane.clear(trouble)
            self.body.show_nothing("")
            self._relabel()
        else:
            await self._show(detail)
        self._reading = None

    def _lay_out_again(self) -> None:
        if self.detail is not None and self._reading is None:
            self.run_worker(partial(self._show, self.detail), exclusive=True, group="request")

    async def _show(self, detail: RequestDetail) -> None:
        await self._pane.show(detail, self._flight)
        if self.detail is detail:
            self._show_body(detail)

    def _show_body(self, detail: RequestDetail) -> None:
        if detail.response is not None:
            self.body.show_body(detail.response, self._reader.path.parent)
        else:
            self.body.show_nothing("There is no response.")
        self._relabel()

    def _relabel(self) -> None:
        detail = self.detail
        title = f"request {self.request}"
        if detail is not None:
            title += f" · {state_cell(detail.row.state).text}"
        self._frame.border_title = Content(title)
        self._tabs.tabs = tabs_of(detail)
        self._tabs.active = self.section.name
        words = self._commands.words(detail, self.body.other_look, searching=self._searches.active)
        self._footer.hints = hints(lambda command: bool(self.check_action(command.name, ())), words)
