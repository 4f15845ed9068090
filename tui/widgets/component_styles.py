"""The styles of a widget's component classes, found once."""

from __future__ import annotations

from collections.abc import Callable

from rich.style import Style


class ComponentStyles(dict[str, Style]):
    """Styles by component class, to be cleared with the theme; Textual forgets its own at each repaint."""

    def __init__(self, lookup: Callable[[str], Style]) -> None:
        """`lookup` finds the style of a component class."""
        super().__init__()
        self._lookup = lookup

    def __missing__(self, name: str) -> Style:
        style = self[name] = self._lookup(name)
        return style
