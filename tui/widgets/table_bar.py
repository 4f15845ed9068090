"""The scroll bar of a table."""

from __future__ import annotations

from rich.console import RenderableType
from rich.style import Style
from textual.scrollbar import ScrollBar
from textual.widget import Widget


class TableBar(ScrollBar):
    """Keeps its place, and looks like the table's ground while all rows are in sight.

    Textual's own comes and goes with them, and each time the whole screen is laid out anew: 5 to 10 ms, in a third of
    the frames at full load, where the rows in flight fill the screen and do not.
    """

    def render(self) -> RenderableType:
        """The bar, or nothing."""
        if self.window_size < self.window_virtual_size or not isinstance(self.parent, Widget):
            return super().render()
        ground = self.parent.background_colors[1].rich_color
        return self.renderer(vertical=True, style=Style.from_color(ground, ground))
