"""The commands in Textual's palette: those that make sense now, with the keys that this user has for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from textual.app import App
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.screen import Screen

from .availability import possible_now
from .key_names import shown_key
from .keymap import Keymap


class Entry(NamedTuple):
    """One line of the palette."""

    title: str
    keys: str
    help: str
    run: Callable[[], object]

    @property
    def text(self) -> str:
        """As it is shown."""
        return f"{self.title}  ({self.keys})" if self.keys else self.title


def entries(app: App[Any], screen: Screen[Any], keymap: Keymap) -> tuple[Entry, ...]:
    """The commands of the run and its tables; over a dialog, what that dialog can do."""
    if screen.is_modal:
        return tuple(_of_dialog(app, screen))
    return tuple(
        Entry(
            command.title,
            " ".join(keymap.all_shown(command.id)),
            command.help,
            partial(app.run_action, command.scoped_action, default_namespace=screen),
        )
        for command in possible_now(app, screen)
    )


def _of_dialog(app: App[Any], screen: Screen[Any]) -> list[Entry]:
    found: dict[str, Entry] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        if active.node is screen and active.enabled and binding.show:
            title, key = binding.description, shown_key(binding.key)
            keys = f"{found[title].keys} {key}" if title in found else key
            run = partial(app.run_action, binding.action, default_namespace=screen)
            found[title] = Entry(title, keys, "", run)
    return list(found.values())


class DeckCommands(Provider):
    """The palette's entries."""

    async def discover(self) -> Hits:
        """Every command, before anything is typed."""
        for entry in self._entries():
            yield DiscoveryHit(entry.text, entry.run, help=entry.help)

    async def search(self, query: str) -> Hits:
        """Commands whose title matches."""
        matcher = self.matcher(query)
        for entry in self._entries():
            score = matcher.match(entry.title)
            if score > 0:
                yield Hit(score, matcher.highlight(entry.title), entry.run, text=entry.title, help=entry.help)

    def _entries(self) -> tuple[Entry, ...]:
        keymap = getattr(self.app, "keymap", None)
        return entries(self.app, self.screen, keymap if isinstance(keymap, Keymap) else Keymap())
