"""A host that says how many more requests it takes is sent no more than that, by the real engine."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from fetchdeck.core.engine.run import open_run
from fetchdeck.core.job import Job, Options
from fetchdeck.core.model import Counts
from fetchdeck.core.past import EventKind

from bench.governor.limited_server import Connection, Window

QUOTA, ROWS = 40, 60


@pytest.mark.parametrize("auto", [False, True])
async def test_no_request_is_sent_beyond_what_a_host_says_it_takes(tmp_path: Path, auto: bool) -> None:
    limit = Window(QUOTA, 0.01, window_s=1.0)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(limit), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    source = tmp_path / "urls.txt"
    source.write_text("".join(f"http://{host}:{port}/{row}\n" for row in range(ROWS)))
    options = Options(concurrency=20, auto=auto)
    async with (
        asyncio.timeout(30),
        open_run(Job(str(source)), options, tmp_path / "x.run", environ={}) as engine,
    ):
        await engine.finished()
        assert engine.snapshot().counts == Counts(succeeded=ROWS)
        rests = [one for one in engine.events_since(0).events if one.kind is EventKind.COOLING]
    server.close()
    assert limit.refused == 0
    assert rests == []
    with closing(sqlite3.connect(tmp_path / "x.run" / "journal.sqlite")) as db:
        assert db.execute("SELECT count(*) FROM attempts").fetchone() == (ROWS,)
