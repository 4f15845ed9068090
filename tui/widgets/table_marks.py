"""Which rows of a table are marked: some by their keys, or all that its filter selects."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field
from msgspec.structs import replace

MOST = 10_000
"""Rows that are marked one by one, or by a range; more are marked all together, by the filter."""


class Marks(Struct, frozen=True):
    """A choice of rows that stays with them whatever their positions."""

    keys: frozenset[int] = field(default_factory=frozenset[int])
    everything: bool = False
    """All rows that the table has and will have under its filter; `keys` is empty then."""

    def __bool__(self) -> bool:
        return self.everything or bool(self.keys)

    def holds(self, key: int) -> bool:
        """Whether a row is marked."""
        return self.everything or key in self.keys

    def count(self, rows: int) -> int:
        """How many are marked, in a table of so many rows."""
        return rows if self.everything else len(self.keys)

    def toggled(self, key: int) -> Marks:
        """One row marked, or its mark taken away; a table marked as a whole stays so: no filter spares one row."""
        return self if self.everything else replace(self, keys=self.keys ^ {key})

    def with_all(self, keys: Iterable[int]) -> Marks:
        """These marked too, as far as there is room for them."""
        if self.everything:
            return self
        more = [key for key in keys if key not in self.keys][: MOST - len(self.keys)]
        return replace(self, keys=self.keys.union(more))

    def without(self, key: int) -> Marks:
        """One row's mark taken away."""
        return replace(self, keys=self.keys - {key})

    def among(self, keys: Iterable[int]) -> Marks:
        """Those of the marked rows that are still there."""
        return replace(self, keys=self.keys.intersection(keys))
