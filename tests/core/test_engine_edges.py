"""What happens to a run when commands, ends and failures meet at the worst moment."""

from __future__ import annotations

import asyncio
import io
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import pytest
from fetchdeck.core.engine.run import open_run
from fetchdeck.core.engine.scheduler import Scheduler
from fetchdeck.core.engine.ticket import Flight
from fetchdeck.core.engine.troubles import Troubles
from fetchdeck.core.errors import OptionError, RunError
from fetchdeck.core.export import export_run
from fetchdeck.core.job import InputFormat, Job, Options, Templates
from fetchdeck.core.journal.filter import RowFilter
from fetchdeck.core.model import Counts, Fault, Outcome, State
from fetchdeck.core.report import run_status
from fetchdeck.core.snapshot import RunState, Snapshot
from fetchdeck.core.transport.attempt import Attempt
from msgspec.structs import replace

from tests.core.test_engine import FAST, run_all, until, write_urls
from tests.support.fault_server import FaultServer, Reset
from tests.support.ledger import Ledger, ledger_server


@pytest.fixture
async def server() -> AsyncIterator[Ledger]:
    async with ledger_server() as ledger:
        yield ledger


async def test_leaving_aborts_attempts_whose_task_has_not_taken_a_step(
    server: Ledger, tmp_path: Path
) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(100)])
    async with asyncio.timeout(20), open_run(job, FAST, tmp_path / "x.run", environ={}) as engine:
        await server.in_flight(10)
        engine.set_concurrency(40)
        assert engine.snapshot().in_use > 10
        engine.abandon()
    with closing(sqlite3.connect(tmp_path / "x.run" / "journal.sqlite")) as db:
        assert dict(db.execute("SELECT state, count(*) FROM requests GROUP BY state")) == {State.QUEUED: 100}


async def test_cancelling_before_the_first_step_frees_the_slot(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(30)])
    async with asyncio.timeout(20), open_run(job, FAST, tmp_path / "x.run", environ={}) as engine:
        await server.in_flight(10)
        engine.set_concurrency(20)
        fresh = [row.id for row in engine.in_flight(10, 100)]
        assert fresh
        engine.cancel(fresh)
        server.release()
        await engine.finished()
        assert engine.snapshot().counts == Counts(succeeded=30 - len(fresh), skipped=len(fresh))
        assert engine.snapshot().in_use == 0


async def test_a_request_that_is_cancelled_when_it_has_just_failed_is_not_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    land = Scheduler._land

    def too_late(scheduler: Scheduler, flight: Flight, outcome: Outcome | None) -> None:
        assert isinstance(outcome, Fault)
        engine.cancel([flight.ticket.id])
        land(scheduler, flight, outcome)

    monkeypatch.setattr(Scheduler, "_land", too_late)
    async with asyncio.timeout(20), FaultServer(default=[Reset()]) as dead:
        job = write_urls(tmp_path, [dead.url("/")])
        async with open_run(job, FAST, tmp_path / "x.run", environ={}) as engine:
            await engine.finished()
            assert engine.snapshot().counts == Counts(skipped=1)
        assert dead.ledger.count("/") == 1


