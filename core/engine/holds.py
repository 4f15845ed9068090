"""Why a run pauses itself until something outside is well again."""

from __future__ import annotations

from enum import Enum, auto


class Hold(Enum):
    """What a run may be waiting for."""

    JOURNAL = auto()
    """The disk takes nothing that the journal writes."""
    BODIES = auto()
    """The disk takes no large bodies."""
    OUTAGE = auto()
    """No host can be reached."""
    QUOTA = auto()
    """All that the quota allows has been sent."""


class Holds:
    """The reasons for which the run waits just now, the oldest first."""

    def __init__(self) -> None:
        self._reasons: dict[Hold, str] = {}

    def __contains__(self, hold: Hold) -> bool:
        return hold in self._reasons

    @property
    def reason(self) -> str | None:
        """Why the run waits, in a sentence; None when nothing keeps it from going on."""
        return next(iter(self._reasons.values()), None)

    def add(self, hold: Hold, reason: str) -> None:
        """Wait for this too."""
        self._reasons[hold] = reason

    def drop(self, hold: Hold) -> bool:
        """It is well again; False where nobody waited for it."""
        return self._reasons.pop(hold, None) is not None

    def clear(self) -> None:
        """A user wants to go on whatever is wrong."""
        self._reasons.clear()
