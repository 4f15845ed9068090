"""What can be done in the inspector, each once: its keys, its hint in the footer, its action."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual.binding import Binding, BindingType

from ..widgets.key_footer import KeyHint


@dataclass(frozen=True, slots=True)
class InspectorCommand:
    """One command of the inspector."""

    keys: str
    shown: str
    """The key as people write it."""
    label: str
    action: str
    pinned: bool = False

    @property
    def name(self) -> str:
        """The action without its arguments, by which it is asked whether it makes sense."""
        return self.action.partition("(")[0]


COMMANDS: tuple[InspectorCommand, ...] = (
    InspectorCommand("r", "r", "retry", "retry"),
    InspectorCommand("x", "x", "cancel", "cancel"),
    InspectorCommand("n", "n", "next", "next(1)"),
    InspectorCommand("N", "N", "prev", "next(-1)"),
    InspectorCommand("right_square_bracket", "]", "page", "page(1)"),
    InspectorCommand("left_square_bracket", "[", "back", "page(-1)"),
    InspectorCommand("slash", "/", "search", "search"),
    InspectorCommand("v", "v", "look", "look"),
    InspectorCommand("y", "y", "curl", "copy"),
    InspectorCommand("E", "E", "edit, send", "edit"),
    InspectorCommand("w", "w", "save", "save"),
    InspectorCommand("minus,left_curly_bracket", "-", "fold", "fold(True)"),
    InspectorCommand("plus,equals_sign,right_curly_bracket", "+", "unfold", "fold(False)"),
    InspectorCommand("Y", "Y", "copy body", "copy_body"),
    InspectorCommand("tab", "tab", "other part", "other"),
    InspectorCommand("1", "", "", "section('REQUEST')"),
    InspectorCommand("2", "", "", "section('ATTEMPTS')"),
    InspectorCommand("3", "", "", "section('RESPONSE')"),
    InspectorCommand("4", "", "", "section('BODY')"),
    InspectorCommand("5", "", "", "section('ROW')"),
    InspectorCommand("escape,q", "esc", "back", "back", pinned=True),
)
"""In the order of the footer."""


def bindings() -> list[BindingType]:
    """The bindings of the inspector's screen; ids let a keymap change them."""
    return [
        Binding(command.keys, command.action, command.label, show=False, id=f"inspect.{command.action}")
        for command in COMMANDS
    ]


def hints(possible: Callable[[InspectorCommand], bool], relabelled: dict[str, str]) -> tuple[KeyHint, ...]:
    """The footer: what can be done here and now; `relabelled` gives an action another word."""
    return tuple(
        KeyHint(
            command.shown,
            relabelled.get(command.action, command.label),
            f"screen.{command.action}",
            command.pinned,
        )
        for command in COMMANDS
        if command.shown and possible(command)
    )