async def test_a_request_that_the_transport_refuses_keeps_no_slot(
    server: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = Attempt.start

    def refuses(attempt: Attempt) -> None:
        if attempt._asked.url.endswith("/7"):
            raise ZeroDivisionError
        start(attempt)

    monkeypatch.setattr(Attempt, "start", refuses)
    job = write_urls(tmp_path, [f"{server.url}/ok/{n}" for n in range(30)])
    async with asyncio.timeout(20):
        snapshot = await run_all(job, tmp_path / "x.run", FAST)
    assert (snapshot.counts, snapshot.in_use) == (Counts(succeeded=29, failed=1), 0)


@pytest.mark.parametrize(("concurrency", "rate"), [(100, 50.0), (500, 100.0), (21_000, None)])
async def test_any_rate_goes_with_any_concurrency(
    server: Ledger, tmp_path: Path, concurrency: int, rate: float | None
) -> None:
    job = write_urls(tmp_path, [f"{server.url}/ok/{n}" for n in range(20)])
    options = replace(FAST, concurrency=concurrency, rate=rate)
    async with asyncio.timeout(20):
        assert (await run_all(job, tmp_path / "x.run", options)).counts == Counts(succeeded=20)


async def test_a_waiting_request_that_is_skipped_and_retried_is_not_lost(
    server: Ledger, tmp_path: Path
) -> None:
    job = write_urls(tmp_path, [f"{server.url}/status/500/1"])
    options = replace(FAST, retries=3)
    async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await until(engine, lambda snapshot: snapshot.counts.waiting == 1)
        engine.cancel([0])
        await until(engine, lambda snapshot: snapshot.counts.skipped == 1)
        engine.retry([0])
        await until(engine, lambda snapshot: snapshot.counts.failed == 1)
    with closing(sqlite3.connect(tmp_path / "x.run" / "journal.sqlite")) as db:
        attempts = db.execute("SELECT count(*) FROM attempts").fetchone()[0]
    assert server.seen["/status/500/1"] == attempts >= 5


async def test_a_request_skipped_retried_and_skipped_again_is_never_sent(
    server: Ledger, tmp_path: Path
) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(12)])
    async with (
        asyncio.timeout(20),
        open_run(job, replace(FAST, concurrency=4), tmp_path / "x.run", environ={}) as engine,
    ):
        await server.in_flight(4)
        await until(engine, lambda snapshot: snapshot.counts.queued == 8)
        for _ in range(2):
            engine.cancel([5])
            await until(engine, lambda snapshot: snapshot.counts.skipped == 1)
            engine.retry([5])
            await until(engine, lambda snapshot: snapshot.counts.skipped == 0)
        engine.cancel([5])
        await until(engine, lambda snapshot: snapshot.counts.skipped == 1)
        server.release()
        await engine.finished()
        assert engine.snapshot().counts == Counts(succeeded=11, skipped=1)
    assert server.seen["/hold/5"] == 0


async def test_abandoned_posts_that_were_not_sent_are_queued_again(server: Ledger, tmp_path: Path) -> None:
    job = replace(
        write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(60)]), templates=Templates(data="a")
    )
    folder = tmp_path / "x.run"
    async with asyncio.timeout(20), open_run(job, FAST, folder, environ={}) as engine:
        await server.in_flight(10)
        engine.set_concurrency(40)
        engine.abandon()
    with closing(sqlite3.connect(folder / "journal.sqlite")) as db:
        unknown = db.execute("SELECT count(*) FROM requests WHERE kind = 'outcome_unknown'").fetchone()[0]
        assert unknown == sum(server.seen.values()) == 10
        assert db.execute("SELECT count(*) FROM requests WHERE state = 0").fetchone()[0] == 50


async def test_a_host_at_its_limit_does_not_keep_other_hosts_from_starting(
    server: Ledger, tmp_path: Path
) -> None:
    other = server.url.replace("127.0.0.1", "localhost")
    job = write_urls(
        tmp_path, [f"{server.url}/hold/{n}" for n in range(500)] + [f"{other}/ok/{n}" for n in range(50)]
    )
    options = replace(FAST, concurrency=20, per_host=2)
    async with asyncio.timeout(20), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        snapshot = await until(engine, lambda snapshot: snapshot.counts.succeeded == 50)
        assert snapshot.in_use == 2
        server.release()
        await engine.finished()
        assert engine.snapshot().counts == Counts(succeeded=550)
    assert server.most <= 4


async def piped(text: str, job: Job, folder: Path, environ: dict[str, str] | None = None) -> Snapshot:
    async with (
        asyncio.timeout(30),
        open_run(job, FAST, folder, environ=environ or {}, stdin=pipe(text)) as engine,
    ):
        await engine.finished()
        return engine.snapshot()


def pipe(text: str) -> BinaryIO:
    return io.BytesIO(text.encode())


async def test_another_pipe_for_the_same_run_is_refused(server: Ledger, tmp_path: Path) -> None:
    job, folder = Job("-"), tmp_path / "stdin.run"
    first = f"{server.url}/ok/a1\n{server.url}/ok/a2\n"
    assert (await piped(first, job, folder)).counts == Counts(succeeded=2)
    assert (await piped(first, job, folder)).counts == Counts(succeeded=2)
    for other, said in (
        (f"{server.url}/ok/b1\n{server.url}/ok/b2\n", "began with another row"),
        (f"{server.url}/ok/a1\n{server.url}/ok/b2\n", "rows are different"),
        (f"{server.url}/ok/a1\n", "rows are different"),
        (first + f"{server.url}/ok/a3\n", "rows are different"),
    ):
        with pytest.raises(RunError, match=said):
            await piped(other, job, folder)
    assert server.seen == {"/ok/a1": 1, "/ok/a2": 1}


