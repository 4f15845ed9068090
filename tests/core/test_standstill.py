"""What a run says while nothing is in flight: who it waits for, and until when."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from fetchdeck.core.engine.run import open_run
from fetchdeck.core.job import Job, Options
from fetchdeck.core.snapshot import RunState, WaitCause
from msgspec.structs import replace

from tests.core.test_engine_limits import until, write_urls
from tests.support.fault_server import FaultServer, Send, reply

ONE = Options(concurrency=1, retries=3, timeout_s=10)
RESTS = [Send(reply(RateLimit_Remaining="0", RateLimit_Reset="60"))]
RETRY_LATER = [Send(reply(status="503 Service Unavailable", Retry_After="60"))]


def job_of(faults: FaultServer, tmp_path: Path, *paths: str) -> Job:
    return write_urls(tmp_path, [faults.url(path) for path in paths])


async def test_a_run_whose_only_host_rests_says_until_when(tmp_path: Path) -> None:
    async with FaultServer(default=RESTS) as faults:
        job = job_of(faults, tmp_path, "/1", "/2", "/3")
        async with asyncio.timeout(20), open_run(job, ONE, tmp_path / "x.run", environ={}) as engine:
            waits = (await until(engine, lambda now: now.waits is not None)).waits
            assert waits is not None
            assert (waits.cause, waits.host, waits.hosts) == (WaitCause.HOST, f"127.0.0.1:{faults.port}", 1)
            assert 50 < waits.until - time.time() <= 60
            assert engine.snapshot().counts.succeeded + engine.snapshot().saving >= 1
            assert engine.snapshot().state is RunState.RUNNING
            engine.pause()
            assert engine.snapshot().waits is None
            engine.abandon()


async def test_it_says_nothing_while_another_host_has_something_in_flight(tmp_path: Path) -> None:
    async with FaultServer(default=RESTS) as resting, FaultServer({"/0": []}) as silent:
        path = tmp_path / "urls.txt"
        path.write_text("\n".join([silent.url("/0"), *(resting.url(f"/{n}") for n in range(9))]))
        options = replace(ONE, concurrency=4)
        async with (
            asyncio.timeout(20),
            open_run(Job(str(path)), options, tmp_path / "x.run", environ={}) as engine,
        ):
            await until(engine, lambda now: now.counts.succeeded > 0 and now.in_use == 1)
            assert engine.snapshot().waits is None
            engine.abandon()


@pytest.mark.parametrize(("rate", "told"), [(1 / 60, True), (1.0, False)])
async def test_a_low_rate_is_told_and_the_gaps_of_a_higher_one_are_not(
    tmp_path: Path, rate: float, told: bool
) -> None:
    async with FaultServer() as faults:
        job = job_of(faults, tmp_path, "/1", "/2", "/3")
        options = replace(ONE, rate=rate)
        async with asyncio.timeout(20), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
            await until(engine, lambda now: now.counts.succeeded == 1 and not now.in_use)
            if not told:
                assert engine.snapshot().waits is None
                return
            waits = (await until(engine, lambda now: now.waits is not None)).waits
            assert waits is not None
            assert (waits.cause, waits.host) == (WaitCause.RATE, "")
            assert 50 < waits.until - time.time() <= 60
            engine.abandon()


async def test_the_pace_of_a_host_is_told_as_a_rate(tmp_path: Path) -> None:
    async with FaultServer() as faults:
        job = job_of(faults, tmp_path, "/1", "/2", "/3")
        options = replace(ONE, rate_per_host=1 / 60)
        async with asyncio.timeout(20), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
            waits = (await until(engine, lambda now: now.waits is not None)).waits
            assert waits is not None
            assert (waits.cause, waits.host) == (WaitCause.RATE, f"127.0.0.1:{faults.port}")
            engine.abandon()


async def test_a_run_that_has_only_retries_left_says_when_the_next_is_due(tmp_path: Path) -> None:
    async with FaultServer({"/1": RETRY_LATER}) as faults:
        job = job_of(faults, tmp_path, "/0", "/1")
        async with asyncio.timeout(20), open_run(job, ONE, tmp_path / "x.run", environ={}) as engine:
            waits = (await until(engine, lambda now: now.waits is not None)).waits
            assert waits is not None
            assert (waits.cause, waits.host) == (WaitCause.RETRY, "")
            assert 50 < waits.until - time.time() <= 61
            engine.abandon()
