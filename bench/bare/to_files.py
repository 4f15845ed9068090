"""Workers as in `workers.py`, each body to a file as it comes, never synced. `to_files.py URLS CONCURRENCY FOLDER`."""

import asyncio
import sys
from pathlib import Path

import aiohttp
import uvloop


async def main(path: str, concurrency: int, folder: Path) -> None:
    count = size = 0
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        with open(path) as file:  # noqa: ASYNC230, PTH123
            lines = enumerate(file)

            async def work() -> None:
                nonlocal count, size
                for number, line in lines:
                    async with session.get(line.strip()) as reply:
                        with (folder / str(number)).open("wb") as body:
                            async for data in reply.content.iter_any():
                                size += body.write(data)
                        count += 1

            await asyncio.gather(*(work() for _ in range(concurrency)))
    print(count, size)


place = Path(sys.argv[3])
place.mkdir()
uvloop.run(main(sys.argv[1], int(sys.argv[2]), place))
