"""A canvas of braille dots, two across and four down in each cell, that becomes lines of text."""

from __future__ import annotations

from itertools import groupby

from .spans import Line, Span
from .widgets.columns import Tone

_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
ACROSS, DOWN = 2, 4


class Canvas:
    """Dots in cells; a cell takes the tone of the last dot that was set in it."""

    def __init__(self, columns: int, rows: int) -> None:
        """An empty canvas of that many cells."""
        self.width, self.height = columns * ACROSS, rows * DOWN
        self._bits = [[0] * columns for _ in range(rows)]
        self._tones = [[Tone.PLAIN] * columns for _ in range(rows)]

    def dot(self, x: int, y: int, tone: Tone) -> None:
        """Set a dot; (0, 0) is the upper left one."""
        row, column = y // DOWN, x // ACROSS
        self._bits[row][column] |= _BITS[x % ACROSS][y % DOWN]
        self._tones[row][column] = tone

    def column(self, x: int, start: int, end: int, tone: Tone) -> None:
        """Set the dots from `start` down to, not including, `end`."""
        for y in range(max(0, start), min(end, self.height)):
            self.dot(x, y, tone)

    def lines(self) -> tuple[Line, ...]:
        """The canvas as text, top first."""
        return tuple(self._line(row) for row in range(len(self._bits)))

    def _line(self, row: int) -> Line:
        cells = zip(self._tones[row], self._bits[row], strict=True)
        runs = groupby(cells, key=lambda cell: cell[0] if cell[1] else None)
        return tuple(
            Span("".join(chr(0x2800 + bits) if bits else " " for _, bits in run), tone or Tone.MUTED)
            for tone, run in runs
        )
