"""The base of the widgets that are a few lines of text, painted only when the text has changed."""

from __future__ import annotations

from abc import abstractmethod
from itertools import zip_longest
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events, on
from textual.geometry import Region
from textual.reactive import var
from textual.strip import Strip
from textual.widget import Widget

from ...core.snapshot import Snapshot
from ..commands.catalogue import tooltip_of
from ..spans import Line, Span, cut
from .columns import TONES, Tone, tone_css
from .component_styles import ComponentStyles


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
        self._lit = ""
        """The action under the pointer."""
        self._styles = ComponentStyles(self.get_component_rich_style)

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
            changed = (y for y, (one, other) in enumerate(zip_longest(drawn, self._drawn)) if one != other)
            regions = [Region(0, y, width, 1) for y in changed]
            self._drawn = drawn
            self.refresh(*regions)

    def action_at(self, x: int, y: int) -> str:
        """The action of what stands at a place of the content; empty for none."""
        if not 0 <= y < len(self._drawn):
            return ""
        for span in self._drawn[y]:
            x -= cell_len(span.text)
            if x < 0:
                return span.action
        return ""

    @on(events.Click)
    async def _run_clicked(self, event: events.Click) -> None:
        """Run the action of what was clicked."""
        offset = event.get_content_offset(self)
        if offset is not None and (action := self.action_at(offset.x, offset.y)):
            event.stop()
            await self.app.run_action(action)

    @on(events.MouseMove)
    def _light_up(self, event: events.MouseMove) -> None:
        """Light up what can be clicked, and say what that does."""
        offset = event.get_content_offset(self)
        self._light(self.action_at(offset.x, offset.y) if offset is not None else "")

    @on(events.Leave)
    def _light_nothing(self) -> None:
        """The pointer has gone."""
        self._light("")

    def _light(self, action: str) -> None:
        if action != self._lit:
            self._lit = action
            self.tooltip = tooltip_of(action) or None
            self.refresh()

    def _style_of(self, span: Span) -> Style:
        return self._styles[Tone.HOVER if span.action and span.action == self._lit else span.tone]

    def notify_style_update(self) -> None:
        """Forget the old theme's colours."""
        super().notify_style_update()
        self._styles.clear()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the content."""
        width = self.size.width
        if y >= len(self._drawn):
            return Strip.blank(width, self.rich_style)
        segments = [Segment(span.text, self._style_of(span)) for span in self._drawn[y] if span.text]
        strip = Strip(segments)
        # The style of the ground is found by a walk up to the screen: only where there is something to fill.
        return strip if strip.cell_length == width else strip.adjust_cell_length(width, self.rich_style)
