"""The commands in Textual's palette."""

from __future__ import annotations

from functools import partial

from textual.app import App
from textual.command import DiscoveryHit, Hit, Hits, Provider

from .catalogue import offered
from .declaration import Command


class DeckCommands(Provider):
    """The palette's entries."""

    async def discover(self) -> Hits:
        """All commands, before anything is typed."""
        for command in self._commands():
            yield DiscoveryHit(_entry(command), self._runner(command), help=command.help)

    async def search(self, query: str) -> Hits:
        """Commands whose title matches."""
        matcher = self.matcher(query)
        for command in self._commands():
            score = matcher.match(command.title)
            if score > 0:
                yield Hit(
                    score,
                    matcher.highlight(command.title),
                    self._runner(command),
                    text=command.title,
                    help=command.help,
                )

    def _commands(self) -> tuple[Command, ...]:
        return offered(read_only=getattr(getattr(self.app, "engine", None), "read_only", False))

    def _runner(self, command: Command) -> partial[object]:
        app: App[object] = self.app
        return partial(app.run_action, command.scoped_action, default_namespace=self.screen)


def _entry(command: Command) -> str:
    return f"{command.title}  ({command.key})" if command.keys else command.title
