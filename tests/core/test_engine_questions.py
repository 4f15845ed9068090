"""Pauses, holds, questions and leaving, one on top of the other: nothing is lost, sent twice, or left unasked."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fetchdeck.core.engine.engine import Engine
from fetchdeck.core.engine.run import open_run
from fetchdeck.core.job import Job, Options, Templates
from fetchdeck.core.model import Counts
from fetchdeck.core.past import EventKind
from fetchdeck.core.snapshot import Asking, RunState, Snapshot
from msgspec.structs import replace

from tests.support.fault_server import reply
from tests.support.ledger import Ledger, ledger_server
from tests.support.outlet import Outlet, outlet

OPTIONS = Options(concurrency=10, retries=3, timeout_s=10, connect_timeout_s=1)


@pytest.fixture
async def server() -> AsyncIterator[Ledger]:
    async with ledger_server() as ledger:
        yield ledger


@pytest.fixture
async def plug() -> AsyncIterator[Outlet]:
    async with outlet() as found:
        yield found


def write_urls(tmp_path: Path, urls: list[str]) -> Job:
    path = tmp_path / "urls.txt"
    path.write_text("\n".join(urls) + "\n")
    return Job(str(path))


async def until(engine: Engine, condition: Callable[[Snapshot], bool]) -> Snapshot:
    while not condition(snapshot := engine.snapshot()):
        await asyncio.sleep(0.005)
    return snapshot


def said(engine: Engine, kind: EventKind) -> list[str]:
    return [event.text for event in engine.events_since(0).events if event.kind is kind]


class Guard:
    """A loopback server that takes one token; requests for `/slow/…` wait, then get 503 the first time."""

    def __init__(self) -> None:
        self.token = "first-token"
        self.url = ""
        self.seen: Counter[str] = Counter()
        self.refused = 0
        self.let_go = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode()
                self.seen[path] += 1
                good = self.token.encode() in head
                if path.startswith("/slow/") and self.seen[path] == 1:
                    await self.let_go.wait()
                    writer.write(reply(b"", "503 Busy"))
                    continue
                if path.startswith("/private/"):
                    good = False
                self.refused += not good
                writer.write(reply(b"ok") if good else reply(b"who?", "401 Unauthorized"))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def guard() -> AsyncIterator[Guard]:
    found = Guard()
    listening = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield found
    finally:
        found.let_go.set()
        listening.close()


def with_token(job: Job, token: str = "first-token") -> Job:
    return replace(job, templates=Templates(headers=(("Authorization", f"Bearer {token}"),)))


# Canaries


async def test_a_pause_among_the_canaries_does_not_answer_for_the_user(
    server: Ledger, tmp_path: Path
) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(30)])
    options = replace(OPTIONS, canary=4)
    async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await server.in_flight(4)
        engine.pause()
        engine.resume()
        server.release()
        await engine.finished()
        assert engine.snapshot().asking is Asking.CANARY
        assert server.seen.total() == 4
        engine.resume()
        await engine.finished()
        assert engine.snapshot().counts == Counts(succeeded=30)


async def test_automatic_limits_do_not_start_before_the_canaries_are_counted(
    server: Ledger, tmp_path: Path
) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(60)])
    async with asyncio.timeout(30), open_run(job, OPTIONS, tmp_path / "x.run", environ={}) as engine:
        await until(engine, lambda snapshot: snapshot.total_known and snapshot.counts.total == 60)
        engine.abandon()
    server.release()
    before = server.seen.total()
    options = replace(OPTIONS, canary=3, auto=True)
    async with asyncio.timeout(10), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await engine.finished()
        assert engine.snapshot().asking is Asking.CANARY
        assert server.seen.total() - before == 3


async def test_new_credentials_among_the_canaries_leave_as_many_to_be_sent(tmp_path: Path) -> None:
    async with guard() as server:
        job = with_token(write_urls(tmp_path, [f"{server.url}/slow/{n}" for n in range(30)]))
        options = replace(OPTIONS, concurrency=2, canary=5)
        async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
            await until(engine, lambda snapshot: snapshot.in_use == 2)
            engine.set_credentials((("Authorization", "Bearer first-token"),), {})
            server.let_go.set()
            await engine.finished()
            assert "5 succeeded" in engine.snapshot().reason
            assert len(server.seen) == 5


async def test_a_run_that_is_being_left_asks_nothing(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(30)])
    options = replace(OPTIONS, canary=4)
    async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await server.in_flight(4)
        engine.drain()
        server.release()
        await engine.finished()
        await asyncio.sleep(0.6)  # the pulse settles the run twice
        assert (engine.stopped_by, engine.snapshot().state) == (None, RunState.INTERRUPTED)


async def test_a_condition_that_is_met_while_draining_stops_nothing(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(30)])
    options = replace(OPTIONS, stop_on="200")
    async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await server.in_flight(10)
        engine.drain()
        server.release()
        await engine.finished()
        snapshot = engine.snapshot()
        assert (engine.stopped_by, snapshot.state) == (None, RunState.INTERRUPTED)
        assert (snapshot.in_use, snapshot.counts.succeeded) == (0, 10)


# Questions while something else goes on


async def test_a_question_during_a_pause_by_hand_says_what_it_is(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(30)])
    options = replace(OPTIONS, stop_on="200")
    async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await server.in_flight(10)
        engine.pause()
        server.release()
        await engine.finished()
        snapshot = engine.snapshot()
        assert snapshot.asking is Asking.STOP
        assert snapshot.reason == "the server answered 200, which --stop-on names"


async def test_an_answer_does_not_end_an_outage(plug: Outlet, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{plug.url}/{n}" for n in range(100)])
    plug.pull_after = 20
    options = replace(OPTIONS, retries=0, time_limit_s=0.5)
    async with asyncio.timeout(60), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        snapshot = await until(engine, lambda snapshot: snapshot.asking is Asking.STOP)
        assert "--time-limit" in snapshot.reason
        engine.resume()
        snapshot = engine.snapshot()
        assert snapshot.state is RunState.PAUSED
        assert "no host can be reached" in snapshot.reason
        await plug.plug_in()

        def through(snapshot: Snapshot) -> bool:
            if snapshot.asking is Asking.STOP:
                engine.resume()  # on a slow machine the time is up once more
            return snapshot.counts.succeeded == 100

        await until(engine, through)
        assert engine.snapshot().counts.failed == 0


# Credentials


async def test_credentials_that_expire_during_a_pause_are_asked_for(tmp_path: Path) -> None:
    async with guard() as server:
        job = with_token(write_urls(tmp_path, [f"{server.url}/{n}" for n in range(200)]))
        options = replace(OPTIONS, concurrency=2)
        async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
            await until(engine, lambda snapshot: snapshot.counts.succeeded > 0)
            engine.pause()
            await until(engine, lambda snapshot: snapshot.in_use == 0)
            server.token = "second-token"
            engine.resume()
            await engine.finished()
            assert engine.snapshot().asking is Asking.CREDENTIALS
            assert engine.snapshot().counts.failed == 0


async def test_new_credentials_that_are_wrong_are_asked_for_again(tmp_path: Path) -> None:
    async with guard() as server:
        job = with_token(write_urls(tmp_path, [f"{server.url}/{n}" for n in range(200)]))
        async with asyncio.timeout(30), open_run(job, OPTIONS, tmp_path / "x.run", environ={}) as engine:
            await until(engine, lambda snapshot: snapshot.counts.succeeded > 0)
            server.token = "second-token"
            await engine.finished()
            assert engine.snapshot().asking is Asking.CREDENTIALS
            engine.set_credentials((("Authorization", "Bearer mistyped"),), {})
            engine.resume()
            await engine.finished()
            assert engine.snapshot().asking is Asking.CREDENTIALS
            engine.set_credentials((("Authorization", "Bearer second-token"),), {})
            engine.resume()
            await engine.finished()
            assert engine.snapshot().counts == Counts(succeeded=200)


async def test_what_is_under_way_is_sent_again_with_the_new_credentials(tmp_path: Path) -> None:
    async with guard() as server:
        job = with_token(write_urls(tmp_path, [f"{server.url}/{n}" for n in range(5)]))
        Path(job.input).write_text(
            Path(job.input).read_text() + "".join(f"{server.url}/slow/{n}\n" for n in range(5))
        )
        async with asyncio.timeout(30), open_run(job, OPTIONS, tmp_path / "x.run", environ={}) as engine:
            await until(engine, lambda snapshot: snapshot.counts.succeeded == 5 and snapshot.in_use == 5)
            server.token = "second-token"
            engine.set_credentials((("Authorization", "Bearer second-token"),), {})
            server.let_go.set()
            await engine.finished()
            assert engine.snapshot().counts == Counts(succeeded=10)
            assert server.refused == 0


async def test_a_rule_that_takes_a_401_for_a_success_is_obeyed(tmp_path: Path) -> None:
    async with guard() as server:
        urls = [f"{server.url}/{'private/' if n % 9 == 8 else ''}{n}" for n in range(60)]
        job = with_token(write_urls(tmp_path, urls))
        options = replace(OPTIONS, ok_if=("status < `500`",))
        async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
            await engine.finished()
            assert engine.stopped_by is None
            assert engine.snapshot().counts == Counts(succeeded=60)


# Quotas and time


async def test_attempts_that_reached_nobody_are_not_spent_in_the_next_session_either(
    plug: Outlet, tmp_path: Path
) -> None:
    job = write_urls(tmp_path, [f"{plug.url}/{n}" for n in range(60)])
    options = replace(OPTIONS, quota="100/month", cost="1", retries=0, concurrency=1)
    plug.pull_after = 10
    folder = tmp_path / "x.run"
    async with asyncio.timeout(30), open_run(job, options, folder, environ={}) as engine:
        await until(engine, lambda snapshot: snapshot.state is RunState.PAUSED and snapshot.in_use == 0)
        first = engine.snapshot().spending
        engine.abandon()
    async with asyncio.timeout(30), open_run(job, options, folder, environ={}) as engine:
        engine.pause()
        second = engine.snapshot().spending
        engine.abandon()
    assert first is not None
    assert second is not None
    assert (second.sent, second.cost) == (first.sent, first.cost)


async def test_nobody_can_go_on_beyond_a_quota(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/ok/{n}" for n in range(30)])
    options = replace(OPTIONS, quota="12/month")
    async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await until(engine, lambda snapshot: snapshot.state is RunState.PAUSED)
        engine.resume()
        snapshot = await until(engine, lambda snapshot: snapshot.state is RunState.PAUSED)
        assert "the quota of 12 a month is spent" in snapshot.reason
        engine.abandon()
    assert server.seen.total() == 12


async def test_a_quota_that_just_suffices_holds_nothing(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(8)])
    options = replace(OPTIONS, quota="8/month")
    async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await server.in_flight(8)
        await asyncio.sleep(0.6)  # two beats of the pulse
        assert engine.snapshot().state is RunState.RUNNING
        server.release()
        await engine.finished()
        await asyncio.sleep(0.6)
        assert said(engine, EventKind.TROUBLE) == []


async def test_the_time_limit_holds_while_the_run_waits(plug: Outlet, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{plug.url}/{n}" for n in range(100)])
    plug.pull_after = 20
    options = replace(OPTIONS, retries=0, time_limit_s=0.7)
    async with asyncio.timeout(8), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await until(engine, lambda snapshot: snapshot.state is RunState.PAUSED)
        await engine.finished()
        assert "--time-limit" in str(engine.stopped_by)


# Outages


async def test_posts_that_met_the_beginning_of_an_outage_are_not_sent_again(
    plug: Outlet, tmp_path: Path
) -> None:
    urls = [f"{plug.url}/{n}" for n in range(5)] + [f"{plug.url}/hold/{n}" for n in range(10)]
    job = replace(write_urls(tmp_path, urls), templates=Templates(data="a"))
    async with asyncio.timeout(30), open_run(job, OPTIONS, tmp_path / "x.run", environ={}) as engine:
        await until(engine, lambda snapshot: snapshot.counts.succeeded == 5)
        while plug.seen.total() < 15:
            await asyncio.sleep(0.005)
        plug.pull()
        await engine.finished()
        await asyncio.sleep(0.5)
        await plug.plug_in()
        await until(engine, lambda snapshot: snapshot.state is not RunState.PAUSED)
        await engine.finished()
        assert engine.snapshot().counts == Counts(succeeded=5, failed=10)
    assert set(plug.seen.values()) == {1}


@pytest.mark.parametrize("retries", [0, 1])
async def test_an_outage_is_noticed_when_few_requests_are_left(
    plug: Outlet, tmp_path: Path, retries: int
) -> None:
    job = write_urls(tmp_path, [f"{plug.url}/{n}" for n in range(8)])
    plug.pull_after = 6
    options = replace(OPTIONS, retries=retries, concurrency=2)
    async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await until(engine, lambda snapshot: snapshot.state in (RunState.PAUSED, RunState.FINISHED))
        await plug.plug_in()
        await engine.finished()
        assert engine.snapshot().counts == Counts(succeeded=8)


async def test_rows_with_secrets_of_their_own_take_new_credentials_too(tmp_path: Path) -> None:
    async with guard() as server:
        rows = tmp_path / "rows.csv"
        rows.write_text("id,api_key\n" + "".join(f"{n},row-secret-{n}\n" for n in range(60)))
        url = server.url + "/{{ id }}?k={{ api_key }}&token={{ env.TOKEN }}"
        job = Job(str(rows), Templates(url=url, headers=(("X-Kind", "first-kind"),)))
        async with (
            asyncio.timeout(30),
            open_run(
                job, replace(OPTIONS, concurrency=2), tmp_path / "x.run", environ={"TOKEN": "first-token"}
            ) as engine,
        ):
            await until(engine, lambda snapshot: snapshot.counts.succeeded > 0)
            server.token = "second-token"
            await engine.finished()
            assert engine.snapshot().asking is Asking.CREDENTIALS
            engine.set_credentials((("X-Kind", "second-kind"),), {"TOKEN": "second-token"})
            engine.resume()
            await engine.finished()
            assert (engine.stopped_by, engine.snapshot().counts) == (None, Counts(succeeded=60))
