"""Large bodies of known length go past the parser: whole, in order, and to nobody else's row. On both loops."""

from __future__ import annotations

import asyncio
import os
import random
import ssl
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fetchdeck.core.job import Options
from fetchdeck.core.model import BodyFile, FailureKind, Phase, Progress, Request
from fetchdeck.core.transport import pool
from fetchdeck.core.transport.blocks import LEAST, MOST, Blocks
from fetchdeck.core.transport.turns import Turns

from tests.support.certificates import Authority
from tests.support.fault_server import Close, Drip, FaultServer, Reset, Send, Wait, reply
from tests.support.fetching import fault, fetch, fetched, opened, whole
from tests.support.loops import FACTORIES

Run = Callable[[Coroutine[Any, Any, None]], None]
SIZE = 3 * MOST + 12_345
BODY = random.Random(6).randbytes(SIZE)


@pytest.fixture(params=FACTORIES)
def run(request: pytest.FixtureRequest) -> Run:
    def run(main: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=FACTORIES[request.param]) as runner:
            runner.run(main)

    return run


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    try:
        return Authority(tmp_path_factory.mktemp("tls")).self_signed("DNS:127.0.0.1")
    except FileNotFoundError:
        pytest.skip("no openssl command to make certificates with")


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def stored(found: object, body: bytes) -> None:
    assert isinstance(found, BodyFile)
    assert found.size == len(body)
    assert found.path.read_bytes() == body


@pytest.mark.parametrize(
    "size", [262_145, LEAST + 262_144, MOST, MOST + LEAST, MOST + LEAST + 1, 2 * MOST + LEAST, SIZE]
)
def test_the_connection_is_used_again_after_bodies_of_any_size(tmp_path: Path, run: Run, size: int) -> None:
    async def main() -> None:
        scripts = {"/large": [Send(reply(BODY[:size]))]}
        async with opened(tmp_path) as transport, FaultServer(scripts) as server:
            for number in range(3):
                found = whole(await fetched(transport, server.url("/large"), name=f"0/{number}-1"))
                stored(found.body, BODY[:size])
                assert found.wire_bytes == size
                assert whole(await fetched(transport, server.url("/small"))).body == b"ok"
            assert server.ledger.connections == 1

    run(main())


