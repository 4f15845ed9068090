"""The body of a response, by page and in the look the user wants."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from ...core.journal.records import ResponseRecord
from ...core.printable import printable
from ..figures import size
from ..pauses import Pauses, StoppedError
from ..spans import Span
from ..unreadable import body_unreadable
from ..widgets.columns import Tone
from .book import Book, Look, open_book, page_title
from .document import Document, LineDocument, Rows
from .document_view import DocumentView
from .off_loop import OffLoop
from .search import Match
from .source import BodySource, body_source


class BodyPanel(Vertical):
    """Reads a body off the loop, and shows one page of it at a time."""

    DEFAULT_CSS = """
    BodyPanel > .body--title { height: 1; background: $panel; color: $text-muted; padding: 0 1; }
    """

    @dataclass
    class Changed(Message):
        """Another body, look or page is shown."""

    def __init__(self, off_loop: OffLoop, *, id: str | None = None) -> None:  # noqa: A002
        """`off_loop` is where bodies are read."""
        super().__init__(id=id)
        self._off_loop = off_loop
        self._wanted: tuple[ResponseRecord, Path] | None = None
        self._title = Static("", classes="body--title", markup=False)
        self.view = DocumentView(off_loop, id="inspector-body")
        """The text."""
        self._look = Look.PRETTY
        self._page = 0
        self.source: BodySource | None = None
        """The body that is shown; None before it is found."""
        self.book: Book | None = None
        """Its pages, as they are shown."""

    @property
    def page(self) -> int:
        """The number of the page that is shown, from 0."""
        return self._page

    def compose(self) -> ComposeResult:
        """What it is, above what it says."""
        yield self._title
        yield self.view

    def possible(self, action: str) -> bool | None:
        """Whether a command about bodies makes sense of this one; None for a command that is about something else."""
        looks = len(self.book.looks) if self.book is not None else 0
        pages = self.book.count if self.book is not None else 0
        there = self.source is not None and self.source.size > 0
        return {"look": looks > 1, "page": pages > 1, "save": there, "copy_body": there}.get(action)

    @property
    def other_look(self) -> Look:
        """The look that comes next."""
        looks = self.book.looks if self.book is not None else tuple(Look)
        return looks[(looks.index(self.book.look) + 1) % len(looks)] if self.book is not None else looks[0]

    def show_nothing(self, why: str) -> None:
        """Show that there is no body, and why."""
        self._off_loop.anew("body")
        self._wanted = self.source = self.book = None
        self._say("Body")
        self._put(LineDocument([(Span(printable(why), Tone.MUTED),)]))
        self.post_message(self.Changed())

    def show_body(self, response: ResponseRecord, folder: Path) -> None:
        """Show the body of a response below a run folder."""
        if self._wanted is None or self._wanted[0] != response:
            self._wanted, self.source, self.book = (response, folder), None, None
            self._say("Body · reading…")
            self._put(LineDocument([]))
            self._open()

    def next_look(self) -> None:
        """Look at the body in another way."""
        if self.book is not None:
            self._look = self.other_look
            self._open()

    def turn(self, step: int) -> None:
        """Go to another page, if there is one."""
        if self.book is not None and 0 <= self._page + step < self.book.count:
            self.run_worker(self._turn(self._page + step, end=step < 0), exclusive=True, group="body")

    def fold_all(self, fold: bool) -> None:
        """Fold all blocks below the outermost, or unfold all."""
        rows, line = self.view.rows, self.view.line

        def work(pauses: Pauses) -> Rows:
            return rows.refolded(rows.document.all_folds() if fold else (), pauses)

        self.run_worker(self._replace(work, line), exclusive=True, group="rows")

    async def go_to(self, match: Match) -> None:
        """Show where something was found."""
        if match.page != self._page:
            await self._turn(match.page)
        await self.view.go_to(match.line, match.at)

    def light_up(self, pattern: re.Pattern[str] | None) -> None:
        """Highlight what a search looks for."""
        self.view.light_up(pattern)

    def on_resize(self, event: events.Resize) -> None:
        """Lay out for another width."""
        view = self.view
        document, folds, width = view.rows.document, view.rows.folds, view.text_width
        if view.rows.width != width:

            def work(pauses: Pauses) -> Rows:
                rows = Rows(document, width, pauses)
                rows.fold(folds, pauses)
                return rows

            self.run_worker(self._replace(work, view.line), exclusive=True, group="rows")

    def _open(self) -> None:
        self.run_worker(self._read(), exclusive=True, group="body")

    async def _read(self) -> None:
        if self._wanted is None:
            return
        response, folder = self._wanted
        pauses = self._off_loop.anew("body")
        try:
            source = self.source or await self._off_loop.run(lambda: body_source(response, folder))
            self.source = source
            if not source.size:
                self._say("Body · empty")
                self._put(LineDocument([(Span("The body is empty.", Tone.MUTED),)]))
            else:
                kind, look = content_type(response), self._look
                self.book = await self._off_loop.run(lambda: open_book(source, kind, look, pauses))
                await self._turn(0)
        except StoppedError:
            return
        except OSError as error:
            self._fail(response, error)
        self.post_message(self.Changed())

    async def _turn(self, page: int, *, end: bool = False) -> None:
        book, source = self.book, self.source
        if book is None or source is None or self._wanted is None:
            return
        pauses, width = self._off_loop.anew("body"), self.view.text_width
        try:
            rows = await self._off_loop.run(lambda: _rows(book.load(page, pauses), width, pauses))
            where = ""
            if book.count > 1 and book.bounds is not None:
                bounds = await self._off_loop.run(lambda: book.bounds(page) if book.bounds else (0, 0))
                where = f" · {page_title(page, book.count, bounds, source.size)}"
        except StoppedError:
            return
        except OSError as error:
            self._fail(self._wanted[0], error)
            return
        self._page = page
        self._say(f"Body · {book.label}{where or f' · {size(source.size)}'}")
        self.view.show(rows)
        if end:
            self.view.action_edge(1)
        self.post_message(self.Changed())

    async def _replace(self, work: Callable[[Pauses], Rows], line: int) -> None:
        pauses = self._off_loop.anew("rows")
        document = self.view.rows.document
        try:
            rows = await self._off_loop.run(lambda: work(pauses))
        except StoppedError:
            return
        if self.view.rows.document is document:
            self.view.show(rows, line=line)

    def _put(self, document: Document) -> None:
        self._page = 0
        self.view.show(Rows(document, self.view.text_width))

    def _fail(self, response: ResponseRecord, error: OSError) -> None:
        self.book = None
        sentence = body_unreadable(error, response.body_path or "The body")
        self._put(LineDocument([(Span(sentence, Tone.WARN),)]))

    def _say(self, title: str) -> None:
        self._title.update(Content(printable(title)))


def content_type(response: ResponseRecord) -> str:
    """What the server says the body is."""
    return next((value for name, value in response.headers if name.lower() == "content-type"), "")


def _rows(document: Document, width: int, pauses: Pauses) -> Rows:
    rows = Rows(document, width, pauses)
    rows.fold(document.first_folds(), pauses)
    return rows
