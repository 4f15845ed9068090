"""The order of a table's rows: what the next click asks for, and sorting rows that are held in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from .columns import Column

R = TypeVar("R")
ASCENDING, DESCENDING = "▲", "▼"


class Sorting(Struct, frozen=True):
    """Rows in the order of one column, named by its title."""

    title: str
    descending: bool

    @property
    def glyph(self) -> str:
        """Which way it goes: the smallest first is ▲, the largest first ▼."""
        return DESCENDING if self.descending else ASCENDING

    @property
    def reverse(self) -> Sorting:
        """The same column the other way round."""
        return replace(self, descending=not self.descending)


def next_sorting(now: Sorting | None, column: Column[Any]) -> Sorting | None:
    """What choosing a column means: its own direction, then the other one, then the natural order."""
    first = Sorting(column.title, column.largest_first)
    if now is None or now.title != column.title:
        return first
    return first.reverse if now == first else None


def sorted_rows(rows: Iterable[R], key: Callable[[R], Any], descending: bool) -> tuple[R, ...]:
    """Rows by a key, those that have none last in both directions; equal ones stay as they came."""
    known: list[tuple[Any, R]] = []
    unknown: list[R] = []
    for row in rows:
        value = key(row)
        if value is None:
            unknown.append(row)
        else:
            known.append((value, row))
    known.sort(key=lambda pair: pair[0], reverse=descending)
    return (*(row for _, row in known), *unknown)


class Chooser(Struct, frozen=True):
    """A choice of order under way: the natural one first, then each column that rows can be sorted by."""

    columns: tuple[Column[Any], ...]
    at: int
    """0 for the natural order."""

    @classmethod
    def begin(cls, columns: Sequence[Column[Any]], now: Sorting | None) -> Chooser:
        """At the order there is; the first column where that is the natural one."""
        sortable = tuple(column for column in columns if column.sort is not None)
        titles = [column.title for column in sortable]
        at = titles.index(now.title) + 1 if now is not None and now.title in titles else min(1, len(titles))
        return cls(sortable, at)

    def moved(self, step: int) -> Chooser:
        """The next choice, round and round."""
        return replace(self, at=(self.at + step) % (len(self.columns) + 1))

    def chosen(self, now: Sorting | None) -> Sorting | None:
        """The order that is chosen, given the one there is."""
        return next_sorting(now, self.columns[self.at - 1]) if self.at else None

    def titles(self, natural: str) -> tuple[str, ...]:
        """What the choices are called."""
        return (natural, *(column.title for column in self.columns))
