from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from fetchdeck.core.detail import request_detail
from fetchdeck.core.engine.engine import Engine
from fetchdeck.core.engine.run import open_run, stored_job
from fetchdeck.core.errors import FetchdeckError, InputError, RunBusyError, RunError, TemplateError
from fetchdeck.core.job import Job, Options, Templates
from fetchdeck.core.journal.entries import Leased
from fetchdeck.core.journal.filter import RowFilter
from fetchdeck.core.journal.reader import JournalReader
from fetchdeck.core.journal.store import Store
from fetchdeck.core.journal.writer import Journal
from fetchdeck.core.model import Counts, FailureKind, State
from fetchdeck.core.snapshot import RunState, Snapshot
from msgspec.structs import replace

from tests.support.ledger import Ledger, ledger_server

FAST = Options(concurrency=10, retries=2, timeout_s=10)


@pytest.fixture
async def server() -> AsyncIterator[Ledger]:
    async with ledger_server() as ledger:
        yield ledger


def write_urls(tmp_path: Path, urls: list[str]) -> Job:
    path = tmp_path / "urls.txt"
    path.write_text("\n".join(urls) + "\n")
    return Job(str(path))


async def until(engine: Engine, condition: Callable[[Snapshot], bool]) -> Snapshot:
    while not condition(snapshot := engine.snapshot()):
        await asyncio.sleep(0.005)
    return snapshot


async def run_all(
    job: Job, folder: Path, options: Options = FAST, environ: dict[str, str] | None = None
) -> Snapshot:
    async with open_run(job, options, folder, environ=environ or {}) as engine:
        await engine.finished()
        return engine.snapshot()


async def test_every_row_ends_once_with_its_own_body(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/ok/{n}" for n in range(300)])
    snapshot = await run_all(job, tmp_path / "x.run")
    assert snapshot.state is RunState.FINISHED
    assert snapshot.counts == Counts(succeeded=300)
    assert snapshot.total_known
    assert set(server.seen.values()) == {1}
    assert server.most <= 10
    async with JournalReader(tmp_path / "x.run" / "journal.sqlite") as reader:
        for request in (0, 150, 299):
            detail = await request_detail(reader, request)
            assert detail is not None
            assert detail.response is not None
            assert detail.response.body == f"/ok/{request}".encode()
            assert [one.status for one in detail.attempts] == [200]


async def test_retries_failures_and_invalid_rows_end_where_they_belong(
    server: Ledger, tmp_path: Path
) -> None:
    urls = [f"{server.url}/flaky/1", f"{server.url}/status/404/2", f"{server.url}/status/500/3", "ftp://h/4"]
    snapshot = await run_all(write_urls(tmp_path, urls), tmp_path / "x.run")
    assert snapshot.counts == Counts(succeeded=1, failed=2, invalid=1)
    assert server.seen == {"/flaky/1": 2, "/status/404/2": 1, "/status/500/3": 3}
    async with JournalReader(snapshot_journal := tmp_path / "x.run" / "journal.sqlite") as reader:
        assert snapshot_journal.exists()
        causes = {cause.signature: cause.count for cause in await reader.causes()}
        assert causes == {"HTTP 404 Not Found": 1, "HTTP 500 Internal Server Error": 1}
        invalid = await reader.detail(3)
        assert invalid is not None
        assert "line 4" in str(invalid.row.message)


async def test_a_post_whose_reply_is_lost_is_sent_once_and_again_only_by_hand(
    server: Ledger, tmp_path: Path
) -> None:
    job = replace(write_urls(tmp_path, [f"{server.url}/reset/1"]), templates=Templates(data="a=1"))
    async with open_run(job, FAST, tmp_path / "x.run", environ={}) as engine:
        await engine.finished()
        assert server.seen == {"/reset/1": 1}
        async with JournalReader(engine.journal_path) as reader:
            (cause,) = await reader.causes()
            assert cause.kind is FailureKind.OUTCOME_UNKNOWN
        engine.retry([0])
        await until(engine, lambda snapshot: server.seen["/reset/1"] == 2 and snapshot.counts.failed == 1)


async def test_pausing_admits_nothing_and_resuming_goes_on(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(30)])
    async with open_run(job, FAST, tmp_path / "x.run", environ={}) as engine:
        await server.in_flight(10)
        engine.pause()
        assert engine.snapshot().state is RunState.PAUSED
        server.release()
        paused = await until(engine, lambda snapshot: snapshot.counts.succeeded == 10)
        assert (paused.in_use, paused.counts.queued) == (0, 20)
        engine.resume()
        await engine.finished()
        assert engine.snapshot().counts == Counts(succeeded=30)


