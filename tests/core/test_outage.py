"""The run when nothing can be reached, when one host is down, and when there are only dead hosts from the start."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from fetchdeck.core.engine import outage
from fetchdeck.core.engine.engine import Engine
from fetchdeck.core.engine.run import open_run
from fetchdeck.core.job import Job, Options, Templates
from fetchdeck.core.model import Counts
from fetchdeck.core.past import EventKind
from fetchdeck.core.snapshot import RunState, Snapshot
from msgspec.structs import replace

from tests.support.outlet import Outlet, outlet

OPTIONS = Options(concurrency=10, retries=0, timeout_s=10, connect_timeout_s=1)


@pytest.fixture
async def server() -> AsyncIterator[Outlet]:
    async with outlet() as found:
        yield found


def dead_port() -> int:
    """A port that refuses connections for as long as the returned number is not taken again."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def write_urls(tmp_path: Path, urls: list[str]) -> Job:
    path = tmp_path / "urls.txt"
    path.write_text("\n".join(urls) + "\n")
    return Job(str(path))


async def until(engine: Engine, state: RunState) -> Snapshot:
    while (snapshot := engine.snapshot()).state is not state:
        await asyncio.sleep(0.005)
    return snapshot


def said(engine: Engine, kind: EventKind) -> list[str]:
    return [event.text for event in engine.events_since(0).events if event.kind is kind]


def tries(folder: Path) -> set[int]:
    with closing(sqlite3.connect(folder / "journal.sqlite")) as db:
        return {row[0] for row in db.execute("SELECT tries FROM requests")}


async def test_an_outage_pauses_the_run_charges_nothing_and_ends_by_itself(
    server: Outlet, tmp_path: Path
) -> None:
    job = write_urls(tmp_path, [f"{server.url}/{n}" for n in range(200)])
    server.pull_after = 50
    async with asyncio.timeout(60), open_run(job, OPTIONS, tmp_path / "x.run", environ={}) as engine:
        snapshot = await until(engine, RunState.PAUSED)
        assert "no host can be reached (connection refused by 127.0.0.1" in snapshot.reason
        assert "goes on by itself" in snapshot.reason
        await server.plug_in()
        await engine.finished()
        assert engine.snapshot().counts == Counts(succeeded=200)
        assert any("network is back" in text for text in said(engine, EventKind.RESUMED))
    # With --retries 0 a charged attempt would have failed its request; each success is charged once.
    assert tries(tmp_path / "x.run") == {1}


async def test_the_attempts_of_an_outage_are_in_the_journal(server: Outlet, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/{n}" for n in range(40)])
    server.pull_after = 10
    folder = tmp_path / "x.run"
    async with asyncio.timeout(60), open_run(job, OPTIONS, folder, environ={}) as engine:
        await until(engine, RunState.PAUSED)
        await server.plug_in()
        await engine.finished()
    with closing(sqlite3.connect(folder / "journal.sqlite")) as db:
        failed = db.execute("SELECT count(*) FROM attempts WHERE kind IN ('connect', 'reset')").fetchone()[0]
        assert failed >= 5
        assert db.execute("SELECT count(*) FROM attempts WHERE kind IS NULL").fetchone()[0] == 40
        assert db.execute("SELECT sum(n) FROM causes").fetchone()[0] == 0


async def test_one_host_down_stops_no_other(server: Outlet, tmp_path: Path) -> None:
    dead = f"http://127.0.0.1:{dead_port()}"
    urls = [f"{dead if n % 2 else server.url}/{n}" for n in range(300)]
    async with (
        asyncio.timeout(60),
        open_run(write_urls(tmp_path, urls), OPTIONS, tmp_path / "x.run", environ={}) as engine,
    ):
        await engine.finished()
        assert engine.snapshot().counts == Counts(succeeded=150, failed=150)
        assert not any("no host" in text for text in said(engine, EventKind.TROUBLE))


async def test_a_list_that_begins_with_dead_hosts_goes_on_to_the_living(
    server: Outlet, tmp_path: Path
) -> None:
    dead = dead_port()
    urls = [f"http://127.0.0.{n + 2}:{dead}/{n}" for n in range(60)]
    urls += [f"{server.url}/{n}" for n in range(60, 400)]
    async with (
        asyncio.timeout(60),
        open_run(write_urls(tmp_path, urls), OPTIONS, tmp_path / "x.run", environ={}) as engine,
    ):
        await engine.finished()
        assert engine.snapshot().counts == Counts(succeeded=340, failed=60)


async def test_a_few_dead_urls_alone_fail_as_ever(tmp_path: Path) -> None:
    dead = dead_port()
    job = write_urls(tmp_path, [f"http://127.0.0.1:{dead}/{n}" for n in range(10)])
    async with asyncio.timeout(60), open_run(job, OPTIONS, tmp_path / "x.run", environ={}) as engine:
        await engine.finished()
        assert engine.snapshot().counts == Counts(failed=10)


async def test_a_silent_server_is_no_outage(server: Outlet, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(40)])
    options = replace(OPTIONS, timeout_s=0.2, retries=1)
    async with asyncio.timeout(60), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await engine.finished()
        assert engine.snapshot().counts == Counts(failed=40)
        assert not any("no host" in text for text in said(engine, EventKind.TROUBLE))
    assert set(server.seen.values()) == {2}


