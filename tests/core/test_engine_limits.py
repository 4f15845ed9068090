"""What limits a run, what stops it, and what it asks its user."""

from __future__ import annotations

import asyncio
import itertools
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest
from fetchdeck.core import loops
from fetchdeck.core.courtesy import PAINTING
from fetchdeck.core.engine.engine import Engine
from fetchdeck.core.engine.run import open_run
from fetchdeck.core.engine.scheduler import Scheduler
from fetchdeck.core.errors import OptionError
from fetchdeck.core.job import Job, Options, Templates
from fetchdeck.core.model import Counts
from fetchdeck.core.past import EventKind
from fetchdeck.core.report import run_status
from fetchdeck.core.snapshot import Asking, RunState, Snapshot
from msgspec.structs import replace

from tests.support.fault_server import FaultServer, Script, Send, reply
from tests.support.ledger import Ledger, ledger_server

OPTIONS = Options(concurrency=10, retries=3, timeout_s=10)
BUSY = reply(b'{"status": "OVER_QUERY_LIMIT"}')
FINE = reply(b'{"status": "OK"}')
DENIED = reply(b'{"status": "REQUEST_DENIED"}')


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


def said(engine: Engine, kind: EventKind) -> list[str]:
    return [event.text for event in engine.events_since(0).events if event.kind is kind]


def at_first(first: bytes, then: bytes) -> Callable[[int], Script]:
    return lambda seen: [Send(then if seen else first)]


async def test_a_rule_makes_a_200_a_failed_attempt_that_is_made_again(tmp_path: Path) -> None:
    paths = [f"/{n}" for n in range(20)]
    async with FaultServer({path: at_first(BUSY, FINE) for path in paths}) as faults:
        job = write_urls(tmp_path, [faults.url(path) for path in paths])
        options = replace(OPTIONS, retry_if=("body.status == 'OVER_QUERY_LIMIT'",))
        async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
            await engine.finished()
            assert engine.snapshot().counts == Counts(succeeded=20)
        assert {faults.ledger.count(path) for path in paths} == {2}
    with closing(sqlite3.connect(tmp_path / "x.run" / "journal.sqlite")) as db:
        kinds = db.execute("SELECT kind, count(*) FROM attempts GROUP BY kind ORDER BY kind").fetchall()
    assert kinds == [(None, 20), ("rejected", 20)]


async def test_a_rule_stops_the_run(tmp_path: Path) -> None:
    async with FaultServer({"/5": [Send(DENIED)]}, default=[Send(FINE)]) as faults:
        job = write_urls(tmp_path, [faults.url(f"/{n}") for n in range(20)])
        options = replace(OPTIONS, concurrency=1, stop_if=("body.status == 'REQUEST_DENIED'",))
        async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
            await engine.finished()
            snapshot = await until(engine, lambda snapshot: snapshot.counts.failed == 1)
            assert (snapshot.state, snapshot.asking) == (RunState.PAUSED, Asking.STOP)
            assert "REQUEST_DENIED" in str(engine.stopped_by)
            engine.resume()
            assert engine.snapshot().asking is None
            await engine.finished()
            assert engine.snapshot().counts == Counts(succeeded=19, failed=1)


async def test_a_rule_reads_large_bodies_from_their_files(tmp_path: Path) -> None:
    body = json.dumps({"items": ["x" * 1000] * 500, "status": "PARTIAL"}).encode()
    async with FaultServer(default=[Send(reply(body))]) as faults:
        job = write_urls(tmp_path, [faults.url("/1")])
        options = replace(OPTIONS, fail_if=("body.status != 'OK'",))
        async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
            await engine.finished()
            assert engine.snapshot().counts == Counts(failed=1)


async def test_a_bad_rule_is_refused_before_anything_is_made(tmp_path: Path, server: Ledger) -> None:
    job = write_urls(tmp_path, [f"{server.url}/ok/1"])
    with pytest.raises(OptionError, match="--ok-if"):
        async with open_run(job, replace(OPTIONS, ok_if=("body.",)), tmp_path / "x.run", environ={}):
            pass
    assert not (tmp_path / "x.run").exists()


async def test_canaries_are_sent_first_and_the_rest_only_when_a_user_says_so(
    server: Ledger, tmp_path: Path
) -> None:
    job = write_urls(tmp_path, [f"{server.url}/ok/{n}" for n in range(50)])
    options = replace(OPTIONS, canary=3)
    async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await engine.finished()
        snapshot = engine.snapshot()
        assert (snapshot.asking, snapshot.counts.succeeded) == (Asking.CANARY, 3)
        assert server.seen.total() == 3
        engine.resume()
        await engine.finished()
        assert engine.snapshot().counts == Counts(succeeded=50)


