"""The base of the widgets that are a few lines of text, painted only when the text has changed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from functools import partial
from itertools import zip_longest

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events, on
from textual.geometry import Region, Size, Spacing
from textual.strip import Strip
from textual.widget import Widget

from ...core.snapshot import Snapshot
from ..commands.catalogue import tooltip_of
from ..following import Follower
from ..spans import Line, Span, cut, width_of
from .bare_lines import BareStrip, bare, cropped, style_of
from .columns import Tone, tone_css
from .component_styles import ComponentStyles
from .direct_paint import OnScreen, paint_anew
from .toned import Toned

_GROUND = ""
"""In the place of a component class: what a line stands on."""


class Lines(Toned, OnScreen, Widget):
    """Draws what `composed` gives; what looks as it did paints nothing."""

    DEFAULT_CSS = """
    Lines { height: 1; padding: 0 1; }
    """ + tone_css("Lines")

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._text: tuple[Line, ...] = ()
        self._drawn: tuple[Line, ...] = ()
        """The same, cut to the width."""
        self._cut_to = 0
        self._lit = ""
        """The action under the pointer."""
        self._styles = ComponentStyles(partial(style_of, self))
        self._strips: dict[int, Strip] = {}
        """Whole lines as they were drawn, by their place in the content."""
        self._frame: dict[int, Strip] = {}
        """Lines above and below the content, by their place in the widget."""
        self._edges: tuple[list[Segment], list[Segment]] | None = None
        """What stands left and right of each line of the content."""
        self._shape: tuple[Size, int] | None = None
        """The content's size and the widget's width for which all those were drawn."""

    @abstractmethod
    def composed(self, width: int, height: int) -> tuple[Line, ...]:
        """The text for a content area of that many cells and lines; top first, fewer lines than fit are fine.

        May be called while a frame is made: it must not call `paint_anew`.
        """

    def on_resize(self) -> None:
        """Compose for the new size."""
        self.update_lines()

    def update_lines(self) -> None:
        """Compose anew, and paint if the text is another one."""
        # Textual works a size out anew whenever it is asked for, 10 µs each.
        if (size := self.size).width:
            self.show(self.composed(*size), size.width)

    def show(self, lines: Iterable[Line], width: int) -> None:
        """Paint those of these lines that are others than before."""
        if changed := self._take(lines, width):
            paint_anew(self, *(Region(0, y, width, 1) for y in changed))

    def _take(self, lines: Iterable[Line], width: int) -> list[int]:
        """Draw these from now on; which of them are others than before."""
        composed = tuple(lines)
        if composed == self._text and width == self._cut_to:
            return []
        known = dict(zip(self._text, self._drawn, strict=True)) if width == self._cut_to else {}
        before, self._drawn = self._drawn, tuple(known.get(line) or cut(line, width) for line in composed)
        self._text, self._cut_to = composed, width
        changed = [y for y, (one, other) in enumerate(zip_longest(self._drawn, before)) if one != other]
        for y in changed:
            self._strips.pop(y, None)
        return changed

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
            self._strips.clear()
            self.tooltip = tooltip_of(action) or None
            self.refresh()

    def _style_of(self, span: Span) -> Style:
        return self._styles[Tone.HOVER if span.action and span.action == self._lit else span.tone]

    def notify_style_update(self) -> None:
        """Forget the old theme's colours."""
        super().notify_style_update()
        self._styles.clear()
        self._forget()

    def _set_dirty(self, *regions: Region) -> None:
        """Textual's own word for it: these lines of the content, or all of the widget, are to be drawn anew."""
        if not regions:
            self._forget()
        for region in regions:
            for y in region.line_range:
                self._strips.pop(y, None)
        super()._set_dirty(*regions)

    def _forget(self) -> None:
        self._strips.clear()
        self._frame.clear()
        self._edges = None

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines as they were drawn: of what stands around them Textual is asked once."""
        size, width, gutter = self.size, self.outer_size.width, self.styles.gutter
        # A new size is painted before its event comes: the first frame would be an empty one.
        if self._shape != (size, width):
            self._shape = size, width
            self._forget()
            if size.width:
                self._take(self.composed(*size), size.width)
        # Where there is no room for what stands around them, there is no line.
        content = range(gutter.top, gutter.top + size.height) if size.width else range(0)
        lines = [
            self._content_line(y - gutter.top, width, gutter) if y in content else self._frame_line(y, width)
            for y in crop.line_range
        ]
        return cropped(lines, crop, width)

    def _content_line(self, y: int, width: int, gutter: Spacing) -> Strip:
        if (strip := self._strips.get(y)) is None:
            if self._edges is None:
                line = self._frame_line(gutter.top, width)
                left, right = line.crop(0, gutter.left), line.crop(width - gutter.right)
                self._edges = list(left), list(right)
            left, right = self._edges
            segments = self.segments(y, width - gutter.width)
            strip = self._strips[y] = BareStrip([*left, *segments, *right], width)
        return strip

    def _frame_line(self, y: int, width: int) -> Strip:
        if (strip := self._frame.get(y)) is None:
            (strip,) = bare(super().render_lines(Region(0, y, width, 1)))
            self._frame[y] = strip
        return strip

    def render_line(self, y: int) -> Strip:
        """Draw one line of the content."""
        width = self.size.width
        return Strip(self.segments(y, width), width)

    def segments(self, y: int, width: int) -> list[Segment]:
        """One line of the content, filled up to its width."""
        line = self._drawn[y] if y < len(self._drawn) else ()
        segments = [Segment(span.text, self._style_of(span)) for span in line if span.text]
        if (rest := width - width_of(line)) > 0:
            segments.append(Segment(" " * rest, self._styles[_GROUND]))
        return segments


class SnapshotLines(Follower, Lines):
    """Draws what `lines` composes of the snapshot: four a second that look alike paint nothing."""

    @abstractmethod
    def lines(self, snapshot: Snapshot, width: int, height: int) -> tuple[Line, ...]:
        """The text, as `composed` gives it."""

    def composed(self, width: int, height: int) -> tuple[Line, ...]:
        """Nothing before the first snapshot."""
        return () if self.snapshot is None else self.lines(self.snapshot, width, height)

    def follow(self, snapshot: Snapshot) -> None:
        """Paint if the text is another one."""
        super().follow(snapshot)
        self.update_lines()
