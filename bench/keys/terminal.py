"""The real command on a pseudo-terminal whose other end types keys and watches the screen."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from time import perf_counter

from tests.support.terminal_model import TerminalModel

from ..pseudo_terminal import Size
from ..suite.child import Child
from ..suite.fetchdeck import command as fetchdeck
from ..suite.fetchdeck import environment, kill


class NoPaintError(Exception):
    """What was waited for did not come to the screen."""


class Terminal:
    """A pseudo-terminal with the dashboard on it."""

    def __init__(self, command: Sequence[str], folder: Path, size: Size, processors: Collection[int]) -> None:
        self.screen = TerminalModel(*size)
        self._came = 0.0
        """When the last octets were read, before this model of a terminal drew them, which takes some milliseconds."""
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._child = Child(
            [*fetchdeck(), *command], folder, processors, terminal=size, environment=environment(folder)
        )

    def read(self, seconds: float) -> None:
        """Show what comes within this time."""
        ends = perf_counter() + seconds
        while (left := ends - perf_counter()) > 0:
            self._take(left)

    def until(self, reached: Callable[[], bool], limit_s: float) -> float:
        """Seconds until what is waited for came to the screen; raises NoPaintError after `limit_s`."""
        self._came = began = perf_counter()
        while not reached():
            left = limit_s - (perf_counter() - began)
            if left <= 0 or self._child.ended is not None:
                raise NoPaintError(self.screen.text)
            self._take(left)
        return self._came - began

    def press(self, keys: str, reached: Callable[[], bool], limit_s: float) -> float:
        """Type, and tell the seconds from there until the screen shows what the keys do."""
        self._child.type(keys)
        return self.until(reached, limit_s)

    def close(self) -> None:
        """End the command at once."""
        kill(self._child)
        self._child.close()

    def _take(self, wait_s: float) -> None:
        octets = self._child.read(wait_s)
        self._came = perf_counter()
        self.screen.feed(self._decode(octets))
