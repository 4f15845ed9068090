"""When a command first did something: painted its dashboard, or sent a request."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from .child import Child, TroubleError
from .servers import seen

_CONTENT = b"succeeded"
"""Stands in the accounting line, which every size of the dashboard shows."""
_LIMIT_S = 60.0
_LOG_S = 0.01
_FLUSHED_S = 1.0


@dataclass(slots=True)
class FirstFrame:
    """Watches what is painted for the first screen with content."""

    at: float | None = None
    """On the monotonic clock."""
    _painted: bytes = b""

    def take(self, painted: bytes) -> None:
        if self.at is None:
            self._painted = self._painted[-len(_CONTENT) :] + painted
            if _CONTENT in self._painted:
                self.at = monotonic()


def first_frame_s(child: Child) -> float:
    """Wait until a dashboard shows something; seconds since the command was started."""
    frame = FirstFrame()
    while frame.at is None:
        _check(child, "frame")
        frame.take(child.read(0.05))
    return frame.at - child.began


def first_request_s(child: Child, log: Path) -> float:
    """Wait until the server has logged a request of a command; seconds from its start to where that request began."""
    while not log.stat().st_size:
        _check(child, "request")
        if child.terminal is None:
            sleep(_LOG_S)
        else:
            child.read(_LOG_S)
    return first_logged_s(child.began_wall, log)


def first_logged_s(began_wall: float, log: Path) -> float:
    """The same of a command that began then, where the server has had its requests already."""
    ends = monotonic() + _FLUSHED_S
    while not (found := seen(log)) and monotonic() < ends:
        sleep(_LOG_S)
    if not found:
        raise TroubleError("the server has logged no request")
    return min(one.began for one in found) - began_wall


def _check(child: Child, what: str) -> None:
    if child.ended is not None:
        raise TroubleError(f"it ended with status {child.ended.status} before its first {what}: {child.said}")
    if monotonic() - child.began > _LIMIT_S:
        raise TroubleError(f"no {what} within {_LIMIT_S:.0f} s")
