"""Waiting for room on the disk when it takes no large bodies."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

_LEAST_ROOM = 1024 * 1024
_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 15.0
_CALM_S = 60.0


class DiskWatch:
    """Holds the run after a body could not be stored, until the disk takes as much again."""

    def __init__(
        self,
        room_for: Callable[[int], Awaitable[bool]],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
        hold: Callable[[str], None],
        release: Callable[[], None],
    ) -> None:
        """`room_for` tries whether the disk takes so many octets; `hold` gets the reason."""
        self._room_for = room_for
        self._spawn = spawn
        self._hold = hold
        self._release = release
        self._loop = asyncio.get_running_loop()
        self._waiting = False
        self._needed = _LEAST_ROOM
        self._pause_s = _PAUSE_S
        self._calm_at = float("-inf")

    def refused(self, message: str, octets: int) -> None:
        """A body of `octets` and more could not be stored."""
        self._needed = max(self._needed, 2 * octets)
        if self._waiting:
            return
        self._waiting = True
        self._pause_s = _PAUSE_S if self._loop.time() > self._calm_at else self._longer()
        self._hold(message)
        self._spawn(self._wait())

    async def _wait(self) -> None:
        try:
            while True:
                await asyncio.sleep(self._pause_s)
                if await self._room_for(self._needed):
                    break
        finally:
            self._waiting = False
            self._calm_at = self._loop.time() + _CALM_S
        self._needed = _LEAST_ROOM
        self._release()

    def _longer(self) -> float:
        return min(self._pause_s * 2, _LONGEST_PAUSE_S)
