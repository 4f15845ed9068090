"""The bare workers beneath a line of Textual that tells their number. `beneath_textual.py URLS CONCURRENCY TOLD`.

Its first frame comes before aiohttp is loaded. How many replies and octets there were is written to TOLD at the end.
"""

import asyncio
import sys

import uvloop
from textual.app import App, ComposeResult
from textual.widgets import Static


class Counting(App[None]):
    replies = octets = 0

    def compose(self) -> ComposeResult:
        yield Static("0 succeeded")

    def on_mount(self) -> None:
        self.call_after_refresh(lambda: self.run_worker(self.fetch(sys.argv[1], int(sys.argv[2]))))
        self.set_interval(0.25, lambda: self.query_one(Static).update(f"{self.replies:,} succeeded"))

    async def fetch(self, path: str, concurrency: int) -> None:
        import aiohttp

        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            with open(path) as file:  # noqa: ASYNC230, PTH123

                async def work() -> None:
                    for line in file:
                        async with session.get(line.strip()) as reply:
                            self.octets += len(await reply.read())
                            self.replies += 1

                await asyncio.gather(*(work() for _ in range(concurrency)))
        with open(sys.argv[3], "w") as told:  # noqa: ASYNC230, PTH123
            told.write(f"{self.replies} {self.octets}\n")
        self.exit()


app = Counting()
uvloop.run(app.run_async())
sys.exit(app.return_code)
