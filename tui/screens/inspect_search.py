"""Searching in the inspector: which part is searched, and what keys do while there is something found."""

from __future__ import annotations

from textual.screen import Screen

from ..inspector.body_panel import BodyPanel
from ..inspector.book import Book, Kind, Look
from ..inspector.document_view import DocumentView
from ..inspector.finder import Finder
from ..inspector.off_loop import OffLoop
from ..inspector.search import Match, pattern_of
from ..inspector.search_line import SearchLine


class Searches:
    """The one search of an inspector."""

    def __init__(
        self,
        screen: Screen[None],
        line: SearchLine,
        details: DocumentView,
        body: BodyPanel,
        off_loop: OffLoop,
    ) -> None:
        """What is typed in `line` is searched for in `details` or in `body`, whichever had the keys."""
        self._screen = screen
        self._line = line
        self._views = (details, body.view)
        self._body = body
        self._finder = Finder(off_loop, line.say)
        self._view: DocumentView | None = None

    @property
    def active(self) -> bool:
        """Whether keys go from match to match."""
        return self._finder.active

    def ask(self, view: DocumentView) -> None:
        """Let the user type what to search for in a part of the inspector."""
        self._view = view
        self._line.open()

    def begin(self, typed: str) -> None:
        """Search for what was typed."""
        pattern, view = pattern_of(typed), self._view
        if pattern is None or view is None:
            self.end()
            return
        view.focus()
        for other in self._views:
            other.light_up(pattern if other is view else None)
        panel = self._body
        if view is panel.view and panel.book is not None:
            self._finder.begin(panel.go_to)
            search = self._finder.search(panel.book, pattern, (panel.page, view.line))
        else:
            self._finder.begin(self._go_to)
            search = self._finder.search(_book_of(view), pattern, (0, 0))
        self._screen.run_worker(search, exclusive=True, group="search")

    def end(self) -> None:
        """Search no more, and give the keys back."""
        if self.active or self._line.has_class("-open"):
            self._finder.end()
            self._line.close()
            for view in self._views:
                view.light_up(None)
            if self._view is not None:
                self._view.focus()

    async def step(self, step: int) -> None:
        """Go to the next match or the one before."""
        await self._finder.step(step)

    async def _go_to(self, match: Match) -> None:
        if self._view is not None:
            await self._view.go_to(match.line, match.at)


def _book_of(view: DocumentView) -> Book:
    document = view.rows.document
    return Book("", 1, lambda *_: document, (Look.RAW,), Look.RAW, Kind.TEXT)
