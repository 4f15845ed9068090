"""Searching a book: page by page, a few milliseconds at a time, up to a bound."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import NamedTuple

from ..pauses import Pauses
from .book import Book
from .document import Document, matches

MOST = 10_000
"""Matches that are kept."""
_REPORT_S = 0.2


class Match(NamedTuple):
    """Where something was found."""

    page: int
    line: int
    at: int


class Progress(NamedTuple):
    """What a search has come to."""

    found: list[Match]
    """New ones since the last report."""
    share: float
    """Of the book that has been searched, 0 to 1."""


def pattern_of(typed: str) -> re.Pattern[str] | None:
    """What was typed, as it stands; capitals matter only where there are some. None for nothing."""
    if not typed:
        return None
    return re.compile(re.escape(typed), 0 if typed != typed.lower() else re.IGNORECASE)


def search_document(
    document: Document, pattern: re.Pattern[str], page: int, pauses: Pauses
) -> Iterator[Match]:
    """Everything that is found in one document, in order. Raises StoppedError."""
    for line in range(len(document)):
        for start, _ in matches(document.text(line), pattern):
            yield Match(page, line, start)
        pauses.tick()


def search_book(book: Book, pattern: re.Pattern[str], first: int, pauses: Pauses) -> Iterator[Progress]:
    """Search all pages from `first` on, round to the one before it. Blocks; raises OSError, StoppedError."""
    found: list[Match] = []
    kept, reported = 0, time.monotonic()
    for number in range(book.count):
        page = (first + number) % book.count
        for match in search_document(book.load(page, pauses), pattern, page, pauses):
            found.append(match)
            kept += 1
            if kept >= MOST:
                yield Progress(found, (number + 1) / book.count)
                return
        if time.monotonic() - reported > _REPORT_S or (found and kept == len(found)):
            yield Progress(found, (number + 1) / book.count)
            found, reported = [], time.monotonic()
    yield Progress(found, 1.0)
