"""A POST whose reply is lost: failed as `outcome_unknown`, sent once, and again only when a user says so."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from fetchdeck.core.engine.run import open_run
from fetchdeck.core.job import Job, Templates
from fetchdeck.core.model import Counts, FailureKind, State
from msgspec.structs import replace

from tests.support.commands import fetchdeck
from tests.support.fault_runs import QUICK, Ends, check_run, fetch_all, journal_rows, write_urls
from tests.support.fault_server import Close, FaultServer, Reset, Script, Send, Wait, named, reply
from tests.support.travelling import travel

POST = Templates(data="amount=100")
LOSSES: dict[str, Script] = {
    "/reset": [Reset()],
    "/close": [Close()],
    "/half-a-head": [Send(b"HTTP/1.1 200"), Close()],
    "/silent": [Wait()],
}


def test_a_post_whose_reply_is_lost_is_sent_once(tmp_path: Path) -> None:
    async def run() -> None:
        async with FaultServer(LOSSES, default=named) as server:
            expected = dict.fromkeys(LOSSES, Ends(FailureKind.OUTCOME_UNKNOWN))
            rows = await check_run(server, tmp_path, expected, replace(QUICK, retries=4), POST)
            for row in rows:
                if row.state is State.FAILED:
                    assert "may have reached the server" in str(row.message)

    travel(run())


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_post_whose_reply_is_cut_or_busy_is_not_sent_again(tmp_path: Path, method: str) -> None:
    scripts: dict[str, Script] = {
        "/cut": [Send(reply(b"abc", Content_Length="9")), Close()],
        "/busy": [Send(reply(b"later", "503 Busy", Retry_After="0"))],
    }
    expected = {
        "/cut": Ends(FailureKind.TRUNCATED, status=200),
        "/busy": Ends(FailureKind.HTTP_STATUS, status=503, body=b"later"),
    }
    async with FaultServer(scripts, default=named) as server:
        await check_run(server, tmp_path, expected, templates=replace(POST, method=method))


async def test_the_engine_sends_it_again_when_told_to(tmp_path: Path) -> None:
    async with FaultServer({"/pay": lambda seen: named("/pay") if seen else [Reset()]}) as server:
        job = Job(str(write_urls(tmp_path, [server.url("/pay"), server.url("/ok")])), POST)
        async with open_run(job, QUICK, tmp_path / "urls.run", environ={}) as engine:
            await engine.finished()
            assert engine.snapshot().counts == Counts(succeeded=1, failed=1)
            engine.retry([0])
            while engine.snapshot().counts != Counts(succeeded=2):
                await asyncio.sleep(0.005)
        (row, _) = journal_rows(tmp_path / "urls.run")
        assert [one.kind for one in row.attempts] == [FailureKind.OUTCOME_UNKNOWN, None]
        assert (row.tries, server.ledger.count("/pay"), server.ledger.count("/ok")) == (1, 2, 1)


async def test_the_command_sends_it_again_when_told_to(tmp_path: Path) -> None:
    async with FaultServer({"/pay": lambda seen: named("/pay") if seen else [Reset()]}) as server:
        await fetch_all(tmp_path, [server.url("/pay"), server.url("/ok")], QUICK, POST)
        assert server.ledger.count("/pay") == 1
        resumed = await fetchdeck(tmp_path, "resume", "urls.run")
        assert (resumed.status, server.ledger.count("/pay")) == (1, 1), resumed.told
        again = await fetchdeck(tmp_path, "retry", "urls.run")
        assert again.status == 0, again.told
        (row, _) = journal_rows(tmp_path / "urls.run")
        assert (row.state, row.body, row.tries) == (State.SUCCEEDED, b"/pay", 1)
        assert len(row.attempts) == server.ledger.count("/pay") == 2
        assert server.ledger.requests["/pay"][1].endswith(b"\r\n\r\namount=100")
        assert server.ledger.count("/ok") == 1