async def test_canaries_wait_for_their_retries_and_are_not_asked_about_again(
    server: Ledger, tmp_path: Path
) -> None:
    job = write_urls(tmp_path, [f"{server.url}/flaky/{n}" for n in range(10)])
    options = replace(OPTIONS, canary=2)
    async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await engine.finished()
        assert engine.snapshot().reason == "the first 2 have been sent: 2 succeeded, 0 failed"
        assert "2 succeeded, 0 failed" in engine.snapshot().reason
        assert server.seen.total() == 4
    async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await engine.finished()
        assert engine.snapshot().counts == Counts(succeeded=10)


async def test_fewer_rows_than_canaries_simply_end(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/ok/{n}" for n in range(3)])
    async with (
        asyncio.timeout(30),
        open_run(job, replace(OPTIONS, canary=3), tmp_path / "x.run", environ={}) as engine,
    ):
        await engine.finished()
        assert engine.snapshot().state is RunState.FINISHED


async def test_a_named_status_stops_the_run_at_its_first_attempt(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/{'status/403' if n == 7 else 'ok'}/{n}" for n in range(40)])
    options = replace(OPTIONS, concurrency=1, stop_on="401,403")
    async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await engine.finished()
        assert engine.stopped_by == "the server answered 403, which --stop-on names"
        assert engine.snapshot().asking is Asking.STOP
    assert server.seen.total() == 8
    assert run_status(tmp_path / "x.run").reason == "the server answered 403, which --stop-on names"
    async with (
        asyncio.timeout(30),
        open_run(job, replace(options, stop_on=None), tmp_path / "x.run", environ={}) as engine,
    ):
        await engine.finished()
    assert run_status(tmp_path / "x.run").reason == ""


async def test_the_time_limit_stops_the_run_and_going_on_grants_as_much_again(
    server: Ledger, tmp_path: Path
) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(5)])
    options = replace(OPTIONS, time_limit_s=0.3)
    async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await engine.finished()
        assert "--time-limit" in str(engine.stopped_by)
        engine.resume()
        assert engine.snapshot().state is RunState.RUNNING
        await engine.finished()
        assert engine.snapshot().asking is Asking.STOP
        server.release()


