"""The app before there is a run: `fetchdeck` alone, on a terminal."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

# Textual reads its settings when it is imported, so they must be set before.
from . import textual_settings as textual_settings

# isort: split
from textual.app import App
from textual.notifications import SeverityLevel

from ..core.errors import FetchdeckError
from ..core.printable import printable
from . import theme
from .colourless import Colourless, wants_no_colour
from .screens.setup.choose import ChooseScreen
from .screens.setup.requests import RequestsScreen
from .screens.setup.run import RunScreen
from .settings.preferences import Preferences, load_preferences
from .setup.choice import Choice
from .setup.found import FoundRun
from .setup.preview import first_rows
from .signals import Signals


class SetupApp(App[Choice]):
    """Ends with what was chosen, or None."""

    TITLE = "fetchdeck"
    CSS_PATH = ["app.tcss", "screens/dialog.tcss", "screens/setup/setup.tcss"]  # noqa: RUF012
    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self, folder: Path, environ: Mapping[str, str], preferences: Preferences | None = None
    ) -> None:
        """`folder` is where to look for inputs and runs, `environ` what `env.` in templates means."""
        super().__init__()
        self._folder = folder
        self._environ = environ
        given = preferences or Preferences()
        self.no_color = wants_no_colour(environ)
        if given.reduced_motion:
            self.animation_level = "none"
        for look in theme.OURS:
            self.register_theme(look)
        self.theme = given.theme

    def get_default_screen(self) -> ChooseScreen:
        """What shall be fetched?"""
        return ChooseScreen(self._folder)

    def get_line_filters(self):
        """What every line goes through on its way to the terminal."""
        return (Colourless(),) if self.no_color else super().get_line_filters()

    async def on_choose_screen_chosen(self, event: ChooseScreen.Chosen) -> None:
        """Show how its rows become requests, or what can be done with a run; leave with a command."""
        if isinstance(event.what, Choice):
            self.exit(event.what)
        elif isinstance(event.what, FoundRun):
            self.push_screen(RunScreen(event.what), self._decided)
        else:
            await self._set_up(str(event.what))

    def on_requests_screen_started(self, event: RequestsScreen.Started) -> None:
        """Leave with the run's command."""
        self.exit(event.choice)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Say something; names of files are in it, and so it is never markup."""
        super().notify(printable(message), title=title, severity=severity, timeout=timeout, markup=False)

    def action_leave(self) -> None:
        """Leave without having started anything."""
        self.exit(None)

    async def action_quit(self) -> None:
        """Textual's own way out: the same."""
        self.exit(None)

    async def _set_up(self, source: str) -> None:
        try:
            rows = await first_rows(source)
        except FetchdeckError as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        self.push_screen(RequestsScreen(source, rows, self._environ))

    def _decided(self, choice: Choice | None) -> None:
        if choice is not None:
            self.exit(choice)


def set_up(folder: Path) -> Choice | None:
    """Let the user choose; None where they leave, or are told to."""
    app = SetupApp(folder, os.environ, load_preferences(os.environ))

    async def show() -> Choice | None:
        with Signals(app.exit, app.exit):
            return await app.run_async()

    chosen = asyncio.run(show())
    if app.return_code not in (0, None):
        sys.exit(70)
    return chosen
