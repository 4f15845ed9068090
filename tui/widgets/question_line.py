"""The two lines that a paused run asks its question in: the question, and the keys that answer it."""

from __future__ import annotations

from typing import ClassVar

from textual import events

from ...core.handle import Asking, Snapshot
from ...core.printable import printable
from ..spans import Line, Span
from .columns import Tone
from .key_footer import KeyHint, hint_at, hints_line
from .lines import Lines

ANSWERS: dict[Asking, tuple[KeyHint, ...]] = {
    Asking.CANARY: (
        KeyHint("o", "show them", "app.show_question"),
        KeyHint("p", "send the rest", "app.toggle_pause"),
        KeyHint("q", "leave; the run can be resumed", "app.leave"),
    ),
    Asking.CREDENTIALS: (
        KeyHint("o", "type new credentials", "app.show_question"),
        KeyHint("p", "go on with the same", "app.toggle_pause"),
        KeyHint("q", "leave", "app.leave"),
    ),
    Asking.STOP: (
        KeyHint("p", "go on all the same", "app.toggle_pause"),
        KeyHint("q", "leave; the run can be resumed", "app.leave"),
    ),
}
"""What the keys do while a run waits for an answer."""


class QuestionLine(Lines):
    """Takes its lines only while the run asks something; a click on a key presses it."""

    DEFAULT_CSS = """
    QuestionLine { height: 2; display: none; background: $panel; }
    QuestionLine.-shown { display: block; }
    """
    INDENT: ClassVar[int] = 2

    def watch_snapshot(self) -> None:
        """Come, go, or paint another question."""
        self.set_class(self.snapshot is not None and self.snapshot.asking is not None, "-shown")
        super().watch_snapshot()

    def lines(self, snapshot: Snapshot, width: int, height: int) -> tuple[Line, ...]:
        """The question, and the keys below it."""
        if snapshot.asking is None:
            return ()
        question = (Span("? ", Tone.WARN), Span(printable(snapshot.reason)))
        keys = hints_line(ANSWERS[snapshot.asking], width - self.INDENT)
        return question, (Span(" " * self.INDENT), *keys)

    async def on_click(self, event: events.Click) -> None:
        """Run the action of the key under the pointer."""
        offset = event.get_content_offset(self)
        if self.snapshot is None or self.snapshot.asking is None or offset is None or offset.y != 1:
            return
        hints = ANSWERS[self.snapshot.asking]
        hint = hint_at(hints, self.size.width - self.INDENT, offset.x - self.INDENT)
        if hint is not None:
            await self.run_action(hint.action)