async def test_resuming_by_hand_insists(server: Outlet, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/{n}" for n in range(100)])
    server.pull_after = 20
    async with asyncio.timeout(60), open_run(job, OPTIONS, tmp_path / "x.run", environ={}) as engine:
        await until(engine, RunState.PAUSED)
        engine.resume()
        await engine.finished()
        counts = engine.snapshot().counts
        assert counts.succeeded + counts.failed == 100
        assert counts.failed >= 70


async def test_an_outage_does_not_end_a_pause_by_hand(server: Outlet, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(20)])
    options = replace(OPTIONS, retries=2)
    async with asyncio.timeout(60), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        while server.seen.total() < 10:
            await asyncio.sleep(0.005)
        engine.pause()
        server.pull()
        await server.plug_in()
        while engine.snapshot().counts.waiting + engine.snapshot().counts.queued < 20:
            await asyncio.sleep(0.005)
        assert engine.snapshot().state is RunState.PAUSED
        engine.abandon()


async def test_posts_that_may_have_arrived_are_not_sent_again_after_an_outage(
    server: Outlet, tmp_path: Path
) -> None:
    job = replace(
        write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(10)]), templates=Templates(data="a")
    )
    async with asyncio.timeout(60), open_run(job, OPTIONS, tmp_path / "x.run", environ={}) as engine:
        while server.seen.total() < 10:
            await asyncio.sleep(0.005)
        server.pull()
        await engine.finished()
        assert engine.snapshot().counts == Counts(failed=10)
    assert set(server.seen.values()) == {1}


async def test_nothing_reached_since_the_start_is_told_to_whoever_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage, "_GIVE_UP_S", 0.0)
    dead = dead_port()
    job = write_urls(tmp_path, [f"http://127.0.0.1:{dead}/{n}" for n in range(100)])
    async with asyncio.timeout(60), open_run(job, OPTIONS, tmp_path / "x.run", environ={}) as engine:
        await engine.finished()
        assert "nothing could be reached since the start (connection refused" in str(engine.stopped_by)
        assert engine.snapshot().counts.failed == 0
    assert tries(tmp_path / "x.run") == {0}


async def test_draining_ends_a_run_in_an_outage(server: Outlet, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/{n}" for n in range(100)])
    server.pull_after = 20
    async with asyncio.timeout(60), open_run(job, OPTIONS, tmp_path / "x.run", environ={}) as engine:
        await until(engine, RunState.PAUSED)
        engine.drain()
        await engine.finished()
        assert engine.snapshot().state is RunState.INTERRUPTED
        assert engine.snapshot().counts.failed == 0
    async with asyncio.timeout(60), open_run(job, OPTIONS, tmp_path / "x.run", environ={}) as engine:
        await server.plug_in()
        await engine.finished()
        assert engine.snapshot().counts == Counts(succeeded=100)
