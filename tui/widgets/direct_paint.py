"""From a widget whose lines have changed straight to the next frame.

In Textual's own way each widget sends itself a message, and then one to its screen. Of ten widgets four times a second
that is a tenth of what a dashboard costs a run at full load.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from textual.dom import NoScreen
from textual.geometry import Region
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widget import Widget

from .part_compositor import PartCompositor

if TYPE_CHECKING:
    _Mixin = Screen[Any]
else:
    _Mixin = object


class OnScreen:
    """For a widget that asks in each frame where it stands: a shorter way to its screen.

    On Textual's own it imports a module each time, which takes 0.7 µs, and 10 in caches that a run at full load has
    emptied, 34 times a frame. No widget itself: Textual takes the style rules of a widget's first base that is one.
    """

    @property
    def screen(self) -> Screen[Any]:
        """The screen that it stands on; raises NoScreen where there is none."""
        node: MessagePump | None = cast("MessagePump", self)
        while node is not None and not isinstance(node, Screen):
            node = node._parent  # pyright: ignore[reportPrivateUsage]
        if node is None:
            raise NoScreen(f"{self} stands on no screen")
        return cast("Screen[Any]", node)


class DirectPaint(_Mixin):
    """A screen on which `paint_anew` takes the short way; no widget itself, to keep its other base's style rules."""

    def __init__(self) -> None:
        super().__init__()
        # By two names, because Textual's says nothing of what ours can do besides.
        self._compositor = self._parts = PartCompositor()
        self._collecting = False

    def shows(self, widget: Widget) -> bool:
        """Whether what a widget paints can be seen just now."""
        return self._parts.holds(widget) and self.is_active and not self.app._batch_count  # pyright: ignore[reportPrivateUsage]

    def paint_soon(self, widget: Widget) -> None:
        """Paint a widget's dirty regions with the next frame."""
        self._dirty_widgets.add(widget)
        if not self._collecting:
            self._update_timer.resume()

    @contextmanager
    def painted_at_once(self) -> Iterator[None]:
        """What `paint_anew` is called for inside is painted at the end, in place of a few milliseconds later.

        At full load what the frame is made of would no longer be in the processor's caches by then: a look and its
        paint take 5 ms together, and 8 one after the other. A frame that wants a layout waits for its timer.
        """
        self._collecting = True
        try:
            yield
        finally:
            self._collecting = False
            if self._layout_required or self._recompose_required:
                self._update_timer.resume()
            elif self._dirty_widgets:
                with self._context():
                    self._on_timer_update()


def paint_anew(widget: Widget, *regions: Region) -> None:
    """Have these regions of a widget's content painted anew, or all of it: `Widget.refresh` without its messages.

    What Textual knows of the widget's size is kept: for one whose size does not depend on its content. Not to be called
    while a frame is made, after which nothing counts as dirty.
    """
    try:
        screen = widget.screen
    except NoScreen:
        return
    if not isinstance(screen, DirectPaint) or not screen.shows(widget):
        Widget.refresh(widget, *regions)
        return
    if regions:
        gutter = widget.styles.gutter
        offset = gutter.left, gutter.top
        widget._repaint_regions.update(region.translate(offset) for region in regions)  # pyright: ignore[reportPrivateUsage]
    else:
        # There Textual keeps what a widget without lines of its own was last drawn as.
        widget._layout_cache.clear()  # pyright: ignore[reportPrivateUsage]
        widget._set_dirty()  # pyright: ignore[reportPrivateUsage]
    screen.paint_soon(widget)
