"""Lines that go to the screen as they are drawn.

Textual draws every line of a widget once more, with what a style sheet may put around and over it, and takes it through
the app's filters. Where there is nothing of the kind that is half of what a row of a table costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

if TYPE_CHECKING:
    _Mixin = Widget
else:
    _Mixin = object


class BareStrip(Strip):
    """A strip that is gone when nobody shows it any more.

    Textual keeps a strip that needs no cut among its own pieces: a circle that only a collection takes away, and
    with thousands of them one takes long enough to delay a key.
    """

    __slots__ = ()

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        """The pieces between cells; the last one is filled up where nothing else begins at the strip's end."""
        cuts = [*cuts]
        whole = self.cell_length
        if cuts and whole not in cuts:
            # A scroll bar that is only about to come to the screen has taken its place already.
            if cuts[-1] < whole:
                return super().divide(cuts)
            style = self._segments[-1].style if self._segments else None
            return self.adjust_cell_length(cuts[-1], style).divide(cuts)
        return [self] if cuts[:1] == [whole] else super().divide(cuts)


def bare(strips: Iterable[Strip]) -> list[Strip]:
    """Lines that Textual has drawn, to be kept by whoever shows them."""
    return [BareStrip(strip, strip.cell_length) for strip in strips]


def style_of(widget: Widget, component: str) -> Style:
    """The style of a component class, or for an empty name of the ground, as the app's filters leave it.

    They do not see the lines themselves.
    """
    if not widget.is_attached:
        # It is painted once more while it is taken off the screen, and has no styles any more.
        return Style.null()
    style = widget.get_component_rich_style(component) if component else widget.rich_style
    segments = [Segment(" ", style)]
    for line_filter in widget.get_line_filters():
        segments = line_filter.apply(segments, widget.background_colors[1])
    return segments[0].style or style


class BareGround(_Mixin):
    """For what only holds other widgets, and has nothing of its own to show between them.

    No widget itself: Textual takes the style rules of a widget's first base that is one.
    """

    _empty: Strip | None = None
    """The line as it was last drawn; it knows its pieces, too, by which other widgets cover it."""

    def notify_style_update(self) -> None:
        """Forget the old theme's colour."""
        super().notify_style_update()
        self._empty = None

    def render_lines(self, crop: Region) -> list[Strip]:
        """The same empty line over and over."""
        line = self._empty
        if line is None or line.cell_length != crop.width:
            line = BareStrip([Segment(" " * crop.width, style_of(self, ""))], crop.width)
            self._empty = line if self.is_attached else None
        return [line] * crop.height


def cropped(strips: list[Strip], crop: Region, width: int) -> list[Strip]:
    """What is seen of lines that are `width` cells wide."""
    return strips if crop.column_span == (0, width) else [strip.crop(*crop.column_span) for strip in strips]
