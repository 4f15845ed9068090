"""The scroll bar of a table."""

from __future__ import annotations

from typing import Self

from rich.console import RenderableType
from rich.style import Style
from textual.geometry import Region
from textual.scrollbar import ScrollBar
from textual.strip import Strip
from textual.widget import Widget

from .bare_lines import bare
from .direct_paint import OnScreen, paint_anew

_MOST_LOOKS = 64


class TableBar(OnScreen, ScrollBar):
    """Keeps its place, and looks like the table's ground while all rows are in sight.

    Textual's own comes and goes with them, and each time the whole screen is laid out anew: 5 to 10 ms, in a third of
    the frames at full load, where the rows in flight fill the screen and do not.
    """

    def __init__(self, *, name: str) -> None:
        super().__init__(vertical=True, name=name)
        self._looks: dict[tuple[object, ...], list[Strip]] = {}
        """As it was drawn before: 0.8 ms at full load, in most frames, and from few numbers of rows in flight."""

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Paint it with the same frame as the rows that make it another."""
        if not repaint or layout or recompose:
            return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        paint_anew(self, *regions)
        return self

    def render(self) -> RenderableType:
        """The bar, or nothing."""
        if self.window_size < self.window_virtual_size or not isinstance(self.parent, Widget):
            return super().render()
        ground = self.parent.background_colors[1].rich_color
        return self.renderer(vertical=True, style=Style.from_color(ground, ground))

    def render_lines(self, crop: Region) -> list[Strip]:
        """The bar as it was drawn when all of it was the same."""
        place = self.position, self.window_size, self.window_virtual_size
        look = (crop, self.size, place, self.mouse_over, bool(self.grabbed))
        if (lines := self._looks.get(look)) is None:
            if len(self._looks) >= _MOST_LOOKS:
                del self._looks[next(iter(self._looks))]
            lines = self._looks[look] = bare(super().render_lines(crop))
        return lines

    def notify_style_update(self) -> None:
        """Forget the old theme's colours."""
        super().notify_style_update()
        self._looks.clear()
