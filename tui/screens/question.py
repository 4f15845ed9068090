"""The base of screens on which a paused run asks something."""

from __future__ import annotations

from abc import abstractmethod
from enum import Enum, auto
from typing import ClassVar

from textual.screen import ModalScreen

from ...core.snapshot import Asking, Snapshot
from ..following import Follower


class Decision(Enum):
    """What a user answers, whatever the question."""

    GO = auto()
    """Resume."""
    LEAVE = auto()
    """Drain, save and leave."""


class QuestionScreen(Follower, ModalScreen["Decision | None"]):
    """Dismissed with None to decide later; closes by itself when the run does not ask this any more."""

    ASKING: ClassVar[Asking]
    """The question that it is for."""

    @abstractmethod
    def ask(self, snapshot: Snapshot) -> None:
        """Show the question as it is now."""

    def follow(self, snapshot: Snapshot) -> None:
        """Ask, or see that there is nothing to ask any more."""
        super().follow(snapshot)
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
