"""A canvas of braille dots, two across and four down in each cell, that becomes lines of text."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter

from .spans import Line, Span
from .widgets.columns import Tone

_COLUMN_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
ACROSS, DOWN = 2, 4
_SPANS = {
    (side, start, end): sum(_COLUMN_BITS[side][start:end])
    for side in range(ACROSS)
    for start in range(DOWN)
    for end in range(start + 1, DOWN + 1)
}
"""The bits of a cell's left or right dots from one height to another."""


class Canvas:
    """Dots in cells; a cell takes the tone that most of its dots were set in, the later one of two equal ones."""

    def __init__(self, columns: int, rows: int) -> None:
        """An empty canvas of that many cells."""
        self.width, self.height = columns * ACROSS, rows * DOWN
        self._cells: list[list[dict[Tone, int]]] = [[{} for _ in range(columns)] for _ in range(rows)]

    def column(self, x: int, start: int, end: int, tone: Tone) -> None:
        """Set the dots of column `x` from `start` down to, not including, `end`; (0, 0) is the upper left one."""
        start, end = max(0, start), min(end, self.height)
        cell, side = divmod(x, ACROSS)
        while start < end:
            row, first = divmod(start, DOWN)
            last = min(DOWN, first + end - start)
            tones = self._cells[row][cell]
            tones[tone] = tones.get(tone, 0) | _SPANS[side, first, last]
            start += last - first

    def lines(self) -> tuple[Line, ...]:
        """The canvas as text, top first."""
        return tuple(_line(row) for row in self._cells)


def _line(cells: list[dict[Tone, int]]) -> Line:
    return tuple(
        Span("".join(text for _, text in run), tone or Tone.MUTED)
        for tone, run in groupby(map(_cell, cells), key=itemgetter(0))
    )


def _cell(tones: dict[Tone, int]) -> tuple[Tone | None, str]:
    if not tones:
        return None, " "
    bits, winner, most = 0, Tone.PLAIN, 0
    for tone, own in tones.items():
        bits |= own
        if own.bit_count() >= most:
            winner, most = tone, own.bit_count()
    return winner, chr(0x2800 + bits)
