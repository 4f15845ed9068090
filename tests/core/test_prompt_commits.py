"""What somebody waits for is committed at once: the first rows, the last results, and what was under way at a pause."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest
from fetchdeck.core.engine import assembly
from fetchdeck.core.engine.run import open_run
from fetchdeck.core.job import Options
from fetchdeck.core.journal.store import Store
from fetchdeck.core.journal.writer import Batch, Journal

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


@pytest.mark.parametrize("rows", [1, 30, 1200])
async def test_what_a_run_begins_with_is_leased_by_the_commit_that_stores_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    left: list[tuple[int, int]] = []
    apply = Batch.apply

    def noted(self: Batch, store: Store) -> list[object]:
        results = apply(self, store)
        left.append((store.counts.queued, store.counts.in_flight))
        return results

    monkeypatch.setattr(Batch, "apply", noted)
    never = asyncio.Event()
    async with FaultServer(default=[Wait(never)]) as server:
        job = write_urls(tmp_path, [server.url(f"/{n}") for n in range(rows)])
        options = Options(concurrency=40, timeout_s=60)
        async with asyncio.timeout(20), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
            await until(engine, lambda now: now.in_use == min(rows, 40))
            engine.abandon()
    stored = [counts for counts in left if counts != (0, 0)]
    assert stored[0] == (max(0, min(rows, 500) - 80), min(rows, 80))