async def test_a_wave_of_replies_is_followed_by_the_next_without_a_lease_in_between(
    server: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of a server's latency is the same, so that all slots become free within the time that one commit takes."""
    first, goes_on = threading.Event(), threading.Event()
    lease = Store.lease

    def first_only(store: Store, *args: Any, **options: Any) -> list[Leased]:
        if first.is_set():
            goes_on.wait(60)
        first.set()
        return lease(store, *args, **options)

    monkeypatch.setattr(Store, "lease", first_only)
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(200)])
    options = replace(FAST, concurrency=40)
    async with open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        try:
            await server.in_flight(40)
            server.release()
            async with asyncio.timeout(30):
                await until(engine, lambda _: len(server.seen) == 80)
        finally:
            goes_on.set()
        await engine.finished()
        assert engine.snapshot().counts == Counts(succeeded=200)


async def test_the_next_lease_is_asked_for_while_requests_of_the_last_are_ready(
    server: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not when slots stand empty already: a commit takes as long as the disk wants."""
    urgent: list[bool] = []
    lease = Journal.lease

    async def noted(journal: Journal, *args: Any, **options: Any) -> list[Leased]:
        urgent.append(options["urgent"])
        return await lease(journal, *args, **options)

    monkeypatch.setattr(Journal, "lease", noted)
    job = write_urls(tmp_path, [f"{server.url}/ok/{n}" for n in range(600)])
    snapshot = await run_all(job, tmp_path / "x.run")
    assert snapshot.counts == Counts(succeeded=600)
    assert urgent[0]
    assert len(urgent) > 3
    assert urgent.count(True) <= 2, "the second where the first found but the rows that had been read by then"


async def test_the_limit_goes_up_at_once_and_down_by_draining(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(60)])
    async with open_run(job, FAST, tmp_path / "x.run", environ={}) as engine:
        await server.in_flight(10)
        engine.set_concurrency(40)
        await server.in_flight(40)
        engine.set_concurrency(5)
        snapshot = engine.snapshot()
        assert (snapshot.in_use, snapshot.limit) == (40, 5)
        server.release()
        await engine.finished()
    assert server.most == 40
    assert set(server.seen.values()) == {1}


async def test_counts_add_up_at_every_moment(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/{'flaky' if n % 7 == 0 else 'ok'}/{n}" for n in range(500)])
    async with open_run(job, FAST, tmp_path / "x.run", environ={}) as engine:
        total = 0
        while engine.snapshot().state is not RunState.FINISHED:
            snapshot = engine.snapshot()
            counts = snapshot.counts
            assert min(counts.of(state) for state in State) >= 0
            assert counts.total >= total
            total = counts.total
            assert counts.in_flight <= snapshot.in_use + snapshot.saving
            await asyncio.sleep(0.001)
        assert engine.snapshot().counts == Counts(succeeded=500)


async def test_failures_are_queued_again_by_hand_also_after_the_end(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/status/404/{n}" for n in range(6)])
    async with open_run(job, FAST, tmp_path / "x.run", environ={}) as engine:
        await engine.finished()
        engine.retry([1, 2])
        await until(
            engine, lambda snapshot: server.seen["/status/404/2"] == 2 and snapshot.state is RunState.FINISHED
        )
        assert engine.snapshot().counts == Counts(failed=6)
        engine.retry_matching(RowFilter.parse("status:404 /3"))
        await until(
            engine, lambda snapshot: server.seen["/status/404/3"] == 2 and snapshot.counts.failed == 6
        )
    assert sorted(server.seen.values()) == [1, 1, 1, 2, 2, 2]


async def test_cancelling_ends_requests_in_flight_and_queued_as_skipped(
    server: Ledger, tmp_path: Path
) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(200)])
    async with open_run(job, replace(FAST, concurrency=2), tmp_path / "x.run", environ={}) as engine:
        await server.in_flight(2)
        engine.cancel([0, 3, 150])
        await until(engine, lambda snapshot: snapshot.counts.skipped == 3)
        server.release()
        await engine.finished()
        assert engine.snapshot().counts == Counts(succeeded=197, skipped=3)
        assert server.seen["/hold/3"] == server.seen["/hold/150"] == 0
        engine.retry([3])
        await until(engine, lambda snapshot: snapshot.counts.succeeded == 198)


async def test_draining_leaves_a_run_that_the_same_command_finishes(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(50)])
    async with open_run(job, FAST, tmp_path / "x.run", environ={}) as engine:
        await server.in_flight(10)
        engine.drain()
        assert engine.snapshot().state is RunState.DRAINING
        server.release()
        await engine.finished()
        snapshot = engine.snapshot()
        assert snapshot.state is RunState.INTERRUPTED
        assert snapshot.counts == Counts(succeeded=10, queued=40)
    snapshot = await run_all(job, tmp_path / "x.run")
    assert snapshot.counts == Counts(succeeded=50)
    assert set(server.seen.values()) == {1}


async def test_abandoning_aborts_what_is_in_flight_and_charges_nothing(
    server: Ledger, tmp_path: Path
) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(20)])
    async with open_run(job, FAST, tmp_path / "x.run", environ={}) as engine:
        await server.in_flight(10)
        engine.abandon()
        await engine.finished()
    server.release()
    snapshot = await run_all(job, tmp_path / "x.run", replace(FAST, retries=0))
    assert snapshot.counts == Counts(succeeded=20)
    async with JournalReader(tmp_path / "x.run" / "journal.sqlite") as reader:
        detail = await reader.detail(0)
        assert detail is not None
        assert [one.kind for one in detail.attempts] == [FailureKind.INTERRUPTED, None]


async def test_a_second_owner_and_another_job_are_refused_and_fresh_starts_over(
    server: Ledger, tmp_path: Path
) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/1"])
    folder = tmp_path / "x.run"
    async with open_run(job, FAST, folder, environ={}) as engine:
        await server.in_flight(1)
        with pytest.raises(RunBusyError):
            await run_all(job, folder)
        server.release()
        await engine.finished()
    other = replace(job, templates=Templates(headers=(("X-A", "1"),)))
    with pytest.raises(RunError, match=r"headers were none, not 'X-A: 1'.*--fresh"):
        await run_all(other, folder)
    Path(job.input).write_text(f"{server.url}/ok/2\n")
    with pytest.raises(RunError, match="has changed since"):
        await run_all(job, folder)
    async with open_run(job, FAST, folder, fresh=True, environ={}) as engine:
        await engine.finished()
    assert server.seen == {"/hold/1": 1, "/ok/2": 1}


@pytest.mark.parametrize(
    ("job", "error"),
    [
        (Job("missing.csv"), InputError),
        (Job("rows.csv"), TemplateError),
        (Job("rows.csv", Templates(url="http://h/{{ nmae }}")), TemplateError),
        (Job("rows.csv", Templates(url="http://h/{{ name }")), TemplateError),
        (Job("rows.csv", Templates(url="http://h/{{ env.UNSET }}")), TemplateError),
    ],
)
async def test_what_cannot_start_creates_nothing(
    job: Job, error: type[FetchdeckError], tmp_path: Path
) -> None:
    (tmp_path / "rows.csv").write_text("id,name\n1,a\n")
    with pytest.raises(error):
        await run_all(replace(job, input=str(tmp_path / job.input)), tmp_path / "x.run")
    assert not (tmp_path / "x.run").exists()


async def test_secrets_reach_the_server_and_nothing_else(server: Ledger, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("id,note\n1,plain\n2,has-ROWSECRET99\n")
    templates = Templates(
        url=server.url + "/status/500/{{ id }}?key={{ env.KEY }}&token=LITERAL77&sig={{ note }}",
        headers=(("Authorization", "Bearer {{ env.TOKEN }}"), ("X-Api-Key", "HEADERSECRET")),
    )
    environ = {"KEY": "ENVSECRET-1234", "TOKEN": "ENVSECRET-5678"}
    folder = tmp_path / "x.run"
    snapshot = await run_all(Job(str(rows), templates), folder, environ=environ)
    assert snapshot.counts == Counts(failed=2)
    path = "/status/500/2?key=ENVSECRET-1234&token=LITERAL77&sig=has-ROWSECRET99"
    assert server.seen[path] == 3
    assert server.headers[path]["Authorization"] == "Bearer ENVSECRET-5678"
    assert server.headers[path]["X-Api-Key"] == "HEADERSECRET"
    with pytest.raises(RunError, match="secret in -H X-Api-Key, --url"):
        stored_job(folder)
    async with open_run(Job(str(rows), templates), FAST, folder, environ=environ) as engine:
        await engine.finished()
        engine.retry([1])
        await until(engine, lambda snapshot: server.seen[path] == 6 and snapshot.state is RunState.FINISHED)
        async with JournalReader(engine.journal_path) as reader:
            shown = repr(await request_detail(reader, 1))
        stored = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    for secret in ("ENVSECRET", "LITERAL77", "ROWSECRET99", "HEADERSECRET"):
        assert secret not in shown
        assert secret.encode() not in stored


async def test_a_stored_job_starts_again_without_its_command(server: Ledger, tmp_path: Path) -> None:
    templates = Templates(headers=(("Authorization", "Bearer {{ env.TOKEN }}"),))
    job = replace(write_urls(tmp_path, [f"{server.url}/ok/1"]), templates=templates)
    await run_all(job, tmp_path / "x.run", environ={"TOKEN": "abc"})
    again, options = stored_job(tmp_path / "x.run")
    assert again == job
    assert options == FAST
    Path(job.input).unlink()
    assert (await run_all(again, tmp_path / "x.run", environ={"TOKEN": "abc"})).counts == Counts(succeeded=1)


async def test_too_many_failures_pause_the_run_and_say_why(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/status/404/{n}" for n in range(50)])
    options = replace(FAST, concurrency=1, max_failures="5")
    async with open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await engine.finished()
        assert "5 requests failed" in str(engine.stopped_by)
        snapshot = await until(engine, lambda snapshot: snapshot.saving == 0)
        assert (snapshot.state, snapshot.counts.failed) == (RunState.PAUSED, 5)
        engine.resume()
        assert engine.stopped_by is None
        await engine.finished()
        await until(engine, lambda snapshot: snapshot.counts.failed == 10)


async def test_an_earlier_journal_tells_what_happened(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/ok/{n}" for n in range(3)])
    async with open_run(job, FAST, tmp_path / "x.run", environ={}) as engine:
        await engine.finished()
        batch = engine.events_since(0)
        assert [event.seq for event in batch.events] == list(range(batch.next_seq))
        assert engine.events_since(batch.next_seq).events == ()
    log = (tmp_path / "x.run" / "fetchdeck.log").read_text()
    assert "Finished: 3 succeeded, 0 failed of 3." in log
    async with JournalReader(tmp_path / "x.run" / "journal.sqlite") as reader:
        sessions = await reader.read(lambda db: db.execute("SELECT outcome FROM sessions").fetchall())
        live = await reader.read(
            lambda db: db.execute("SELECT value FROM meta WHERE key = 'ingest'").fetchone()
        )
    assert sessions == [("finished",)]
    assert json.loads(live[0]) == {"rows": 3, "done": True, "digest": ""}
