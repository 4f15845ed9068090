"""The base of the widgets that are a few lines of text, painted only when the text has changed."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from rich.segment import Segment
from textual.reactive import var
from textual.strip import Strip
from textual.widget import Widget

from ...core.snapshot import Snapshot
from ..spans import Line, cut
from .columns import TONES, tone_css


class Lines(Widget):
    """Draws what `lines` composes of the snapshot; four snapshots a second that look alike paint nothing."""

    DEFAULT_CSS = """
    Lines { height: 1; padding: 0 1; }
    """ + tone_css("Lines")
    COMPONENT_CLASSES: ClassVar[set[str]] = {*TONES}
    snapshot: var[Snapshot | None] = var(None)

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._drawn: tuple[Line, ...] = ()

    @abstractmethod
    def lines(self, snapshot: Snapshot, width: int, height: int) -> tuple[Line, ...]:
        """The text for a content area of that many cells and lines; top first, fewer lines than fit are fine."""

    def watch_snapshot(self) -> None:
        """Paint if the text is another one."""
        self.update_lines()

    def on_resize(self) -> None:
        """Compose for the new size."""
        self.update_lines()

    def update_lines(self) -> None:
        """Compose anew, and paint if the text is another one."""
        snapshot = self.snapshot
        if snapshot is None or not self.size.width:
            return
        width, height = self.size
        drawn = tuple(cut(line, width) for line in self.lines(snapshot, width, height))
        if drawn != self._drawn:
            self._drawn = drawn
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the content."""
        width = self.size.width
        if y >= len(self._drawn):
            return Strip.blank(width, self.rich_style)
        segments = [
            Segment(span.text, self.get_component_rich_style(span.tone.value))
            for span in self._drawn[y]
            if span.text
        ]
        return Strip(segments).adjust_cell_length(width, self.rich_style)
