"""A search under way, or at rest with what it found: what is looked at next, and what is said of it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from ..figures import count
from ..pauses import StoppedError
from .book import Book
from .off_loop import OffLoop
from .search import MOST, Match, search_book

GoTo = Callable[[Match], Awaitable[None]]


class Finder:
    """Searches one book at a time off the loop, and walks through what it found."""

    def __init__(self, off_loop: OffLoop, say: Callable[[str], None]) -> None:
        """`say` is told how the search goes, in a few words."""
        self._off_loop = off_loop
        self._say = say
        self._found: list[Match] = []
        self._at = -1
        self._go_to: GoTo | None = None
        self._ended = ""

    @property
    def active(self) -> bool:
        """Whether there is a search whose matches one can walk through."""
        return self._go_to is not None

    def end(self) -> None:
        """Stop, and forget what was found."""
        self._off_loop.anew("search")
        self._found, self._at, self._go_to = [], -1, None

    def begin(self, go_to: GoTo) -> None:
        """A search comes: from now on keys go from match to match, which `go_to` shows."""
        self._found, self._at, self._go_to = [], -1, go_to

    async def search(self, book: Book, pattern: re.Pattern[str], start: tuple[int, int]) -> None:
        """Search a book from a page and line on, and go to the first match."""
        pauses = self._off_loop.anew("search")
        self._ended = " · searching"
        reports = search_book(book, pattern, start[0], pauses)
        try:
            while (progress := await self._off_loop.run(lambda: next(reports, None))) is not None:
                self._found += progress.found
                self._ended = "" if progress.share >= 1 else f" · searching, {progress.share:.0%}"
                if self._at < 0 and self._found:
                    await self._show(self._first_from(start))
                else:
                    self._tell()
        except StoppedError:
            return
        except OSError as error:
            self._ended = f" · the body cannot be read: {error.strerror}"
        if len(self._found) >= MOST:
            self._ended = f" · the first {count(MOST)} alone"
        self._tell()

    async def step(self, step: int) -> None:
        """Go to the next match or the one before, round at the ends."""
        if self._found:
            await self._show((self._at + step) % len(self._found))

    def _first_from(self, start: tuple[int, int]) -> int:
        page, line = start
        return next((n for n, match in enumerate(self._found) if match.page != page or match.line >= line), 0)

    async def _show(self, at: int) -> None:
        self._at = at
        self._tell()
        if self._go_to is not None:
            await self._go_to(self._found[at])

    def _tell(self) -> None:
        if self._found:
            self._say(f"{count(self._at + 1)} of {count(len(self._found))}{self._ended}")
        else:
            self._say(f"{self._ended.removeprefix(' · ') or 'not found'}")
