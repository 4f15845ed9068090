"""The last line: what can be done here and now, most wanted first."""

from __future__ import annotations

from typing import NamedTuple

from textual import events
from textual.reactive import var

from ...core.handle import Snapshot
from ..spans import Line, Span, width_of
from .columns import Tone
from .lines import Lines

_GAP = 2


class KeyHint(NamedTuple):
    """One key of the footer."""

    key: str
    """As it is shown."""
    label: str
    action: str
    """What a click runs, with its namespace."""


def fitting(hints: tuple[KeyHint, ...], width: int) -> tuple[tuple[KeyHint, Line], ...]:
    """As many hints as fit, in their order."""
    shown: list[tuple[KeyHint, Line]] = []
    used = 0
    for hint in hints:
        line = (Span(hint.key, Tone.TITLE), Span(f" {hint.label}", Tone.MUTED))
        used += width_of(line) + (_GAP if shown else 0)
        if used > width:
            break
        shown.append((hint, line))
    return tuple(shown)


class KeyFooter(Lines):
    """Keys with their labels; a click runs one."""

    DEFAULT_CSS = """
    KeyFooter { height: 1; dock: bottom; background: $panel; }
    """
    hints: var[tuple[KeyHint, ...]] = var(())

    def watch_hints(self) -> None:
        """Paint the new hints."""
        self.update_lines()

    def lines(self, snapshot: Snapshot, width: int, height: int) -> tuple[Line, ...]:
        """The hints that fit."""
        spaced: list[Span] = []
        for _, line in fitting(self.hints, width):
            spaced += [*line, Span(" " * _GAP)]
        return (tuple(spaced),)

    async def on_click(self, event: events.Click) -> None:
        """Run the action under the pointer."""
        offset = event.get_content_offset(self)
        end = 0
        for hint, line in fitting(self.hints, self.size.width):
            end += width_of(line) + _GAP
            if offset is not None and offset.x < end:
                await self.run_action(hint.action)
                return
