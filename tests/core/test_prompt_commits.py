"""What somebody waits for is committed at once: the first rows, the last results, and what was under way at a pause."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest
from fetchdeck.core.engine import assembly
from fetchdeck.core.engine.run import open_run
from fetchdeck.core.job import Options
from fetchdeck.core.journal.writer import Journal

from tests.core.test_engine_limits import until, write_urls
from tests.support.fault_server import FaultServer, Send, Wait, reply

FOUND = [Send(reply(b"found"))]
OPTIONS = Options(concurrency=2, timeout_s=60)


@pytest.fixture(autouse=True)
def _patient_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is committed within the hour but what cannot wait."""
    monkeypatch.setattr(assembly, "Journal", partial(Journal, interval_s=3600))


async def test_a_run_waits_for_no_interval_at_its_start_and_its_end(tmp_path: Path) -> None:
    async with FaultServer(default=FOUND) as server:
        job = write_urls(tmp_path, [server.url(f"/{n}") for n in range(5)])
        async with (
            asyncio.timeout(20),
            open_run(job, OPTIONS, tmp_path / "x.run", environ={}) as engine,
        ):
            await engine.finished()
            assert engine.snapshot().counts.succeeded == 5


async def test_nor_does_a_pause(tmp_path: Path) -> None:
    go = asyncio.Event()
    async with FaultServer(default=[Wait(go), *FOUND]) as server:
        job = write_urls(tmp_path, [server.url(f"/{n}") for n in range(50)])
        async with (
            asyncio.timeout(20),
            open_run(job, OPTIONS, tmp_path / "x.run", environ={}) as engine,
        ):
            await until(engine, lambda now: now.in_use == 2)
            engine.pause()
            go.set()
            await until(engine, lambda now: now.counts.succeeded == 2 and not now.saving)
