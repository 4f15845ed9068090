"""A client with one of the other algorithms: `python -m bench.governor.baseline NAME WORKERS URL SECONDS FILE`.

FILE gets a line of JSON an attempt: when it started (seconds since the epoch), how long it took, and the status.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp
from fetchdeck.core.loops import run as run_loop

from .algorithms import Algorithm, AutoThrottle, Fixed, Halving

ALGORITHMS: dict[str, Callable[[int], Algorithm]] = {
    "halving": lambda workers: Halving(),
    "autothrottle": lambda workers: AutoThrottle(),
    "fixed": Fixed,
}


class Client:
    """As many workers as the algorithm wants, which take turns in asking it when to start."""

    def __init__(self, algorithm: Algorithm, url: str, seconds: float) -> None:
        self._algorithm = algorithm
        self._url = url
        self._began = time.monotonic()
        self._ends = self._began + seconds
        self._turn = asyncio.Lock()
        self._rows = itertools.count()
        self.attempts: list[tuple[float, float, int]] = []

    async def run(self) -> None:
        """Send until the time is up."""
        timeout = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as session:
            await asyncio.gather(*(self._work(session) for _ in range(self._algorithm.workers)))

    async def _work(self, session: aiohttp.ClientSession) -> None:
        while await self._my_turn():
            at, started = time.time(), time.monotonic()
            try:
                async with session.get(f"{self._url}/{next(self._rows)}") as reply:
                    await reply.read()
                status = reply.status
            except (aiohttp.ClientError, TimeoutError):
                status = 0
            now = time.monotonic()
            self.attempts.append((at, now - started, status))
            pause_s = self._algorithm.ended(now - self._began, status, now - started)
            await asyncio.sleep(min(pause_s, max(0.0, self._ends - now)))

    async def _my_turn(self) -> bool:
        async with self._turn:
            while (now := time.monotonic()) < self._ends:
                wait_s = self._algorithm.wait_s(now - self._began)
                if wait_s <= 0:
                    self._algorithm.started(now - self._began)
                    return True
                await asyncio.sleep(min(wait_s, self._ends - now))
        return False


async def attempts_of(name: str, workers: int, url: str, seconds: float) -> list[tuple[float, float, int]]:
    client = Client(ALGORITHMS[name](workers), url, seconds)
    await client.run()
    return client.attempts


def main() -> None:
    """Entry point."""
    name, workers, url, seconds, file = sys.argv[1:]
    attempts = run_loop(lambda: attempts_of(name, int(workers), url, float(seconds)))
    Path(file).write_text("".join(json.dumps(attempt) + "\n" for attempt in attempts))


if __name__ == "__main__":
    main()