async def test_rows_with_secrets_come_back_through_the_same_pipe(server: Ledger, tmp_path: Path) -> None:
    job, folder = Job("-", format=InputFormat.TXT), tmp_path / "stdin.run"
    rows = "".join(f"{server.url}/hold/{n}?token=SECRET{n}\n" for n in range(6500))
    options = replace(FAST, concurrency=50)
    async with asyncio.timeout(30), open_run(job, options, folder, environ={}, stdin=pipe(rows)) as engine:
        await server.in_flight(50)
        engine.cancel(range(100))
        await until(engine, lambda snapshot: snapshot.counts.skipped == 100)
        engine.abandon()
    with pytest.raises(RunError, match="hold secrets, which are not stored"):
        await run_all(job, folder)
    server.release()
    async with asyncio.timeout(60), open_run(job, options, folder, environ={}, stdin=pipe(rows)) as engine:
        await engine.finished()
        assert engine.snapshot().counts == Counts(succeeded=6400, skipped=100)
    assert server.seen["/hold/6499?token=SECRET6499"] == 1


async def test_rows_with_secrets_wait_for_an_input_that_is_gone(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}?token=SECRET{n}" for n in range(40)])
    folder = tmp_path / "x.run"
    async with open_run(job, replace(FAST, concurrency=2), folder, environ={}) as engine:
        await server.in_flight(2)
        engine.abandon()
    moved = Path(job.input).rename(tmp_path / "moved.txt")
    with pytest.raises(RunError, match=r"40 rows .* hold secrets"):
        await run_all(job, folder)
    moved.rename(job.input)
    server.release()
    assert (await run_all(job, folder)).counts == Counts(succeeded=40)


