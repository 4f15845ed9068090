"""What `NO_COLOR` asks for: text without any colour, in which marks, the cursor and states are still seen."""

from __future__ import annotations

from collections.abc import Mapping

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter


def wants_no_colour(environ: Mapping[str, str]) -> bool:
    """By https://no-color.org any value but an empty one."""
    return bool(environ.get("NO_COLOR"))


class Colourless(LineFilter):
    """Takes colours away and leaves bold, underlined and reversed text: Textual's own filter leaves greys."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments in the terminal's own two colours."""
        return [
            Segment(text, None if style is None else style.without_color, control)
            for text, style, control in segments
        ]
