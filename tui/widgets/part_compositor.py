"""Paints what has changed on a screen at the price of what has changed.

Textual's own way to a partial update cuts every line with a change into pieces for all the widgets that have an edge on
it, has every widget of the screen drawn, and tells the terminal where to go before each piece.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from rich.console import Console
from textual._compositor import Compositor, CompositorUpdate
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class _Piece(NamedTuple):
    """Cells of a line that one widget paints."""

    start: int
    end: int
    widget: Widget
    region: Region
    """Of the whole widget, parts that are not in sight included."""


class _Part(NamedTuple):
    """What is to be painted in one place."""

    x: int
    y: int
    strip: Strip


class PartsUpdate(CompositorUpdate):
    """Lines, or pieces of them, with their places."""

    def __init__(self, parts: list[_Part]) -> None:
        self._parts = parts

    def render_segments(self, console: Console) -> str:
        """What the terminal is told."""
        return "".join([f"\x1b[{y + 1};{x + 1}H{strip.render(console)}" for x, y, strip in self._parts])


class PartCompositor(Compositor):
    """Asks only widgets with something to paint, only for the lines that changed."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[list[_Piece]] = []
        self._pieces_of: list[list[int]] | None = None
        """The cuts from which those were made: each layout has its own."""

    def holds(self, widget: Widget) -> bool:
        """Whether a widget is in sight; of none while that is found out."""
        # Not the property, which in the middle of a layout would keep what was in sight before.
        return widget in (self._visible_widgets or ())

    def render_partial_update(self) -> CompositorUpdate | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """What lies within the dirty regions."""
        regions = self._dirty_regions
        screen = self.size.region
        spans = list(self._regions_to_spans([region.intersection(screen) for region in regions]))
        regions.clear()
        if not spans:
            return None
        wanted: dict[Widget, list[tuple[int, _Piece]]] = {}
        pieces = self._pieces_by_line()
        for y, left, right in spans:
            for piece in pieces[y]:
                if piece.start < right and left < piece.end:
                    wanted.setdefault(piece.widget, []).append((y, piece))
        parts = []
        for widget, lines in wanted.items():
            (first, piece), (last, _) = lines[0], lines[-1]
            region = piece.region
            strips = widget.render_lines(Region(0, first - region.y, region.width, last - first + 1))
            for y, piece in lines:
                strip = strips[y - first]
                if (piece.start, piece.end) != (region.x, region.right):
                    strip = strip.crop(piece.start - region.x, piece.end - region.x)
                parts.append(_Part(piece.start, y, strip))
        return PartsUpdate(parts)

    def _pieces_by_line(self) -> list[list[_Piece]]:
        if self._pieces_of is not self.cuts:
            self._pieces_of = self.cuts
            self._pieces = [
                _pieces(cuts, layers) for cuts, layers in zip(self.cuts, self.layers_visible, strict=True)
            ]
        return self._pieces


def _pieces(cuts: list[int], layers: list[tuple[Widget, Region, Region]]) -> list[_Piece]:
    """A line's pieces from left to right: between two cuts stands the widget that is in front."""
    found: list[_Piece] = []
    for start, end in pairwise(cuts):
        front = next(((w, whole) for w, seen, whole in layers if seen.x <= start < seen.right), None)
        if front is None:
            continue
        if found and found[-1].widget is front[0] and found[-1].end == start:
            found[-1] = found[-1]._replace(end=end)
        else:
            found.append(_Piece(start, end, *front))
    return found
