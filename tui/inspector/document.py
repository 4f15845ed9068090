"""Documents of lines that fold, and the rows of the screen that show them; nothing here knows a widget."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from typing import NamedTuple, Protocol

from rich.cells import chop_cells

from ..pauses import Pauses
from ..spans import Line, Span, text_of

NARROWEST = 8
"""Cells that a row has at the least."""


_MANY_FOLDS = 1_000


class Document(Protocol):
    """Lines of printable text, each made when somebody asks for it."""

    @property
    def ends(self) -> Sequence[int]:
        """For each line the last one of the block that folds into it; its own number where nothing does."""
        ...

    def __len__(self) -> int: ...

    def text(self, line: int) -> str:
        """One line, printable."""
        ...

    def spans(self, line: int) -> Line:
        """The same text, coloured."""
        ...

    def folded(self, line: int, room: int) -> Line:
        """What stands behind a line whose block is folded, in about `room` cells."""
        ...

    def fits(self, line: int, width: int) -> bool:
        """Whether a line surely takes no more than `width` cells; a cheap answer, False when in doubt."""
        ...

    def first_folds(self) -> Sequence[int]:
        """What is folded when the document is opened."""
        ...

    def all_folds(self) -> Sequence[int]:
        """What is folded when all is folded; the outermost blocks may stay open."""
        ...


class LineDocument:
    """Lines that are there already."""

    def __init__(
        self, lines: Sequence[Line | str], ends: Sequence[int] | None = None, folds: Sequence[int] = ()
    ) -> None:
        """`ends` as the protocol has it, None where nothing folds; `folds` are folded at first."""
        self._lines = lines
        self._first_folds = folds
        self.ends: Sequence[int] = range(len(lines)) if ends is None else ends

    def __len__(self) -> int:
        return len(self._lines)

    def text(self, line: int) -> str:
        """One line."""
        found = self._lines[line]
        return found if isinstance(found, str) else text_of(found)

    def spans(self, line: int) -> Line:
        """One line, coloured."""
        found = self._lines[line]
        return (Span(found),) if isinstance(found, str) else found

    def folded(self, line: int, room: int) -> Line:
        """How much is folded away."""
        n = self.ends[line] - line
        return (Span(f" … {n} {'line' if n == 1 else 'lines'}"),)

    def fits(self, line: int, width: int) -> bool:
        """Measured where that is cheap."""
        text = self.text(line)
        return len(text) <= width and text.isascii()

    def first_folds(self) -> Sequence[int]:
        """Those that were given."""
        return self._first_folds

    def all_folds(self) -> Sequence[int]:
        """Every block."""
        return [line for line, end in enumerate(self.ends) if end > line]


class Place(NamedTuple):
    """A row of the screen: characters `start` to `end` of a line; `end` is None for up to its end."""

    line: int
    start: int
    end: int | None


class Rows:
    """The rows that a document takes at one width, without those of folded blocks.

    Lines of a row stand in flat arrays, so that folding moves memory and never walks a hundred thousand lines.
    """

    def __init__(self, document: Document, width: int, pauses: Pauses | None = None) -> None:
        """Measure every line: for a large document do that on a thread, with `pauses`."""
        self.document = document
        self.width = max(NARROWEST, width)
        self._all_lines, self._all_starts = array("L"), array("L")
        self._first = array("L")
        for line in range(len(document)):
            self._first.append(len(self._all_lines))
            if document.fits(line, self.width):
                self._all_lines.append(line)
                self._all_starts.append(0)
            else:
                self._measure(line)
            if pauses is not None:
                pauses.tick()
        self._first.append(len(self._all_lines))
        self._lines, self._starts = self._all_lines, self._all_starts
        # Arrays are replaced when all folds change, and edited in place only when they are not the shared ones.
        self._folded: set[int] = set()
        self._heads: list[int] = []
        """The same in order."""

    def __len__(self) -> int:
        return len(self._lines)

    def place(self, row: int) -> Place:
        """What a row shows."""
        line, start = self._lines[row], self._starts[row]
        more = row + 1 < len(self._lines) and self._lines[row + 1] == line
        return Place(line, start, self._starts[row + 1] if more else None)

    def row_of(self, line: int, at: int = 0) -> int:
        """The row that shows a character of a line; of one in a folded block the row of its visible head."""
        first = bisect_left(self._lines, line)
        if first == len(self._lines) or self._lines[first] != line:
            return max(0, first - 1)
        last = bisect_right(self._lines, line, first)
        return bisect_right(self._starts, at, first, last) - 1

    @property
    def folds(self) -> frozenset[int]:
        """The lines whose blocks are folded."""
        return frozenset(self._folded)

    def is_folded(self, line: int) -> bool:
        """Whether the block of a line is folded away."""
        return line in self._folded

    def can_fold(self, line: int) -> bool:
        """Whether a line has a block."""
        return self.document.ends[line] > line

    def is_costly(self, line: int) -> bool:
        """Whether to unfold a block takes so long that it belongs on a thread."""
        inside = bisect_left(self._heads, self.document.ends[line] + 1) - bisect_right(self._heads, line)
        return line in self._folded and inside > _MANY_FOLDS

    def toggled(self, line: int) -> Rows:
        """The same document with one block folded or unfolded."""
        rows = self._copied()
        rows.toggle(line)
        return rows

    def toggle(self, line: int) -> None:
        """Fold or unfold the block of a line."""
        if not self.can_fold(line):
            return
        if line in self._folded:
            self._folded.remove(line)
            del self._heads[bisect_left(self._heads, line)]
        else:
            self._folded.add(line)
            insort(self._heads, line)
        end = self.document.ends[line]
        first, last = bisect_right(self._lines, line), bisect_right(self._lines, end)
        if not first or self._lines[first - 1] != line:
            # A block around it is folded; what it shows changes when that is unfolded.
            return
        lines, starts = array("L"), array("L")
        if line not in self._folded:
            for begin, stop in self._open_runs(line + 1, end + 1):
                lines.extend(self._all_lines[begin:stop])
                starts.extend(self._all_starts[begin:stop])
        if self._lines is self._all_lines:
            self._lines, self._starts = self._all_lines[:], self._all_starts[:]
        self._lines[first:last], self._starts[first:last] = lines, starts

    def fold(self, lines: Iterable[int], pauses: Pauses | None = None) -> None:
        """Fold exactly these blocks; those of a large document on a thread, with `pauses`."""
        self._folded = {line for line in lines if line < len(self.document) and self.can_fold(line)}
        self._heads = sorted(self._folded)
        if not self._folded:
            self._lines, self._starts = self._all_lines, self._all_starts
            return
        new_lines, new_starts = array("L"), array("L")
        for begin, stop in self._open_runs(0, len(self.document)):
            new_lines.extend(self._all_lines[begin:stop])
            new_starts.extend(self._all_starts[begin:stop])
            if pauses is not None:
                pauses.tick()
        self._lines, self._starts = new_lines, new_starts

    def refolded(self, lines: Iterable[int], pauses: Pauses | None = None) -> Rows:
        """The same document with exactly these blocks folded; for a large one on a thread, with `pauses`."""
        rows = copy(self)
        rows.fold(lines, pauses)
        return rows

    def shows(self, line: int) -> bool:
        """Whether no folded block hides a line."""
        at = bisect_left(self._lines, line)
        return at < len(self._lines) and self._lines[at] == line

    @property
    def has_many_folds(self) -> bool:
        """Whether there are so many that to reveal a line belongs on a thread."""
        return len(self._heads) > _MANY_FOLDS

    def revealed(self, line: int) -> Rows:
        """The same document with every block unfolded that hides a line."""
        rows = self._copied()
        rows.reveal(line)
        return rows

    def reveal(self, line: int) -> None:
        """Unfold every block that hides a line."""
        if self.shows(line):
            return
        before = self._heads[: bisect_left(self._heads, line)]
        for head in (head for head in before if line <= self.document.ends[head]):
            self.toggle(head)

    def _copied(self) -> Rows:
        rows = copy(self)
        rows._folded, rows._heads = set(self._folded), self._heads[:]
        rows._lines, rows._starts = self._lines[:], self._starts[:]
        return rows

    def _open_runs(self, line: int, stop: int) -> Iterator[tuple[int, int]]:
        """Runs of rows between two lines that no fold hides, as indices of all rows."""
        begin = line
        at = bisect_left(self._heads, line)
        while at < len(self._heads) and (head := self._heads[at]) < stop:
            yield self._first[begin], self._first[head + 1]
            begin = self.document.ends[head] + 1
            at = bisect_left(self._heads, begin, at)
        if begin < stop:
            yield self._first[begin], self._first[stop]

    def _measure(self, line: int) -> None:
        for start in cuts(self.document.text(line), self.width):
            self._all_lines.append(line)
            self._all_starts.append(start)


def cuts(text: str, width: int) -> Iterable[int]:
    """Where the rows of a line begin, so that none takes more than `width` cells."""
    if text.isascii():
        return range(0, max(1, len(text)), width)
    starts, at = [0], 0
    # In parts, since a search for cells takes its time over a whole line of megabytes.
    for part in chop_cells(text, width)[:-1]:
        at += len(part)
        starts.append(at)
    return starts


def part_of(line: Line, start: int, end: int | None) -> list[Span]:
    """The characters from `start` to `end` of a line, in their colours."""
    parts: list[Span] = []
    at = 0
    for span in line:
        text = span.text[max(0, start - at) : None if end is None else max(0, end - at)]
        if text:
            parts.append(Span(text, span.tone))
        at += len(span.text)
    return parts


def matches(text: str, pattern: re.Pattern[str]) -> list[tuple[int, int]]:
    """Where a pattern is found in a line."""
    return [match.span() for match in pattern.finditer(text) if match.end() > match.start()]
