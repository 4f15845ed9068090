"""One thread for the inspector's own work: reading bodies, making trees, searching."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ..pauses import Pauses

T = TypeVar("T")


class OffLoop:
    """Does one piece of work after the other, off the event loop."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="inspector")
        self._pauses: dict[str, Pauses] = {}

    def anew(self, task: str) -> Pauses:
        """Pauses for a task that takes the place of the one of the same name, which is stopped."""
        if task in self._pauses:
            self._pauses[task].stop()
        self._pauses[task] = made = Pauses()
        return made

    async def run(self, work: Callable[[], T]) -> T:
        """Do one piece of work."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """Stop whatever is under way; nothing waits for its end."""
        for pauses in self._pauses.values():
            pauses.stop()
        self._thread.shutdown(wait=False, cancel_futures=True)
