"""The engine beneath a line of Textual that tells how far a run is. `run_beneath_textual.py URLS CONCURRENCY FOLDER`.

Its first frame comes before aiohttp is loaded.
"""

import sys
from pathlib import Path

from fetchdeck.core import loops
from textual.app import App, ComposeResult
from textual.widgets import Static


class Telling(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("0 succeeded")

    def on_mount(self) -> None:
        self.call_after_refresh(lambda: self.run_worker(self.fetch(sys.argv[1], int(sys.argv[2]))))

    async def fetch(self, path: str, concurrency: int) -> None:
        from fetchdeck.core.engine.run import open_run
        from fetchdeck.core.job import Job, Options

        folder = Path(sys.argv[3])
        async with open_run(Job(path), Options(concurrency=concurrency), folder, environ={}) as engine:
            line = self.query_one(Static)
            self.set_interval(0.25, lambda: line.update(f"{engine.snapshot().counts.succeeded:,} succeeded"))
            await engine.finished()
        self.exit()


app = Telling()
loops.run(app.run_async)
sys.exit(app.return_code)
