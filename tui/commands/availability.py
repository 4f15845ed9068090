"""Which commands make sense here and now: asked by the footer, the palette and whoever shows a key."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from textual.app import App
from textual.dom import DOMNode
from textual.screen import Screen

from .catalogue import COMMANDS
from .declaration import Command, Scope

_HINTED = sorted((command for command in COMMANDS if command.hint), key=lambda command: command.rank)


def possible(command: Command, app: App[Any], screen: Screen[Any]) -> bool:
    """Whether a command can be carried out on this screen, by asking the node that would do it."""
    name, parameters = _called(command.action)
    node: DOMNode = app if command.scope is Scope.RUN else screen
    if command.scope is Scope.TABLE:
        return hasattr(node, "action_on_table") and bool(node.check_action("on_table", (name,)))
    return hasattr(node, f"action_{name}") and bool(node.check_action(name, parameters))


@lru_cache(maxsize=len(COMMANDS))
def _called(action: str) -> tuple[str, tuple[str, ...]]:
    """The name in an action, and its parameters: four times a second for each hint."""
    name, _, argument = action.partition("(")
    return name, (argument.rstrip(")").strip("'"),) if argument else ()


def possible_now(app: App[Any], screen: Screen[Any]) -> tuple[Command, ...]:
    """All of them, in the catalogue's order."""
    return tuple(command for command in COMMANDS if possible(command, app, screen))


def hinted_now(app: App[Any], screen: Screen[Any]) -> tuple[Command, ...]:
    """Those with a place in the footer, in its order."""
    return tuple(command for command in _HINTED if possible(command, app, screen))
