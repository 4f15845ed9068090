"""The group of commands: how they are found, and how one that is refused says so in one sentence."""

from __future__ import annotations

from collections import UserDict
from importlib import import_module
from typing import Any

import click

from ..core.errors import FetchdeckError
from ..core.printable import printable


class Refusal(click.ClickException):
    """A deliberate error as one sentence on standard error, with the exit status for usage and input errors."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Print the sentence."""
        click.echo(f"fetchdeck: {printable(self.message)}", file=file, err=True)


class LazyCommands(UserDict[str, Any]):
    """Commands by their names, each loaded when it is asked for: `module:name`, of a module beside this one."""

    def __getitem__(self, name: str) -> click.Command:
        """The command, loaded now."""
        module, _, attribute = self.data[name].partition(":")
        return getattr(import_module(f"{__package__}.{module}"), attribute)


class Commands(click.Group):
    """A group whose commands may raise FetchdeckError."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and turn our errors into click's."""
        try:
            return super().invoke(ctx)
        except FetchdeckError as error:
            raise Refusal(str(error)) from error
