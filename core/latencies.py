"""Histograms of latencies that can be merged without losing a thing, and the percentiles read from them."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

PER_DOUBLING = 16
"""Cells per doubling of latency: a percentile is off by 2.2 % at most."""
_SHARES = (0.50, 0.95, 0.99)
_LEAST_CELL, _MOST_CELL = -160, 640
"""From a microsecond to a month; whatever is beyond counts as that."""


class Latency(Struct, frozen=True):
    """Percentiles of the time attempts took in one window, in milliseconds."""

    p50: float
    p95: float
    p99: float


def cell_of(elapsed_ms: float) -> int:
    """The number of the cell that a latency is counted in."""
    return math.floor(math.log2(elapsed_ms + 1e-3) * PER_DOUBLING)


def middle_of(cell: int) -> float:
    """The latency in the middle of a cell, in milliseconds."""
    return 2 ** ((cell + 0.5) / PER_DOUBLING)


class Latencies:
    """How many attempts took how long; never changes once made."""

    __slots__ = ("_counts", "_low", "_percentiles", "total")

    def __init__(self, low: int = 0, counts: Iterable[int] = ()) -> None:
        """`counts` of the cells from number `low` on."""
        self._low = low
        self._counts = array("Q", counts)
        self.total = sum(self._counts)
        """Attempts counted."""
        self._percentiles: Latency | None = None

    @classmethod
    def of(cls, cells: Mapping[int, int]) -> Latencies:
        """From counts by the number of their cell."""
        if not cells:
            return NONE
        bounded: dict[int, int] = {}
        for cell, count in cells.items():
            at = min(_MOST_CELL, max(_LEAST_CELL, cell))
            bounded[at] = bounded.get(at, 0) + count
        low = min(bounded)
        return cls(low, (bounded.get(cell, 0) for cell in range(low, max(bounded) + 1)))

    @classmethod
    def read(cls, stored: Sequence[int]) -> Latencies:
        """From what `stored` gave; raises ValueError where it cannot have been that."""
        if not stored:
            return NONE
        low, *counts = stored
        if not _LEAST_CELL <= low <= low + len(counts) - 1 <= _MOST_CELL or min(counts) < 0:
            raise ValueError("these are no latencies")
        return cls(low, counts)

    @property
    def stored(self) -> list[int]:
        """The number of the first cell and the counts from there on; empty where nothing was counted."""
        return [self._low, *self._counts] if self.total else []

    @property
    def cells(self) -> Iterable[tuple[int, int]]:
        """Numbers of cells, rising, each with its count."""
        return enumerate(self._counts, self._low)

    @property
    def percentiles(self) -> Latency | None:
        """None where nothing was counted."""
        if self._percentiles is None and self.total:
            self._percentiles = _percentiles(self.total, self.cells)
        return self._percentiles


NONE = Latencies()
"""Of no attempts."""


def merged(parts: Iterable[Latencies]) -> Latencies:
    """All of them together, exactly."""
    counted = [part for part in parts if part.total]
    if len(counted) < 2:
        return counted[0] if counted else NONE
    sums: dict[int, int] = {}
    for part in counted:
        for cell, count in part.cells:
            sums[cell] = sums.get(cell, 0) + count
    return Latencies.of(sums)


def percentiles_of(cells: Mapping[int, int]) -> Latency | None:
    """Of counts by the number of their cell, where nothing else is asked of them; None of none."""
    total = sum(cells.values())
    return _percentiles(total, sorted(cells.items())) if total else None


def _percentiles(total: int, cells: Iterable[tuple[int, int]]) -> Latency:
    """Of rising cells whose counts add up to `total`."""
    ranks = [math.ceil(total * share) for share in _SHARES]
    found: list[float] = []
    seen = 0
    for cell, count in cells:
        seen += count
        while len(found) < len(ranks) and seen >= ranks[len(found)]:
            found.append(middle_of(cell))
    return Latency(*found)
