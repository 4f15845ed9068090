"""What a run makes of connections that are refused, break, or stall: named, sent again by policy, and in time."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from fetchdeck.core.model import FailureKind, State
from msgspec.structs import replace

from tests.support.fault_runs import QUICK, Ends, among_healthy, check_healthy, check_run, endings, fetch_all
from tests.support.fault_server import (
    Close,
    Drip,
    FaultServer,
    Pause,
    Reset,
    Script,
    Send,
    Wait,
    named,
    reply,
)
from tests.support.travelling import travel

LOST = Ends(FailureKind.RESET, sent=2)
LATE = Ends(FailureKind.TIMEOUT, sent=2)
LATE_BODY = replace(LATE, status=200)
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
TIMEOUT_S = 10.0
ARRIVAL_S = 1.0
"""What a busy machine may take to bring the first request to the server, while its timeout runs."""

BROKEN: dict[str, tuple[Script, Ends]] = {
    "/close/at-once": ([Close()], LOST),
    "/close/in-head": ([Send(HEAD + b"X: "), Close()], LOST),
    "/reset/at-once": ([Reset()], LOST),
    "/reset/in-head": ([Send(HEAD + b"X: "), Pause(0.01), Reset()], LOST),
    "/reset/in-body": ([Send(reply(b"x" * 90)[:-80]), Pause(0.01), Reset()], replace(LOST, status=200)),
    "/reset/in-chunks": ([Send(CHUNKED + b"5\r\nab"), Pause(0.01), Reset()], replace(LOST, status=200)),
    "/reset/open-end": ([Send(HEAD + b"\r\nabc"), Pause(0.01), Reset()], replace(LOST, status=200)),
}
STALLED: dict[str, tuple[Script, Ends]] = {
    "/silent": ([Wait()], LATE),
    "/stalled/in-head": ([Send(HEAD + b"X: "), Wait()], LATE),
    "/stalled/in-body": ([Send(reply(b"abc", Content_Length="5")), Wait()], LATE_BODY),
    "/slow/status-line": ([Drip(b"H", times=1), Pause(5), Send(b"TTP/1.1 "), Pause(5), Send(b"200")], LATE),
    "/slow/headers": ([Send(HEAD), Drip(b"X: y\r\n", every_s=0.5)], LATE),
    "/slow/body": ([Send(CHUNKED), Drip(b"1\r\nx\r\n", every_s=0.5)], LATE_BODY),
    "/slow/large-body": ([Send(HEAD + b"\r\n"), Drip(bytes(10_000), every_s=0.5)], LATE_BODY),
    "/endless/interim": ([Drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 50, every_s=0.1)], LATE),
    "/endless/blank-lines": ([Drip(b"\r\n" * 500, every_s=0.1)], LATE),
    "/endless/chunk-extension": ([Send(CHUNKED + b"5;"), Drip(b"x" * 5_000, every_s=0.1)], LATE_BODY),
}


@pytest.mark.parametrize("concurrency", [1, 8])
async def test_lost_connections_are_sent_again_and_fail_by_name(tmp_path: Path, concurrency: int) -> None:
    scripts = {path: script for path, (script, _) in BROKEN.items()}
    expected = {path: ends for path, (_, ends) in BROKEN.items()}
    async with FaultServer(scripts, default=named) as server:
        await check_run(server, tmp_path, expected, replace(QUICK, concurrency=concurrency))


@pytest.mark.parametrize("concurrency", [1, 20])
def test_timeouts_hold_however_a_server_stalls(tmp_path: Path, concurrency: int) -> None:
    scripts = {path: script for path, (script, _) in STALLED.items()}
    expected = {path: ends for path, (_, ends) in STALLED.items()}

    async def run() -> None:
        async with FaultServer(scripts, default=named) as server:
            options = replace(QUICK, concurrency=concurrency, timeout_s=TIMEOUT_S)
            await check_run(server, tmp_path, expected, options)
            gaps = {path: server.ledger.gaps(path)[0] for path in STALLED}
            assert min(gaps.values()) >= TIMEOUT_S - ARRIVAL_S
            if concurrency >= len(STALLED):
                assert max(gaps.values()) < TIMEOUT_S + 1, gaps

    travel(run())


async def test_a_row_whose_server_recovers_succeeds_with_its_second_attempt(tmp_path: Path) -> None:
    scripts = {
        path: lambda seen, path=path, script=script: named(path) if seen else script
        for path, (script, _) in BROKEN.items()
    }
    expected = {path: Ends(sent=2, status=200, body=path.encode()) for path in BROKEN}
    async with FaultServer(scripts, default=named) as server:
        rows = await check_run(server, tmp_path, expected)
    for row in rows:
        if "/healthy/" not in row.url:
            assert [one.kind for one in row.attempts] == [FailureKind.RESET, None]


async def test_connections_reset_before_a_request_was_read_cost_an_attempt_each(tmp_path: Path) -> None:
    async with FaultServer(
        default=named, greeting=lambda number: [Reset()] if number in (0, 1, 4) else []
    ) as server:
        rows = await fetch_all(tmp_path, [server.url(f"/{n}") for n in range(40)], replace(QUICK, retries=3))
        assert {(row.url, row.body) for row in rows} == {
            (server.url(f"/{n}"), f"/{n}".encode()) for n in range(40)
        }
        broken = [one for row in rows for one in row.attempts if one.kind is not None]
        assert {one.kind for one in broken} <= {FailureKind.RESET, FailureKind.CONNECT}
        assert len(broken) == 3
        assert {path: server.ledger.count(path) for path in server.ledger.requests} == {
            f"/{n}": 1 for n in range(40)
        }
        assert [row.tries for row in rows] == [len(row.attempts) for row in rows]


@pytest.mark.parametrize("retries", [0, 2])
async def test_a_dead_port_fails_its_own_rows_alone(tmp_path: Path, retries: int) -> None:
    with socket.socket() as dead:
        dead.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{dead.getsockname()[1]}"
        async with asyncio.timeout(60), FaultServer(default=named) as server:
            urls = [server.url(path) for path in among_healthy(["/last"])]
            urls = [url for n, healthy in enumerate(urls) for url in (f"{closed}/{n}", healthy)]
            rows = await fetch_all(tmp_path, urls, replace(QUICK, retries=retries))
            check_healthy(server, rows)
            assert endings(server, rows, ["/last"]) == {"/last": Ends(status=200, body=b"/last")}
    refused = [row for row in rows if row.url.startswith(closed)]
    assert len(refused) == 3
    for row in refused:
        assert (row.state, row.kind, row.tries) == (State.FAILED, FailureKind.CONNECT, retries + 1)
        assert [one.kind for one in row.attempts] == [FailureKind.CONNECT] * (retries + 1)
        assert "connection refused" in str(row.message)
