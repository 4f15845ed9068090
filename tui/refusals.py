"""How a command that is refused says so: one sentence on standard error."""

from __future__ import annotations

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


class Commands(click.Group):
    """A group whose commands may raise FetchdeckError."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and turn our errors into click's."""
        try:
            return super().invoke(ctx)
        except FetchdeckError as error:
            raise Refusal(str(error)) from error
