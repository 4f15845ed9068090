"""Leaving the dashboard in order: at once where nothing runs, else drained, or abandoned by whoever insists."""

from __future__ import annotations

from collections.abc import Callable

from ..core.handle import EngineHandle
from ..core.snapshot import Snapshot
from .screens.quit import Leave, over


class Leaving:
    """Knows whether the user is on the way out; `exit_` ends the app."""

    def __init__(self, engine: EngineHandle, exit_: Callable[[], None]) -> None:
        self._engine = engine
        self._exit = exit_
        self.draining = False
        """Whether the run drains, and the app leaves when it is over."""
        self.abandoned = False
        """Whether the run was left at once, so that nobody waits for what is in flight."""

    def follow(self, snapshot: Snapshot) -> None:
        """Leave when a drain that was to end in leaving is over."""
        if self.draining and over(snapshot):
            self._exit()

    def drain(self) -> None:
        """Start nothing more, and leave when all that is in flight has ended and is saved.

        A run that is only looked at is left at once.
        """
        if self._engine.read_only:
            self._exit()
            return
        self.draining = True
        self._engine.drain()

    def abandon(self) -> None:
        """Leave at once; what is in flight is queued again for the next start."""
        self.abandoned = True
        if not over(self._engine.snapshot()):
            self._engine.abandon()
        self._exit()

    def decided(self, how: Leave | None) -> None:
        """Leave as it was chosen in the dialog; None stays."""
        if how is None:
            return
        if over(self._engine.snapshot()):
            self._exit()
        elif how is Leave.DRAIN:
            self.drain()
        else:
            self.abandon()
