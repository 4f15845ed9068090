"""httpx's AsyncClient behind a semaphore, on uvloop, keeping nothing: `httpx_client.py URLS CONCURRENCY CLIENTS`.

Several clients share the connections, because the pool of a client looks at all of its connections for each request.
"""

import asyncio
import contextlib
import sys

import httpx
import uvloop


async def main(path: str, concurrency: int, clients: int) -> None:
    each = concurrency // clients
    limits = httpx.Limits(max_connections=each, max_keepalive_connections=each)
    async with contextlib.AsyncExitStack() as stack:
        free: list[httpx.AsyncClient] = []
        for _ in range(clients):
            client = await stack.enter_async_context(
                httpx.AsyncClient(limits=limits, timeout=60, trust_env=False)
            )
            free += [client] * each
        slots = asyncio.Semaphore(concurrency)

        async def fetch(url: str) -> int:
            async with slots:
                client = free.pop()
                size = len((await client.get(url)).content)
                free.append(client)
                return size

        with open(path) as file:  # noqa: ASYNC230, PTH123
            sizes = await asyncio.gather(*(fetch(line.strip()) for line in file))
    print(len(sizes), sum(sizes))


uvloop.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
