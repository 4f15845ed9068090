"""A filter typed where nothing can be filtered: its letters must not act as commands."""

from __future__ import annotations

from textual import events
from textual.screen import Screen
from textual.timer import Timer

QUIET_S = 1.0
"""Typing has ended when no letter has come for this long."""
_ENDS = ("enter", "escape")


class StrayFilter:
    """Swallows what is typed after a `/` that opened nothing, up to enter, escape, or a pause."""

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen
        self._quiet: Timer | None = None

    def begin(self, title: str) -> None:
        """Say that the tab of this title has no filter, and take the letters that follow."""
        self._screen.notify(f"{title} cannot be filtered.", markup=False, timeout=3)
        self._listen()

    def takes(self, event: events.Key) -> bool:
        """Whether a key is a part of what was typed; it must do nothing else then."""
        if self._quiet is None:
            return False
        if event.is_printable:
            self._listen()
            return True
        self._end()
        return event.key in _ENDS

    def _listen(self) -> None:
        self._end()
        self._quiet = self._screen.set_timer(QUIET_S, self._end)

    def _end(self) -> None:
        if self._quiet is not None:
            self._quiet.stop()
            self._quiet = None