async def test_an_input_that_breaks_off_ends_the_run_as_interrupted(server: Ledger, tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if not (found := super().read(size)):
                raise OSError("input/output error")
            return found

        def read1(self, size: int | None = -1) -> bytes:
            return self.read(size)

    rows = f"{server.url}/ok/1\n" + "# a comment\n" * 50_000
    async with (
        asyncio.timeout(20),
        open_run(Job("-"), FAST, tmp_path / "x.run", environ={}, stdin=Broken(rows.encode())) as engine,
    ):
        await engine.finished()
        snapshot = engine.snapshot()
        assert (snapshot.state, snapshot.counts) == (RunState.INTERRUPTED, Counts(succeeded=1))
        assert "not been read to its end" in snapshot.reason


async def test_what_a_server_repeats_of_a_secret_is_masked_in_its_headers(
    server: Ledger, tmp_path: Path
) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("id\n1\n")
    job = Job(str(rows), Templates(url=server.url + "/echo/{{ id }}?k={{ env.KEY }}"))
    await run_all(job, tmp_path / "x.run", environ={"KEY": "ENVSECRET99"})
    with closing(sqlite3.connect(tmp_path / "x.run" / "journal.sqlite")) as db:
        headers = db.execute("SELECT headers FROM responses").fetchone()[0]
    assert b"X-Echo" in headers
    assert b"ENVSECRET99" not in headers


async def test_a_journal_that_was_never_finished_making_is_no_run(server: Ledger, tmp_path: Path) -> None:
    folder = tmp_path / "x.run"
    folder.mkdir()
    (folder / "journal.sqlite").touch()
    job = write_urls(tmp_path, [f"{server.url}/ok/1"])
    assert (await run_all(job, folder)).counts == Counts(succeeded=1)


async def test_a_damaged_journal_is_refused_with_a_sentence(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/ok/{n}" for n in range(50)])
    folder = tmp_path / "x.run"
    await run_all(job, folder)
    journal = folder / "journal.sqlite"
    content = bytearray(journal.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    journal.write_bytes(content)
    with pytest.raises(RunError, match=r"journal.sqlite .*(damaged|cannot be used)"):
        await run_all(job, folder)
    assert journal.read_bytes() == content


async def test_a_body_that_cannot_be_deleted_does_not_undo_the_commit(
    server: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = write_urls(tmp_path, [f"{server.url}/large/1"])
    real = Path.unlink

    def refuse(self: Path, missing_ok: bool = False) -> None:
        if self.suffix == ".body":
            raise OSError("input/output error")
        real(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    async with (
        asyncio.timeout(20),
        open_run(job, replace(FAST, retries=1), tmp_path / "x.run", environ={}) as engine,
    ):
        await engine.finished()
        assert engine.snapshot().counts == Counts(succeeded=1)
    assert server.seen["/large/1"] == 2


async def test_too_few_descriptors_never_raise_a_limit_that_drains(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(40)])
    async with (
        asyncio.timeout(20),
        open_run(job, Options(concurrency=40), tmp_path / "x.run", environ={}) as engine,
    ):
        await server.in_flight(40)
        engine.set_concurrency(5)
        Troubles(engine._session, engine._with).local_fault("too many open files")
        assert engine.snapshot().limit == 5
        server.release()
        await engine.finished()


async def test_an_export_never_overwrites_the_input_of_its_run(server: Ledger, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(f'{{"url": "{server.url}/ok/1"}}\n')
    await run_all(Job(str(rows)), tmp_path / "rows.run")
    with pytest.raises(OptionError, match="is the input of the run"):
        await export_run(tmp_path / "rows.run", rows)
    assert await export_run(tmp_path / "rows.run", tmp_path / "results.jsonl") == 1


async def test_foreign_rows_of_a_pipe_are_never_sent_under_the_runs_rows(
    server: Ledger, tmp_path: Path
) -> None:
    job, folder = Job("-", format=InputFormat.TXT), tmp_path / "stdin.run"
    rows = [f"{server.url}/hold/{n}?token=SECRET{n}\n" for n in range(300)]
    async with (
        asyncio.timeout(30),
        open_run(job, FAST, folder, environ={}, stdin=pipe("".join(rows))) as engine,
    ):
        await server.in_flight(10)
        await until(engine, lambda snapshot: snapshot.total_known)
        engine.abandon()
    foreign = rows[:1] + [f"{server.url}/ok/foreign{n}?token=OTHER{n}\n" for n in range(1, 300)]

    async def go_on() -> None:
        async with open_run(job, FAST, folder, environ={}, stdin=pipe("".join(foreign))) as engine:
            await until(engine, lambda snapshot: snapshot.state is RunState.INTERRUPTED)

    async with asyncio.timeout(30):
        with pytest.raises(RunError, match="rows are different"):
            await go_on()
    assert not [path for path in server.seen if "foreign" in path]
    server.release()
    async with (
        asyncio.timeout(30),
        open_run(job, FAST, folder, environ={}, stdin=pipe("".join(rows))) as engine,
    ):
        await engine.finished()
        assert engine.snapshot().counts == Counts(succeeded=300)


async def test_a_retry_that_is_refused_changes_nothing(server: Ledger, tmp_path: Path) -> None:
    job, folder = Job("-", format=InputFormat.TXT), tmp_path / "stdin.run"
    rows = "".join(f"{server.url}/status/404/{n}?token=SECRET{n}\n" for n in range(5))
    assert (await piped(rows, job, folder)).counts == Counts(failed=5)

    async def retry() -> None:
        async with open_run(job, FAST, folder, environ={}, again=RowFilter()):
            pass

    with pytest.raises(RunError, match="hold secrets"):
        await retry()
    with closing(sqlite3.connect(folder / "journal.sqlite")) as db:
        assert dict(db.execute("SELECT state, count(*) FROM requests GROUP BY state")) == {State.FAILED: 5}


@pytest.mark.parametrize("where", ["stat:5xx", "status:5xx", "kind:timeout", "slow>9000s", "-status"])
async def test_a_retry_of_nothing_is_refused_before_anything_is_sent(
    server: Ledger, tmp_path: Path, where: str
) -> None:
    job, folder = write_urls(tmp_path, [f"{server.url}/status/404/{n}" for n in range(3)]), tmp_path / "x.run"
    assert (await run_all(job, folder, FAST)).counts == Counts(failed=3)
    sent = server.seen.total()

    async def retry(chosen: str) -> None:
        again = RowFilter.parse(chosen).within((State.FAILED,))
        async with asyncio.timeout(20), open_run(job, FAST, folder, environ={}, again=again) as engine:
            await engine.finished()

    with pytest.raises(RunError, match=f"No failed request of .*x.run matches '{where}'"):
        await retry(where)
    assert server.seen.total() == sent
    await retry("")
    assert server.seen.total() == sent + 3
    assert run_status(folder).counts == Counts(failed=3)


async def test_a_stop_condition_is_still_told_after_draining(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/status/404/{n}" for n in range(50)])
    options = replace(FAST, concurrency=1, max_failures="3")
    async with asyncio.timeout(20), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await engine.finished()
        engine.drain()
        await until(engine, lambda snapshot: snapshot.state is RunState.INTERRUPTED)
        assert "3 requests failed" in str(engine.stopped_by)