def test_a_body_that_comes_in_odd_pieces(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        octets, random_, steps = reply(BODY), random.Random(1), list[Send]()
        while octets:
            cut = random_.choice([1, 7, 65_536, LEAST, 262_144, 700_000])
            steps.append(Send(octets[:cut]))
            octets = octets[cut:]
        async with opened(tmp_path) as transport, FaultServer(default=steps) as server:
            stored(whole(await fetched(transport, server.url("/"))).body, BODY)

    run(main())


def test_many_at_once_are_not_mixed_up(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        bodies = [random.Random(number).randbytes(400_000 + 70_000 * number) for number in range(24)]
        scripts = {f"/{number}": [Send(reply(body))] for number, body in enumerate(bodies)}
        async with opened(tmp_path) as transport, FaultServer(scripts) as server:
            for turn in range(2):
                found = await asyncio.gather(
                    *(
                        fetched(transport, server.url(f"/{number}"), name=f"{number % 2}/{number}-{turn}")
                        for number in range(24)
                    )
                )
                for one, body in zip(found, bodies, strict=True):
                    stored(whole(one).body, body)

    run(main())


@pytest.mark.parametrize("size", [262_145, 300_000, 400_000, 1_000_000])
def test_nothing_stays_in_the_parser_when_turns_are_few(
    tmp_path: Path, run: Run, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "Turns", partial(Turns, most=1))

    async def main() -> None:
        script = [Send(reply(BODY[:size]))]
        async with opened(tmp_path) as transport, FaultServer(default=script) as server:
            for turn in range(4):
                names = [f"0/{number}-{turn}" for number in range(16)]
                found = await asyncio.gather(
                    *(fetched(transport, server.url("/"), name=name) for name in names)
                )
                for one in found:
                    stored(whole(one).body, BODY[:size])

    run(main())


def test_over_tls(tmp_path: Path, run: Run, tls: ssl.SSLContext) -> None:
    async def main() -> None:
        scripts = {"/large": [Send(reply(BODY))], "/cut": [Send(reply(BODY)[:-1]), Close()]}
        options = Options(insecure=True)
        async with opened(tmp_path, options) as transport, FaultServer(scripts, tls=tls) as server:
            for _ in range(2):
                stored(whole(await fetched(transport, server.url("/large"))).body, BODY)
                assert whole(await fetched(transport, server.url("/small"))).body == b"ok"
            assert server.ledger.connections == 1
            assert (
                fault(await fetched(transport, server.url("/cut"), name="0/1-1")).kind
                is FailureKind.TRUNCATED
            )
        assert left(tmp_path) == ["0-1.body"]

    run(main())


@pytest.mark.parametrize("came", [300_000, MOST, SIZE - 1])
def test_a_body_that_ends_too_early(tmp_path: Path, run: Run, came: int) -> None:
    async def main() -> None:
        octets = reply(BODY)
        octets = octets[: len(octets) - SIZE + came]
        async with opened(tmp_path) as transport, FaultServer(default=[Send(octets), Close()]) as server:
            found = fault(await fetched(transport, server.url("/")))
        assert found.kind is FailureKind.TRUNCATED
        assert found.message == f"the body ended after {came} of {SIZE} bytes"
        assert found.wire_bytes == came
        assert left(tmp_path) == []

    run(main())


def test_a_connection_that_is_reset(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        script = [Send(reply(BODY)[:-1]), Wait(received := asyncio.Event()), Reset()]
        async with opened(tmp_path) as transport, FaultServer(default=script) as server:
            progress = Progress()
            attempt = asyncio.create_task(
                fetch(transport, Request("GET", server.url("/")), "0/0-1", progress)
            )
            while progress.received < SIZE - 1:
                await asyncio.sleep(0)
            assert progress.phase is Phase.RECEIVING
            received.set()
            found = fault(await attempt)
        assert found.kind is FailureKind.RESET
        assert found.message == f"the connection was reset after {SIZE - 1} bytes of the body"
        assert left(tmp_path) == []

    run(main())


def test_octets_after_the_body_answer_no_other_request(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        forged = reply(b"forged")
        scripts = {"/large": [Send(reply(BODY) + forged)]}
        async with opened(tmp_path) as transport, FaultServer(scripts) as server:
            for _ in range(3):
                stored(whole(await fetched(transport, server.url("/large"))).body, BODY)
                assert whole(await fetched(transport, server.url("/small"))).body == b"ok"
            assert server.ledger.connections > 1

    run(main())


def test_a_slow_body_is_seen_to_come(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        head_and_some = len(reply(BODY)) - SIZE + 300_000
        go_on = asyncio.Event()
        script = [Send(reply(BODY)[:head_and_some]), Wait(go_on), Send(reply(BODY)[head_and_some:])]
        async with opened(tmp_path) as transport, FaultServer(default=script) as server:
            progress = Progress()
            attempt = asyncio.create_task(
                fetch(transport, Request("GET", server.url("/")), "0/0-1", progress)
            )
            while progress.received < 300_000:
                await asyncio.sleep(0)
            go_on.set()
            stored(whole(await attempt).body, BODY)

    run(main())


@pytest.mark.parametrize("insecure", [False, True], ids=["plain", "TLS"])
def test_an_attempt_that_is_cancelled_disturbs_no_other(
    tmp_path: Path, run: Run, tls: ssl.SSLContext, *, insecure: bool
) -> None:
    async def main() -> None:
        half = reply(b"\0" * SIZE)[: SIZE // 2]
        scripts = {"/half": [Send(half), Drip(b"\0" * 50_000, 0)], "/large": [Send(reply(BODY))]}
        options = Options(insecure=True)
        async with (
            opened(tmp_path, options) as transport,
            FaultServer(scripts, tls=tls if insecure else None) as server,
        ):
            for turn in range(5):
                progress = Progress()
                attempt = asyncio.create_task(
                    fetch(transport, Request("GET", server.url("/half")), f"0/1-{turn}", progress)
                )
                while progress.received < SIZE // 4:
                    await asyncio.sleep(0)
                attempt.cancel()
                others = [fetched(transport, server.url("/large"), name=f"0/{n}-1") for n in (2, 3)]
                for found in await asyncio.gather(*others):
                    stored(whole(found).body, BODY)
                with pytest.raises(asyncio.CancelledError):
                    await attempt
        assert left(tmp_path) == ["2-1.body", "3-1.body"]

    run(main())


def test_a_disk_that_fails_in_the_middle(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    writes, write = 0, os.write

    def fails_third(descriptor: int, data: memoryview) -> int:
        nonlocal writes
        if len(data) < LEAST:  # a loop tells itself things by writing too
            return write(descriptor, data)
        writes += 1
        if writes == 3:
            raise OSError(28, "No space left on device")
        return write(descriptor, data)

    async def main() -> None:
        async with opened(tmp_path) as transport, FaultServer(default=[Send(reply(BODY))]) as server:
            monkeypatch.setattr(os, "write", fails_third)
            found = fault(await fetched(transport, server.url("/")))
            assert found.kind is FailureKind.DISK
            assert left(tmp_path) == []
            stored(whole(await fetched(transport, server.url("/"))).body, BODY)

    run(main())


def test_a_body_beyond_the_cap_goes_the_usual_way(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with (
            opened(tmp_path, Options(max_body=SIZE - 1)) as transport,
            FaultServer(default=[Send(reply(BODY))]) as server,
        ):
            assert fault(await fetched(transport, server.url("/"))).kind is FailureKind.TOO_LARGE
        assert left(tmp_path) == []

    run(main())


def test_blocks_shrink_when_there_are_many() -> None:
    blocks = Blocks()
    lent = [blocks.lent() for _ in range(1000)]
    sizes = [len(block.__enter__()) for block in lent]
    assert sizes[0] == MOST
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes[200:]) <= 800 * 2 * LEAST
    for block in lent:
        block.__exit__(None, None, None)
    with blocks.lent() as block:
        assert len(block) == MOST


def test_blocks_are_used_again_while_any_is_lent() -> None:
    blocks = Blocks()
    with blocks.lent():
        with blocks.lent() as one:
            pass
        with blocks.lent() as again:
            assert again.obj is one.obj
    with blocks.lent() as later:
        assert later.obj is not one.obj


def test_a_block_that_somebody_may_still_look_at_is_not_lent_again() -> None:
    blocks = Blocks()
    with blocks.lent():
        with pytest.raises(ZeroDivisionError), blocks.lent() as lost:
            raise ZeroDivisionError
        with blocks.lent() as other:
            assert other.obj is not lost.obj
