"""The base of screens on which a paused run asks something."""

from __future__ import annotations

from abc import abstractmethod
from enum import Enum, auto
from typing import ClassVar

from textual.reactive import var
from textual.screen import ModalScreen

from ...core.snapshot import Asking, Snapshot


class Decision(Enum):
    """What a user answers, whatever the question."""

    GO = auto()
    """Resume."""
    LEAVE = auto()
    """Drain, save and leave."""


class QuestionScreen(ModalScreen["Decision | None"]):
    """Dismissed with None to decide later; closes by itself when the run does not ask this any more."""

    ASKING: ClassVar[Asking]
    """The question that it is for."""
    snapshot: var[Snapshot | None] = var(None)
    """Bound to the app's snapshot: its reason is the question."""

    @abstractmethod
    def ask(self, snapshot: Snapshot) -> None:
        """Show the question as it is now."""

    def watch_snapshot(self) -> None:
        """Ask, or see that there is nothing to ask any more."""
        snapshot = self.snapshot
        if snapshot is None or not self.is_mounted:
            return
        if snapshot.asking is self.ASKING:
            self.ask(snapshot)
        else:
            self.close(None)

    def action_decide(self, decision: str) -> None:
        """Close with the answer."""
        self.close(Decision[decision])

    def action_later(self) -> None:
        """Close, and let the run wait."""
        self.close(None)

    def close(self, decision: Decision | None) -> None:
        """Dismiss this screen, unless it has been already or another one is above it."""
        if self.is_active:
            self.dismiss(decision)
