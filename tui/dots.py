"""A canvas of braille dots, two across and four down in each cell, that becomes lines of text."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from .spans import Line, Span
from .widgets.columns import Tone

_COLUMN_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_GLYPHS = [" ", *(chr(0x2800 + bits) for bits in range(1, 256))]
"""By the dots of a cell."""
ACROSS, DOWN = 2, 4


class Canvas:
    """Dots in cells; a cell takes the tone that most of its dots were set in, of two equal ones that begun later."""

    def __init__(self, columns: int, rows: int) -> None:
        """An empty canvas of that many cells."""
        self.width, self.height = columns * ACROSS, rows * DOWN
        self._columns, self._rows = columns, rows
        self._planes: dict[Tone, list[int]] = {}
        """Each tone's dots: a number for each column of cells, eight bits of it a cell, the lowest for the top."""

    def draw(self, spans: Iterable[tuple[int, int] | None], tone: Tone) -> None:
        """Set dots of one column after the other: from a height, 0 at the top, down to and not including another."""
        plane, height = self._planes.setdefault(tone, [0] * self._columns), self.height
        for x, span in enumerate(spans):
            if span is not None:
                plane[x // ACROSS] |= _bits(x % ACROSS, *span, height)

    def lines(self) -> tuple[Line, ...]:
        """The canvas as text, top first."""
        rows: list[dict[Tone, bytes]] = [{} for _ in range(self._rows)]
        for tone, plane in self._planes.items():
            upright = (cells.to_bytes(self._rows, "little") for cells in plane)
            for row, dots in zip(rows, map(bytes, zip(*upright, strict=True)), strict=True):
                if any(dots):
                    row[tone] = dots
        return tuple(map(self._line, rows))

    def _line(self, row: dict[Tone, bytes]) -> Line:
        """Of the tones of a row, with the dots that each has in each cell."""
        if not row:
            return (Span(" " * self._columns, Tone.MUTED),)
        if len(row) > 1:
            return _mixed(tuple(row), zip(*row.values(), strict=True))
        # Most rows have dots of one tone, and take a third of the time so.
        ((tone, dots),) = row.items()
        return (Span("".join([_GLYPHS[bits] for bits in dots]), tone),)


def _mixed(tones: tuple[Tone, ...], cells: Iterable[tuple[int, ...]]) -> Line:
    """As few spans as there are changes of tone; what is empty has that of its neighbours."""
    spans: list[Span] = []
    tone, text = None, ""
    for own in cells:
        its, glyph = _cell(tones, own)
        if its is not None and its is not tone:
            if tone is not None:
                spans.append(Span(text, tone))
                text = ""
            tone = its
        text += glyph
    return (*spans, Span(text, tone or Tone.MUTED))


@lru_cache(maxsize=8192)
def _bits(side: int, start: int, end: int, height: int) -> int:
    """The dots of a column from one height to another, in the cells that it reaches into."""
    dots = range(max(0, start), min(end, height))
    return sum(_COLUMN_BITS[side][y % DOWN] << 8 * (y // DOWN) for y in dots)


@lru_cache(maxsize=8192)
def _cell(tones: tuple[Tone, ...], own: tuple[int, ...]) -> tuple[Tone | None, str]:
    if not any(own):
        return None, " "
    bits, winner, most = 0, Tone.PLAIN, 0
    for tone, dots in zip(tones, own, strict=True):
        bits |= dots
        if dots and dots.bit_count() >= most:
            winner, most = tone, dots.bit_count()
    return winner, _GLYPHS[bits]
