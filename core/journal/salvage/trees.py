"""The entries of one tree of a damaged file: first by the way from its root, then from pages cut off from it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .pages import Pages
from .records import INDEX_INTERIOR, INDEX_LEAF, TABLE_INTERIOR, TABLE_LEAF, Cell, Page, Row, read_page

_DEEPEST = 20
Key = Any
"""A row number in a table's tree; the values of the primary key in the tree of one WITHOUT ROWID."""
Entry = tuple[Key, Row]
_Span = tuple[Key, Key]


@dataclass(frozen=True, slots=True)
class Shape:
    """How to tell the entries of one tree from those of others."""

    by_rowid: bool
    """Whether it is a table's tree; one WITHOUT ROWID is kept as an index is."""
    entry: Callable[[Cell], Entry | None]
    """Key and row of a cell; None where it cannot be one of this tree."""


@dataclass(slots=True)
class Tree:
    """One walk over what is left of a tree."""

    pages: Pages
    shape: Shape
    used: set[int]
    """Pages that are known to belong to a tree; shared between trees."""
    broken: bool = False
    """Whether something was missing on the way from the root."""
    _spans: list[_Span] = field(default_factory=list[_Span])

    def rows(self, root: int) -> Iterator[Row]:
        """The rows that can be reached from the root, in the order of their keys."""
        yield from self._walk(root, None, None, 0)

    def cut_off(self, free: set[int]) -> Iterator[Row]:
        """Rows of pages that no other page leads to, where `rows` found something missing.

        Pages of other trees and pages listed as `free` are left out. Where two such pages tell different things
        of one key, one is out of date and nobody can say which: the row is left out.
        """
        if not self.broken:
            return
        strays = sorted(self._strays(free), key=lambda stray: stray[0])
        strays = [stray for stray in strays if self._fits(stray[0])]
        at = 0
        while at < len(strays):
            group, last = [strays[at][1]], strays[at][0][1]
            while (at := at + 1) < len(strays) and strays[at][0][0] <= last:
                group.append(strays[at][1])
                last = max(last, strays[at][0][1])
            yield from self._agreed(group)

    def _walk(self, number: int, low: Key, high: Key, depth: int) -> Iterator[Row]:
        page = self._read(number) if depth <= _DEEPEST and number not in self.used else None
        if page is None or (page.kind in (TABLE_INTERIOR, TABLE_LEAF)) != self.shape.by_rowid:
            self.broken = True
            return
        self.used.add(number)
        if page.kind == TABLE_INTERIOR:
            yield from self._keys(page, low, high, depth)
        elif page.kind == INDEX_INTERIOR:
            yield from self._separators(page, low, high, depth)
        else:
            yield from self._leaf(page, low, high)

    def _keys(self, page: Page, low: Key, high: Key, depth: int) -> Iterator[Row]:
        for cell in page.cells:
            if cell is None or not _inside(cell.rowid, low, high, closed=True):
                self.broken = True
                continue
            yield from self._walk(cell.child, low, cell.rowid, depth + 1)
            low = cell.rowid
        yield from self._walk(page.last, low, high, depth + 1)

    def _separators(self, page: Page, low: Key, high: Key, depth: int) -> Iterator[Row]:
        for cell in page.cells:
            entry = self._between(cell, low, high)
            if cell is None or entry is None:
                self.broken = True
                continue
            key, row = entry
            yield from self._walk(cell.child, low, key, depth + 1)
            self._spans.append((key, key))
            low = key
            yield row
        yield from self._walk(page.last, low, high, depth + 1)

    def _leaf(self, page: Page, low: Key, high: Key) -> Iterator[Row]:
        first = None
        for cell in page.cells:
            entry = self._between(cell, low, high)
            if entry is None:
                self.broken = True
                continue
            low = entry[0]
            first = low if first is None else first
            yield entry[1]
        if first is not None:
            self._spans.append((first, low))

    def _between(self, cell: Cell | None, low: Key, high: Key) -> Entry | None:
        entry = self.shape.entry(cell) if cell is not None else None
        if entry is None or not _inside(entry[0], low, high, closed=self.shape.by_rowid):
            return None
        return entry

    def _read(self, number: int) -> Page | None:
        data = self.pages.read(number)
        return read_page(data, number, self.pages.usable, self.pages.read) if data is not None else None

    def _strays(self, free: set[int]) -> Iterator[tuple[_Span, int]]:
        kinds = (TABLE_LEAF,) if self.shape.by_rowid else (INDEX_LEAF, INDEX_INTERIOR)
        for number in range(2, self.pages.count + 1):
            if number in self.used or number in free:
                continue
            data = self.pages.read(number)
            if data is not None and data[0] in kinds and (entries := self._stray(number)):
                yield (entries[0][0], entries[-1][0]), number

    def _stray(self, number: int) -> list[Entry]:
        """The entries of a stray page with ascending keys; none where one of its cells is of another tree."""
        page = self._read(number)
        found: list[Entry] = []
        for cell in page.cells if page is not None else ():
            if cell is None:
                continue
            entry = self.shape.entry(cell)
            if entry is None or (found and entry[0] <= found[-1][0]):
                return []
            found.append(entry)
        return found

    def _fits(self, span: _Span) -> bool:
        """Whether a stray page lies between those that were reached; one that overlaps them is out of date."""
        at = bisect_left(self._spans, span[0], key=lambda reached: reached[1])
        return at == len(self._spans) or span[1] < self._spans[at][0]

    def _agreed(self, group: list[int]) -> Iterator[Row]:
        rows: dict[Key, Row | None] = {}
        for number in group:
            self.used.add(number)
            for key, row in self._stray(number):
                rows[key] = row if rows.get(key, row) == row else None
        yield from (row for row in rows.values() if row is not None)


def _inside(key: Key, low: Key, high: Key, *, closed: bool) -> bool:
    """Whether a key lies above `low` and below `high` (up to it where `closed`); None is no bound."""
    return (low is None or key > low) and (high is None or key < high or (closed and key == high))