async def test_a_spent_quota_holds_the_run_and_is_remembered(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/ok/{n}" for n in range(30)])
    options = replace(OPTIONS, quota="12/month", cost="0.5 USD")
    for _ in range(2):
        async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
            snapshot = await until(engine, lambda snapshot: snapshot.state is RunState.PAUSED)
            assert "the quota of 12 a month is spent until 20" in snapshot.reason
            snapshot = await until(engine, lambda snapshot: snapshot.counts.succeeded == 12)
            spending = snapshot.spending
            assert spending is not None
            assert (spending.sent, spending.quota, spending.period) == (12, 12, "month")
            assert (spending.cost, spending.projected) == ("6.00 USD", "15.00 USD")
            engine.abandon()
    assert server.seen.total() == 12


async def test_attempts_of_a_killed_session_are_spent_too(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/ok/{n}" for n in range(30)])
    options = replace(OPTIONS, quota="12/month")
    async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await until(engine, lambda snapshot: snapshot.counts.succeeded == 12)
        engine.abandon()
    with closing(sqlite3.connect(tmp_path / "x.run" / "journal.sqlite")) as db, db:
        db.execute("DELETE FROM meta WHERE key = 'quota'")
    async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await until(engine, lambda snapshot: snapshot.state is RunState.PAUSED)
        engine.abandon()
    assert server.seen.total() == 12


class TokenServer:
    """A loopback server that accepts one token, which may change at any time."""

    def __init__(self) -> None:
        self.token = "first-token"
        self.refused = 0
        self.expires_after: int | None = None
        self._served = itertools.count(1)

    async def __aenter__(self) -> TokenServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if next(self._served) == self.expires_after:
                    self.token = "second-token"
                good = self.token.encode() in head
                self.refused += not good
                writer.write(reply(b"ok") if good else reply(b"who?", "401 Unauthorized"))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@pytest.mark.parametrize("where", ["header", "env"])
async def test_a_401_in_mid_run_asks_for_credentials_and_goes_on_with_new_ones(
    tmp_path: Path, where: str
) -> None:
    folder = tmp_path / "x.run"
    async with TokenServer() as server:
        server.expires_after = 20
        rows = tmp_path / "rows.csv"
        rows.write_text("id\n" + "".join(f"{n}\n" for n in range(60)))
        if where == "header":
            templates = Templates(
                url=server.url + "/{{ id }}", headers=(("Authorization", "Bearer first-token"),)
            )
        else:
            templates = Templates(url=server.url + "/{{ id }}?t={{ env.TOKEN }}")
        async with (
            asyncio.timeout(30),
            open_run(Job(str(rows), templates), OPTIONS, folder, environ={"TOKEN": "first-token"}) as engine,
        ):
            await engine.finished()
            snapshot = engine.snapshot()
            assert snapshot.asking is Asking.CREDENTIALS
            assert "401 Unauthorized" in snapshot.reason
            await until(engine, lambda snapshot: snapshot.in_use == 0)
            if where == "header":
                engine.set_credentials((("Authorization", "Bearer second-token"),), {})
            else:
                engine.set_credentials((), {"TOKEN": "second-token"})
            before = server.refused
            engine.resume()
            await engine.finished()
            assert engine.snapshot().counts == Counts(succeeded=60)
            assert server.refused == before
    for file in folder.iterdir():
        if file.is_file():
            assert b"second-token" not in file.read_bytes()


async def test_a_value_of_env_ends_a_header_that_was_typed_in_its_place(tmp_path: Path) -> None:
    async with TokenServer() as server:
        server.expires_after = 20
        job = replace(
            write_urls(tmp_path, [f"{server.url}/{n}" for n in range(60)]),
            templates=Templates(headers=(("X-Auth", "{{ env.TOKEN }}"),)),
        )
        async with (
            asyncio.timeout(30),
            open_run(job, OPTIONS, tmp_path / "x.run", environ={"TOKEN": "first-token"}) as engine,
        ):
            await engine.finished()
            engine.set_credentials((("X-Auth", "mistyped"),), {})
            engine.resume()
            await engine.finished()
            assert engine.snapshot().asking is Asking.CREDENTIALS
            engine.set_credentials((), {"TOKEN": "second-token"})
            engine.resume()
            await engine.finished()
            assert engine.snapshot().counts == Counts(succeeded=60)
            assert said(engine, EventKind.CREDENTIALS) == [
                "New credentials were given by hand: X-Auth.",
                "New credentials were given by hand: TOKEN.",
            ]


async def test_going_on_with_the_same_credentials_lets_requests_fail(tmp_path: Path) -> None:
    async with TokenServer() as server:
        server.expires_after = 20
        job = replace(
            write_urls(tmp_path, [f"{server.url}/{n}" for n in range(60)]),
            templates=Templates(headers=(("Authorization", "Bearer first-token"),)),
        )
        async with asyncio.timeout(30), open_run(job, OPTIONS, tmp_path / "x.run", environ={}) as engine:
            await engine.finished()
            assert engine.snapshot().asking is Asking.CREDENTIALS
            engine.resume()
            await engine.finished()
            counts = engine.snapshot().counts
            assert (counts.succeeded, counts.failed) == (19, 41)


async def test_a_401_without_credentials_is_a_failure_like_any_other(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/{'status/401' if n % 2 else 'ok'}/{n}" for n in range(20)])
    async with asyncio.timeout(30), open_run(job, OPTIONS, tmp_path / "x.run", environ={}) as engine:
        await engine.finished()
        assert engine.snapshot().counts == Counts(succeeded=10, failed=10)


async def test_the_governor_starts_low_and_a_user_overrides_it(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(100)])
    options = replace(OPTIONS, concurrency=50, auto=True)
    async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await server.in_flight(4)
        snapshot = engine.snapshot()
        assert (snapshot.auto, snapshot.limit, snapshot.in_use) == (True, 4, 4)
        engine.set_concurrency(9)
        await server.in_flight(9)
        assert not engine.snapshot().auto
        engine.set_auto(True)
        assert (engine.snapshot().auto, engine.snapshot().limit) == (True, 9)
        engine.set_auto(False)
        assert (engine.snapshot().auto, engine.snapshot().limit) == (False, 9)
        assert len(said(engine, EventKind.GOVERNOR)) == 3
        server.release()
        await engine.finished()
        assert engine.snapshot().counts == Counts(succeeded=100)
    assert server.most <= 100


async def test_thousands_of_requests_to_a_host_at_its_limit_starve_no_other(
    server: Ledger, tmp_path: Path
) -> None:
    other = server.url.replace("127.0.0.1", "localhost")
    job = write_urls(
        tmp_path, [f"{server.url}/hold/{n}" for n in range(25_000)] + [f"{other}/ok/{n}" for n in range(50)]
    )
    options = replace(OPTIONS, concurrency=20, per_host=2)
    async with asyncio.timeout(60), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await until(engine, lambda snapshot: snapshot.counts.succeeded == 50)
        engine.abandon()
    assert server.most <= 4


async def test_a_rate_for_each_host_is_kept_and_changed_while_the_run_goes_on(
    server: Ledger, tmp_path: Path
) -> None:
    other = server.url.replace("127.0.0.1", "localhost")
    job = write_urls(tmp_path, [f"{host}/ok/{n}" for n in range(40) for host in (server.url, other)])
    options = replace(OPTIONS, rate_per_host=1 / 3600)
    async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await until(engine, lambda snapshot: snapshot.counts.succeeded == 2)
        assert [row.pace_per_s for row in engine.hosts(0, 2)] == [1 / 3600] * 2
        assert engine.snapshot().rate_limit_per_host == 1 / 3600
        engine.set_rate(None)
        assert engine.snapshot().rate_limit_per_host is None
        await engine.finished()
        assert engine.snapshot().counts == Counts(succeeded=80)


async def test_an_override_keeps_the_pace_that_the_governor_found(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(50)])
    options = replace(OPTIONS, auto=True)
    async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await server.in_flight(4)
        host = engine.hosts(0, 1)[0].host
        now = asyncio.get_running_loop().time()
        engine._with.gate.hosts.restrict(host, 4, 1 / 3600, now)
        engine.set_concurrency(30)
        assert engine.hosts(0, 1)[0].pace_per_s == 1 / 3600
        engine.set_rate_per_host(None)
        await server.in_flight(30)
        server.release()
        await engine.finished()


async def test_many_hosts_at_their_limits_starve_no_other(tmp_path: Path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while b"/hold/" not in await reader.readuntil(b"\r\n\r\n"):
                writer.write(reply(b"ok"))
            await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async with AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(await asyncio.start_server(serve, "127.0.0.1", 0))
            for _ in range(26)
        ]
        *busy, other = (f"http://127.0.0.1:{one.sockets[0].getsockname()[1]}" for one in servers)
        urls = [f"{host}/hold/{n}" for n in range(950) for host in busy]
        job = write_urls(tmp_path, urls + [f"{other}/ok/{n}" for n in range(50)])
        options = replace(OPTIONS, concurrency=100, per_host=1)
        async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
            await until(engine, lambda snapshot: snapshot.counts.succeeded == 50)
            engine.abandon()


async def test_single_locked_urls_among_good_ones_ask_nothing(server: Ledger, tmp_path: Path) -> None:
    job = replace(
        write_urls(tmp_path, [f"{server.url}/{'status/401' if n % 9 == 5 else 'ok'}/{n}" for n in range(90)]),
        templates=Templates(headers=(("Authorization", "Bearer some-token"),)),
    )
    options = replace(OPTIONS, concurrency=2)
    async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await engine.finished()
        snapshot = engine.snapshot()
        assert (snapshot.asking, engine.stopped_by) == (None, None)
        assert (snapshot.counts.succeeded, snapshot.counts.failed) == (80, 10)


def test_the_loop_does_not_turn_idly_between_the_starts_of_a_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uvloop counts milliseconds: a timer for a part of one is due at once, and again until the moment has come."""
    woken = 0
    pump = Scheduler.pump

    def counted(scheduler: Scheduler) -> None:
        nonlocal woken
        woken += 1
        pump(scheduler)

    async def main() -> int:
        async with ledger_server() as ledger:
            job = write_urls(tmp_path, [f"{ledger.url}/ok/{n}" for n in range(100)])
            async with open_run(job, replace(OPTIONS, rate=250.0), tmp_path / "x.run", environ={}) as engine:
                await engine.finished()
                return engine.snapshot().counts.succeeded

    monkeypatch.setattr(Scheduler, "pump", counted)
    assert loops.run(main) == 100
    # When it starts, when it has landed, when its end is durable, and when a timer came early.
    assert woken < 100 * 8, woken


async def test_while_a_key_waits_for_its_paint_little_starts_at_once(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(300)])
    options = replace(OPTIONS, concurrency=10)
    async with asyncio.timeout(30), open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await server.in_flight(10)
        await asyncio.sleep(0)
        engine.give_way()
        engine.set_concurrency(200)
        assert engine.snapshot().in_use == 10 + PAINTING
        await server.in_flight(200)
        server.release()


async def test_the_first_requests_leave_before_many_have_been_made(
    server: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []
    pump = Scheduler.pump

    def counted(scheduler: Scheduler) -> None:
        before = len(scheduler.flights)
        pump(scheduler)
        started.append(len(scheduler.flights) - before)

    monkeypatch.setattr(Scheduler, "pump", counted)
    job = write_urls(tmp_path, [f"{server.url}/hold/{n}" for n in range(300)])
    options = Options(concurrency=200, timeout_s=30)
    async with open_run(job, options, tmp_path / "x.run", environ={}) as engine:
        await server.in_flight(200)
        engine.abandon()
    begun = [count for count in started if count]
    assert sum(begun) == 200
    assert all(count <= min(8 << n, 64) for n, count in enumerate(begun)), begun
    assert max(begun) > 8
