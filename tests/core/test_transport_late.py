"""The transport of a dashboard, which is loaded after its first frame."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from fetchdeck.core.engine.engine import Engine
from fetchdeck.core.engine.run import open_run
from fetchdeck.core.job import Options
from fetchdeck.core.report import run_status
from fetchdeck.core.snapshot import RunState
from fetchdeck.core.transport.late import Loading

from tests.core.test_engine_limits import until, write_urls
from tests.support.fault_server import FaultServer, Send, reply

FOUND = [Send(reply(b"found"))]
OPTIONS = Options(concurrency=2, timeout_s=10)


async def test_requests_wait_until_it_is_loaded(tmp_path: Path) -> None:
    async with FaultServer(default=FOUND) as server:
        job = write_urls(tmp_path, [server.url(f"/{n}") for n in range(9)])
        loading = Loading()
        async with (
            asyncio.timeout(20),
            open_run(job, OPTIONS, tmp_path / "x.run", environ={}, loading=loading) as engine,
        ):
            waiting = await until(engine, lambda now: now.total_known)
            assert (waiting.state, waiting.in_use, waiting.waits) == (RunState.RUNNING, 0, None)
            await asyncio.gather(loading.begin(), loading.begin())
            await engine.finished()
            assert engine.snapshot().counts.succeeded == 9


async def reads_on_when_it_is_loaded(engine: Engine, loading: Loading) -> None:
    """500 of 1,200 rows are there, and stay so until requests can be sent."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await until(engine, lambda now: now.counts.total > 500)
    await loading.begin()
    await until(engine, lambda now: now.total_known and now.counts.total == 1200)


async def test_no_more_is_read_than_it_takes_to_begin(tmp_path: Path) -> None:
    async with FaultServer(default=FOUND) as server:
        job = write_urls(tmp_path, [server.url(f"/{n}") for n in range(1200)])
        loading = Loading()
        async with (
            asyncio.timeout(20),
            open_run(job, OPTIONS, tmp_path / "x.run", environ={}, loading=loading) as engine,
        ):
            await until(engine, lambda now: now.counts.total >= 500)
            await reads_on_when_it_is_loaded(engine, loading)


@pytest.mark.parametrize("rows", [1, 1200])
async def test_a_run_may_be_left_before_it_is_loaded(tmp_path: Path, rows: int) -> None:
    async with FaultServer(default=FOUND) as server:
        job = write_urls(tmp_path, [server.url(f"/{n}") for n in range(rows)])
        async with (
            asyncio.timeout(20),
            open_run(job, OPTIONS, tmp_path / "x.run", environ={}, loading=Loading()) as engine,
        ):
            await until(engine, lambda now: now.counts.total >= min(rows, 500))
            engine.drain()
            await engine.finished()
    status = run_status(tmp_path / "x.run")
    read = min(rows, 500)
    assert (status.state, status.counts.queued, status.counts.total) == (RunState.INTERRUPTED, read, read)


async def test_nor_is_more_read_of_a_run_that_goes_on(tmp_path: Path) -> None:
    async with FaultServer(default=FOUND) as server:
        job = write_urls(tmp_path, [server.url(f"/{n}") for n in range(1200)])
        for session in range(2):
            loading = Loading()
            async with (
                asyncio.timeout(20),
                open_run(job, OPTIONS, tmp_path / "x.run", environ={}, loading=loading) as engine,
            ):
                await until(engine, lambda now: now.counts.total >= 500)
                if session:
                    await reads_on_when_it_is_loaded(engine, loading)
