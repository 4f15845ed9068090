"""The last line: what can be done here and now, most wanted first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rich.cells import cell_len
from textual import events
from textual.reactive import var

from ...core.snapshot import RunState
from ..commands.declaration import Command
from ..commands.keymap import Keymap
from ..spans import Line, Span
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
    pinned: bool = False
    """Always shown, at the right end."""


def command_hints(commands: Iterable[Command], state: RunState, keymap: Keymap) -> tuple[KeyHint, ...]:
    """Hints of commands that have a key, labelled for a run in this state."""
    return tuple(
        KeyHint(key, command.hint_in(state), command.scoped_action, command.pinned)
        for command in commands
        if (key := keymap.shown(command.id))
    )


def placed(hints: tuple[KeyHint, ...], width: int) -> tuple[tuple[KeyHint, int], ...]:
    """Hints with the cell where each begins: pinned ones at the right, of the others as many as fit."""
    pinned = [hint for hint in hints if hint.pinned]
    right = width - sum(_cells(hint) + _GAP for hint in pinned) + _GAP
    shown: list[tuple[KeyHint, int]] = []
    at = 0
    for hint in hints:
        if not hint.pinned and at + _cells(hint) + _GAP <= right:
            shown.append((hint, at))
            at += _cells(hint) + _GAP
    for hint in pinned:
        shown.append((hint, max(at, right)))
        at = right = max(at, right) + _cells(hint) + _GAP
    return tuple(shown)


def hints_line(hints: tuple[KeyHint, ...], width: int) -> Line:
    """The hints that fit, each key before its label."""
    line: list[Span] = []
    end = 0
    for hint, start in placed(hints, width):
        line += [
            Span(" " * (start - end)),
            Span(hint.key, Tone.TITLE),
            Span(f" {hint.label}", Tone.MUTED),
        ]
        end = start + _cells(hint)
    return tuple(line)


def hint_at(hints: tuple[KeyHint, ...], width: int, cell: int) -> KeyHint | None:
    """The hint whose key or label stands in a cell, if any."""
    return next(
        (hint for hint, start in placed(hints, width) if start <= cell < start + _cells(hint)),
        None,
    )


def _cells(hint: KeyHint) -> int:
    return cell_len(hint.key) + 1 + cell_len(hint.label)


class KeyFooter(Lines):
    """Keys with their labels; a click runs one."""

    DEFAULT_CSS = """
    KeyFooter { height: 1; dock: bottom; background: $panel; }
    """
    hints: var[tuple[KeyHint, ...]] = var(())

    def watch_hints(self) -> None:
        """Paint the new hints."""
        self.update_lines()

    def composed(self, width: int, height: int) -> tuple[Line, ...]:
        """The hints that fit."""
        return (hints_line(self.hints, width),)

    async def on_click(self, event: events.Click) -> None:
        """Run the action under the pointer."""
        offset = event.get_content_offset(self)
        hint = None if offset is None else hint_at(self.hints, self.size.width, offset.x)
        if hint is not None:
            await self.run_action(hint.action)
