"""What a user answers to a paused run, whatever it asked."""

from __future__ import annotations

from enum import Enum, auto


class Decision(Enum):
    """How to go on."""

    GO = auto()
    """Resume."""
    LEAVE = auto()
    """Drain, save and leave."""
