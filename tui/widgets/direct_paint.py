"""From a widget whose lines have changed straight to the next frame.

In Textual's own way each widget sends itself a message, then one to its screen, and forgets what it knows of its size
and styles. Of ten widgets four times a second that is a tenth of what a dashboard costs a run at full load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.geometry import Region
from textual.screen import Screen
from textual.widget import Widget

from .part_compositor import PartCompositor

if TYPE_CHECKING:
    _Mixin = Screen[Any]
else:
    _Mixin = object


class DirectPaint(_Mixin):
    """A screen on which `repaint` takes the short way; no widget itself, to keep the style rules of its other base."""

    def __init__(self) -> None:
        super().__init__()
        self._compositor = self._parts = PartCompositor()

    def shows(self, widget: Widget) -> bool:
        """Whether what a widget paints can be seen just now."""
        app = self.app
        return app.screen is self and not app._batch_count and self._parts.holds(widget)  # pyright: ignore[reportPrivateUsage]

    def paint_soon(self, widget: Widget) -> None:
        """Paint a widget's dirty regions with the next frame."""
        self._dirty_widgets.add(widget)
        self._update_timer.resume()


def repaint(widget: Widget, *regions: Region) -> None:
    """Have these regions of a widget's content painted anew, or all of it, as `Widget.refresh` does.

    For a widget whose size does not depend on its content.
    """
    screen = widget.screen if widget.is_mounted else None
    if not isinstance(screen, DirectPaint) or not screen.shows(widget):
        Widget.refresh(widget, *regions)
        return
    if regions:
        gutter = widget.styles.gutter
        offset = gutter.left, gutter.top
        widget._repaint_regions.update(region.translate(offset) for region in regions)  # pyright: ignore[reportPrivateUsage]
    else:
        widget._set_dirty()  # pyright: ignore[reportPrivateUsage]
    screen.paint_soon(widget)
