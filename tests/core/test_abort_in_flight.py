"""Breaking off what is in flight: it goes back to the queue and nobody is charged."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from fetchdeck.core.engine.run import open_run
from fetchdeck.core.model import Counts
from fetchdeck.core.past import EventKind
from fetchdeck.core.snapshot import RunState
from msgspec.structs import replace

from tests.core.test_engine import FAST, until, write_urls
from tests.support.ledger import Ledger, ledger_server


@pytest.fixture
async def server() -> AsyncIterator[Ledger]:
    async with ledger_server() as ledger:
        yield ledger


async def test_what_is_aborted_while_paused_is_queued_and_fetched_later(
    server: Ledger, tmp_path: Path
) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(30)])
    options = replace(FAST, retries=0)
    async with asyncio.timeout(20), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await server.in_flight(10)
        engine.pause()
        engine.abort_in_flight()
        engine.abort_in_flight()
        paused = await until(engine, lambda snapshot: snapshot.counts.queued == 30)
        assert (paused.state, paused.in_use, paused.counts) == (RunState.PAUSED, 0, Counts(queued=30))
        said = [event.text for event in engine.events_since(0).events if event.kind is EventKind.CANCELLED]
        assert said == ["Aborted 10 in flight by hand; they are queued again and charged nothing."]
        server.release()
        engine.resume()
        await engine.finished()
        assert engine.snapshot().counts == Counts(succeeded=30)
    with closing(sqlite3.connect(tmp_path / "x.run" / "journal.sqlite")) as db:
        kinds = db.execute("SELECT kind, count(*) FROM attempts GROUP BY kind ORDER BY kind").fetchall()
    assert kinds == [(None, 30), ("interrupted", 10)]


async def test_canaries_that_are_aborted_are_sent_again(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(9)])
    async with (
        asyncio.timeout(20),
        open_run(job, replace(FAST, canary=3), tmp_path / "x.run", environ={}) as engine,
    ):
        await server.in_flight(3)
        engine.abort_in_flight()
        server.release()
        await until(engine, lambda snapshot: snapshot.asking is not None)
        assert engine.snapshot().counts == Counts(queued=6, succeeded=3)


async def test_what_a_user_has_cancelled_stays_skipped_when_the_run_is_left_at_once(
    server: Ledger, tmp_path: Path
) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(3)])
    async with asyncio.timeout(20), open_run(job, FAST, tmp_path / "x.run", environ={}) as engine:
        await server.in_flight(3)
        engine.cancel([1])
        engine.abandon()
    with closing(sqlite3.connect(tmp_path / "x.run" / "journal.sqlite")) as db:
        assert db.execute("SELECT state FROM requests ORDER BY id").fetchall() == [(0,), (5,), (0,)]
