"""`kill -9` at random moments of one run: nothing is lost, nothing is fetched more often than journalled."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from aiohttp import web
from fetchdeck.core.model import State

ROWS = 2500
INLINE = 262_144
"""Longer bodies stand in files of their own."""
LARGE = 2 * INLINE
COMMAND = (sys.executable, "-c", "from fetchdeck.tui.cli import main; main()")


class Server:
    """Answers each row with a body of its own, and kills the client when enough requests have been seen."""

    def __init__(self, kill_at: list[int]) -> None:
        self.seen: Counter[int] = Counter()
        self.kill_at = kill_at
        self.client: asyncio.subprocess.Process | None = None
        self.kills = 0

    async def answer(self, request: web.Request) -> web.Response:
        row = int(request.match_info["row"])
        self.seen[row] += 1
        if self.kill_at and self.seen.total() >= self.kill_at[0] and self.client is not None:
            self.kill_at.pop(0)
            self.kills += 1
            self.client.kill()
            self.client = None
        await asyncio.sleep(random.uniform(0.0, 0.02))  # the latency of a server
        if row % 11 == 0 and self.seen[row] == 1:
            return web.Response(status=503, headers={"Retry-After": "0"})
        return web.Response(body=body_of(row))


def body_of(row: int) -> bytes:
    return f"row {row} ".encode() * (LARGE // 6 if row % 250 == 3 else 5)


@pytest.mark.parametrize("kills", [10, pytest.param(50, marks=pytest.mark.slow)])
async def test_killed_again_and_again_a_run_still_ends_whole(tmp_path: Path, kills: int) -> None:
    chance = random.Random(kills)
    server = Server(sorted(chance.randrange(1, ROWS) for _ in range(kills)))
    app = web.Application()
    app.router.add_get("/{row}", server.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    rows = tmp_path / "rows.csv"
    rows.write_text("id\n" + "".join(f"{row}\n" for row in range(ROWS)))

    folder = tmp_path / "rows.run"
    url = f"http://{host}:{port}/{{{{ id }}}}"
    arguments = ("run", str(rows), "--url", url, "--headless", "-c", "100", "--run", str(folder))
    for _ in range(kills + 1):
        server.client = client = await asyncio.create_subprocess_exec(
            *COMMAND, *arguments, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        _, errors = await client.communicate()
        if client.returncode != -9:
            break
    await runner.cleanup()

    assert (client.returncode, server.kills, server.kill_at) == (0, kills, []), errors.decode()
    with closing(sqlite3.connect(folder / "journal.sqlite")) as db:
        states = dict(db.execute("SELECT state, count(*) FROM requests GROUP BY state"))
        assert states == {State.SUCCEEDED: ROWS}
        journalled = dict(db.execute("SELECT request, count(*) FROM attempts GROUP BY request"))
        assert dict(db.execute("SELECT id, attempts FROM requests")) == journalled
        over = {row: (seen, journalled[row]) for row, seen in server.seen.items() if seen > journalled[row]}
        assert over == {}
        files: set[str] = set()
        for row, body, path in db.execute("SELECT request, body, body_path FROM responses"):
            if path is not None:
                files.add(path)
                assert (folder / path).read_bytes() == body_of(row)
            else:
                assert body == body_of(row)
    assert len(files) == sum(len(body_of(row)) > INLINE for row in range(ROWS))
    assert {str(file.relative_to(folder)) for file in folder.glob("bodies/*/*")} == files
