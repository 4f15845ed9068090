"""The fastest bare script: workers on uvloop that share one iterator over the URLs. `workers.py URLS CONCURRENCY`."""

import asyncio
import sys

import aiohttp
import uvloop


async def main(path: str, concurrency: int) -> None:
    count = size = 0
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        with open(path) as file:  # noqa: ASYNC230, PTH123

            async def work() -> None:
                nonlocal count, size
                for line in file:
                    async with session.get(line.strip()) as reply:
                        size += len(await reply.read())
                        count += 1

            await asyncio.gather(*(work() for _ in range(concurrency)))
    print(count, size)


uvloop.run(main(sys.argv[1], int(sys.argv[2])))
