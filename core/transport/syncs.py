"""One sync of a folder for all bodies that wait for it at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path


class SharedSyncs:
    """Syncs a folder once for all names that have come since the last time: 60 times for 400 bodies."""

    def __init__(self, sync: Callable[[Path], Awaitable[None]]) -> None:
        """`sync` makes the names durable that are in a folder when it is called; raises OSError."""
        self._sync = sync
        self._running: dict[Path, asyncio.Task[Exception | None]] = {}
        self._next: dict[Path, asyncio.Task[Exception | None]] = {}

    async def synced(self, folder: Path) -> None:
        """Wait for a sync that begins after this call; raises OSError."""
        task = self._next.get(folder)
        if task is None:
            task = self._next[folder] = asyncio.create_task(self._run(folder))
        # Others may wait for it too: it goes on when one of them is cancelled.
        if (error := await asyncio.shield(task)) is not None:
            raise error

    async def _run(self, folder: Path) -> Exception | None:
        """What went wrong is a result: whether anybody still waits for it is not known here."""
        if (before := self._running.get(folder)) is not None:
            await asyncio.wait([before])
        task = self._running[folder] = self._next.pop(folder)
        try:
            await self._sync(folder)
        except Exception as error:
            return error
        finally:
            if self._running.get(folder) is task:
                del self._running[folder]
        return None
