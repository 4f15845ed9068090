"""The two lines that a paused run asks its question in: the question, and the keys that answer it."""

from __future__ import annotations

from typing import ClassVar

from textual import events

from ...core.printable import printable
from ...core.snapshot import Asking, Snapshot
from ..commands.catalogue import command_of
from ..commands.keymap import Keymap
from ..spans import Line, Span
from .columns import Tone
from .key_footer import KeyHint, hint_at, hints_line
from .lines import SnapshotLines

_ANSWERS: dict[Asking, tuple[tuple[str, str], ...]] = {
    Asking.CANARY: (
        ("run.question", "show them"),
        ("run.pause", "send the rest"),
        ("run.leave", "leave; the run can be resumed"),
    ),
    Asking.CREDENTIALS: (
        ("run.question", "type new credentials"),
        ("run.pause", "go on with the same"),
        ("run.leave", "leave"),
    ),
    Asking.STOP: (
        ("run.pause", "go on all the same"),
        ("run.leave", "leave; the run can be resumed"),
    ),
}
"""What commands mean while a run waits for an answer."""


def answers(asking: Asking, keymap: Keymap) -> tuple[KeyHint, ...]:
    """The keys that answer a question."""
    return tuple(
        KeyHint(key, label, command_of(id_).scoped_action)
        for id_, label in _ANSWERS[asking]
        if (key := keymap.shown(id_))
    )


class QuestionLine(SnapshotLines):
    """Takes its lines only while the run asks something; a click on a key presses it."""

    DEFAULT_CSS = """
    QuestionLine { height: 2; display: none; background: $panel; }
    QuestionLine.-shown { display: block; }
    """
    INDENT: ClassVar[int] = 2

    def __init__(self, keymap: Keymap) -> None:
        super().__init__()
        self._keymap = keymap

    def follow(self, snapshot: Snapshot) -> None:
        """Come, go, or paint another question."""
        self.set_class(snapshot.asking is not None, "-shown")
        super().follow(snapshot)

    def lines(self, snapshot: Snapshot, width: int, height: int) -> tuple[Line, ...]:
        """The question, and the keys below it."""
        if snapshot.asking is None:
            return ()
        question = (Span("? ", Tone.WARN), Span(printable(snapshot.reason)))
        keys = hints_line(answers(snapshot.asking, self._keymap), width - self.INDENT)
        return question, (Span(" " * self.INDENT), *keys)

    async def on_click(self, event: events.Click) -> None:
        """Run the action of the key under the pointer."""
        offset = event.get_content_offset(self)
        if self.snapshot is None or self.snapshot.asking is None or offset is None or offset.y != 1:
            return
        hints = answers(self.snapshot.asking, self._keymap)
        hint = hint_at(hints, self.size.width - self.INDENT, offset.x - self.INDENT)
        if hint is not None:
            await self.run_action(hint.action)
