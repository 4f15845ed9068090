"""Which screen the dashboard opens, and when, while the run asks something."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import App
from textual.widgets import Input

from ..core.handle import EngineHandle
from ..core.journal.reader import JournalReader
from ..core.snapshot import Asking, Snapshot
from .credentials import Credentials
from .screens import on_demand
from .screens.question import QuestionScreen

WITH_A_SCREEN = frozenset({Asking.CANARY, Asking.CREDENTIALS})
"""A stop condition is told above the tables alone: whoever decides wants to look at them first."""


class Questions:
    """Knows which question has been shown; a screen that was closed stays so until it is asked for."""

    def __init__(
        self,
        app: App[None],
        engine: EngineHandle,
        reader: JournalReader,
        push: Callable[[QuestionScreen], None],
    ) -> None:
        """`push` shows a screen over `app` that follows the snapshots, and carries out what its user decides."""
        self._app = app
        self._engine = engine
        self._reader = reader
        self._push = push
        self._shown: Asking | None = None

    def follow(self, snapshot: Snapshot) -> None:
        """Open the screen of a new question, unless its keys would go to something that is being typed or read."""
        if snapshot.asking is None:
            self._shown = None
        elif snapshot.asking is not self._shown and self._nobody_types():
            self.show(snapshot)

    def show(self, snapshot: Snapshot) -> None:
        """Open the screen of the question that the run asks, where it has one."""
        self._shown = snapshot.asking
        if snapshot.asking is Asking.CANARY:
            self._open(on_demand.canary_screen()(self._reader), snapshot)
        elif snapshot.asking is Asking.CREDENTIALS:
            self._open(on_demand.credentials_screen()(self._reader, self._use), snapshot)

    def _open(self, screen: QuestionScreen, snapshot: Snapshot) -> None:
        screen.snapshot = snapshot
        self._push(screen)

    def _nobody_types(self) -> bool:
        return len(self._app.screen_stack) == 1 and not isinstance(self._app.focused, Input)

    def _use(self, credentials: Credentials) -> None:
        self._engine.set_credentials(credentials.headers, dict(credentials.environ))
