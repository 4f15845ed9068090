"""The bare script: `asyncio.gather` over aiohttp behind a semaphore. `gather.py URLS CONCURRENCY asyncio|uvloop`."""

import asyncio
import sys

import aiohttp
import uvloop


async def main(path: str, concurrency: int) -> None:
    slots = asyncio.Semaphore(concurrency)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def fetch(url: str) -> int:
            async with slots, session.get(url) as reply:
                return len(await reply.read())

        with open(path) as file:  # noqa: ASYNC230, PTH123
            sizes = await asyncio.gather(*(fetch(line.strip()) for line in file))
    print(len(sizes), sum(sizes))


with asyncio.Runner(loop_factory=uvloop.new_event_loop if sys.argv[3] == "uvloop" else None) as runner:
    runner.run(main(sys.argv[1], int(sys.argv[2])))
