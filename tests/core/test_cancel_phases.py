"""A request in flight is cancelled wherever it is: it ends as skipped, keeps what it took, and gives its slot back."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fetchdeck.core.detail import request_detail
from fetchdeck.core.engine.run import open_run
from fetchdeck.core.job import Job, Options
from fetchdeck.core.journal.reader import JournalReader
from fetchdeck.core.journal.records import AttemptRecord
from fetchdeck.core.model import Counts, FailureKind, Phase

from tests.support.fault_server import FaultServer, Send, Wait, reply


@asynccontextmanager
async def slow_names(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A URL whose name is never told while the context lasts."""
    told, ask = threading.Event(), socket.getaddrinfo

    def slow(host: str, *args: object, **more: object) -> object:
        if host.endswith(".example"):
            told.wait(30)
        return ask("127.0.0.1", *args, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    yield "http://slow.example/"
    told.set()


@asynccontextmanager
async def listening(scheme: str, backlog: int) -> AsyncIterator[str]:
    """A URL whose server accepts nothing; with no backlog, not even a connection."""
    with socket.socket() as mute, socket.socket() as filler:
        mute.bind(("127.0.0.1", 0))
        mute.listen(backlog)
        if not backlog:
            filler.connect(mute.getsockname())
        yield f"{scheme}://127.0.0.1:{mute.getsockname()[1]}/"


@asynccontextmanager
async def in_phase(phase: Phase, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A URL whose request stays in this phase."""
    never = asyncio.Event()
    match phase:
        case Phase.DNS:
            place = slow_names(monkeypatch)
        case Phase.CONNECT | Phase.TLS:
            place = listening("https", 0 if phase is Phase.CONNECT else 8)
        case _:
            begun = [Send(reply(b"xxx")[:-1])] if phase is Phase.RECEIVING else []
            place = serving([*begun, Wait(never)])
    async with place as url:
        yield url


@asynccontextmanager
async def serving(script: list[Send | Wait]) -> AsyncIterator[str]:
    async with FaultServer({"/": script}) as server:
        yield server.url("/")


@pytest.mark.parametrize("phase", [Phase.DNS, Phase.CONNECT, Phase.TLS, Phase.SENT, Phase.RECEIVING])
async def test_cancelled_in_each_phase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, phase: Phase) -> None:
    async with FaultServer() as good, in_phase(phase, monkeypatch) as url:
        (tmp_path / "in.txt").write_text(f"{url}\n{good.url('/next')}\n")
        job, options = Job(str(tmp_path / "in.txt")), Options(concurrency=1, insecure=True, retries=0)
        async with open_run(job, options, tmp_path / "x.run", environ={}) as engine:
            async with asyncio.timeout(15):
                while not (seen := engine.in_flight(0, 9)) or seen[0].phase is not phase:
                    await asyncio.sleep(0.002)
                assert (seen[0].id, engine.snapshot().in_use) == (0, 1)
                engine.cancel([0])
                await engine.finished()
            # The other one could only be sent by the slot that was given back.
            assert engine.snapshot().counts == Counts(skipped=1, succeeded=1)
            assert engine.snapshot().in_use == 0
    attempt = await only_attempt(tmp_path / "x.run" / "journal.sqlite")
    assert attempt.kind is FailureKind.CANCELLED
    took = [part is not None for part in (attempt.dns_ms, attempt.connect_ms, attempt.tls_ms)]
    assert took == [phase is Phase.DNS, phase is not Phase.DNS, phase is Phase.TLS]
    assert sum(filter(None, (attempt.dns_ms, attempt.connect_ms, attempt.tls_ms))) <= attempt.elapsed_ms


async def only_attempt(journal: Path) -> AttemptRecord:
    async with JournalReader(journal) as reader:
        detail = await request_detail(reader, 0)
    assert detail is not None
    (attempt,) = detail.attempts
    return attempt
