"""A canvas of braille dots, two across and four down in each cell, that becomes lines of text."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

from .spans import Line, Span
from .widgets.columns import Tone

_COLUMN_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
ACROSS, DOWN = 2, 4
_TONE = itemgetter(0)
_SPANS = {
    (side, start, end): sum(_COLUMN_BITS[side][start:end])
    for side in range(ACROSS)
    for start in range(DOWN)
    for end in range(start + 1, DOWN + 1)
}
"""The bits of a cell's left or right dots from one height to another."""


class Canvas:
    """Dots in cells; a cell takes the tone that most of its dots were set in, of two equal ones that begun later."""

    def __init__(self, columns: int, rows: int) -> None:
        """An empty canvas of that many cells."""
        self.width, self.height = columns * ACROSS, rows * DOWN
        self._columns, self._rows = columns, rows
        self._planes: dict[Tone, list[bytearray]] = {}
        """Each tone's dots, eight in a byte: one byte for each cell of each row."""

    def column(self, x: int, start: int, end: int, tone: Tone) -> None:
        """Set the dots of column `x` from `start` down to, not including, `end`; (0, 0) is the upper left one."""
        plane = self._planes.get(tone)
        if plane is None:
            plane = self._planes[tone] = [bytearray(self._columns) for _ in range(self._rows)]
        cell, side = divmod(x, ACROSS)
        for row, bits in _pieces(side, max(0, start), min(end, self.height)):
            plane[row][cell] |= bits

    def lines(self) -> tuple[Line, ...]:
        """The canvas as text, top first."""
        tones = tuple(self._planes)
        if not tones:
            return ((Span(" " * self._columns, Tone.MUTED),),) * self._rows
        rows = zip(*self._planes.values(), strict=True)
        return tuple(_line(tones, zip(*row, strict=True)) for row in rows)


def _line(tones: tuple[Tone, ...], cells: Iterable[tuple[int, ...]]) -> Line:
    drawn = (_cell(tones, cell) for cell in cells)
    return tuple(Span("".join([text for _, text in run]), tone) for tone, run in groupby(drawn, _TONE))


@lru_cache(maxsize=8192)
def _pieces(side: int, start: int, end: int) -> tuple[tuple[int, int], ...]:
    """The rows that a column of dots reaches into, each with the bits of its cell."""
    found: list[tuple[int, int]] = []
    while start < end:
        row, first = divmod(start, DOWN)
        last = min(DOWN, first + end - start)
        found.append((row, _SPANS[side, first, last]))
        start += last - first
    return tuple(found)


@lru_cache(maxsize=8192)
def _cell(tones: tuple[Tone, ...], own: tuple[int, ...]) -> tuple[Tone, str]:
    if not any(own):
        return Tone.MUTED, " "
    bits, winner, most = 0, Tone.PLAIN, 0
    for tone, dots in zip(tones, own, strict=True):
        bits |= dots
        if dots and dots.bit_count() >= most:
            winner, most = tone, dots.bit_count()
    return winner, chr(0x2800 + bits)
