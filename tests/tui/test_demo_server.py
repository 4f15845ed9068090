from __future__ import annotations

import asyncio
import dataclasses
import os
import select
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import aiohttp
import pytest
from fetchdeck.core.errors import FetchdeckError, OptionError
from fetchdeck.tui.demo import places
from fetchdeck.tui.demo.faults import NO_FAULTS, Fate, Faults, parse_shares
from fetchdeck.tui.demo.process import demo_server

AT_ONCE = dataclasses.replace(NO_FAULTS, latency_s=0.0)
SHANGHAI = 1796236


async def get(url: str) -> tuple[int, dict[str, str], bytes]:
    async with aiohttp.ClientSession() as session, session.get(url) as reply:
        return reply.status, dict(reply.headers), await reply.read()


async def test_a_place_is_answered_with_its_own_data_and_stats_count_it() -> None:
    with demo_server(AT_ONCE) as server:
        first = await get(f"{server.url}/details?place={SHANGHAI}&key=k")
        again = await get(f"{server.url}/details?place={SHANGHAI}&key=k")
        stats = (await get(f"{server.url}/__stats"))[2]
        seen = (await get(f"{server.url}/__seen"))[2]
    assert first[0] == 200
    assert b'"name":"Shanghai"' in first[2]
    assert 900 < len(first[2]) < 1500
    assert first[2] == again[2]
    assert b'"requests":2' in stats
    assert seen == b'{"1796236":2}'


@pytest.mark.parametrize(
    ("query", "status"),
    [(f"place={SHANGHAI}", 403), ("place=Paris&key=k", 400), ("place=1&key=k", 404), ("key=k", 400)],
)
async def test_a_bad_question_gets_a_fitting_status(query: str, status: int) -> None:
    with demo_server(AT_ONCE) as server:
        assert (await get(f"{server.url}/details?{query}"))[0] == status


async def test_each_fault_reaches_the_client_as_itself() -> None:
    url = f"/details?place={SHANGHAI}&key=k"
    with demo_server(dataclasses.replace(AT_ONCE, too_many=1.0, retry_after_s=3)) as server:
        status, headers, _ = await get(server.url + url)
        assert (status, headers["Retry-After"]) == (429, "3")
    with demo_server(dataclasses.replace(AT_ONCE, error=1.0)) as server:
        assert (await get(server.url + url))[0] == 500
    with demo_server(dataclasses.replace(AT_ONCE, reset=1.0)) as server, pytest.raises(aiohttp.ClientOSError):
        await get(server.url + url)
    with demo_server(dataclasses.replace(AT_ONCE, truncated=1.0)) as server:
        with pytest.raises(aiohttp.ClientPayloadError):
            await get(server.url + url)
        assert b'"served":{"truncated":1}' in (await get(f"{server.url}/__stats"))[2]
    garbage = demo_server(dataclasses.replace(AT_ONCE, garbage=1.0))
    with garbage as server, pytest.raises(aiohttp.ClientResponseError, match="status"):
        await get(server.url + url)


async def test_a_silent_answer_lasts_until_the_client_leaves() -> None:
    with demo_server(dataclasses.replace(AT_ONCE, silent=1.0)) as server:

        async def stats() -> bytes:
            return (await get(f"{server.url}/__stats"))[2]

        asking = asyncio.create_task(get(f"{server.url}/details?place={SHANGHAI}&key=k"))
        while b'"open":1' not in await stats():
            await asyncio.sleep(0.01)
        assert not asking.done()
        asking.cancel()
        while b'"open":0' not in await stats():
            await asyncio.sleep(0.01)


async def test_a_few_places_are_unknown_unless_faults_are_off() -> None:
    unknown = min(places.missing(places.load()))
    with demo_server(dataclasses.replace(AT_ONCE, missing=True)) as server:
        assert (await get(f"{server.url}/details?place={unknown}&key=k"))[0] == 404
    with demo_server(AT_ONCE) as server:
        assert (await get(f"{server.url}/details?place={unknown}&key=k"))[0] == 200


def test_a_taken_port_is_one_clear_sentence() -> None:
    with demo_server(AT_ONCE) as server:
        taken = demo_server(AT_ONCE, server.port, patience_s=0.0)
        with pytest.raises(FetchdeckError, match=f"port {server.port} of .* --run OTHER"), taken:
            pass


def test_the_server_dies_with_its_parent_and_leaves_the_port_to_the_next(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from fetchdeck.tui.demo.faults import NO_FAULTS\n"
        "from fetchdeck.tui.demo.process import demo_server\n"
        "with demo_server(NO_FAULTS) as server:\n"
        "    print(server.port, server.pid, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with parent:
        assert parent.stdout is not None
        port, pid = map(int, parent.stdout.readline().split())
        child = os.pidfd_open(pid)
        os.kill(parent.pid, signal.SIGKILL)
    try:
        with demo_server(AT_ONCE, port) as server:
            assert server.port == port
        assert select.select([child], [], [], 10)[0], "the server outlived its parent"
    finally:
        os.close(child)


def test_fates_come_in_their_shares_and_a_retry_has_new_luck() -> None:
    faults = Faults(
        too_many=0.1, error=0.05, reset=0.02, slow=0.01, truncated=0.02, garbage=0.03, silent=0.04
    )
    fates = Counter(faults.fate(place, 0)[0] for place in range(20_000))
    assert 1800 < fates[Fate.TOO_MANY] < 2200
    assert 850 < fates[Fate.ERROR] < 1150
    assert 320 < fates[Fate.RESET] < 480
    assert 130 < fates[Fate.SLOW] < 270
    assert 320 < fates[Fate.TRUNCATED] < 480
    assert 480 < fates[Fate.GARBAGE] < 720
    assert 650 < fates[Fate.SILENT] < 950
    unlucky = [place for place in range(2_000) if faults.fate(place, 0)[0] is Fate.TOO_MANY]
    assert sum(faults.fate(place, 1)[0] is Fate.TOO_MANY for place in unlucky) < len(unlucky) / 2
    assert faults.fate(7, 3) == faults.fate(7, 3)


def test_nothing_is_broken_unless_it_is_asked_for() -> None:
    usual = Faults()
    assert (usual.too_many, usual.error, usual.reset, usual.slow) == (0.01, 0.005, 0.002, 0.002)
    assert (usual.truncated, usual.garbage, usual.silent) == (0, 0, 0)
    assert not {usual.fate(place, 0)[0] for place in range(20_000)} & {
        Fate.TRUNCATED,
        Fate.GARBAGE,
        Fate.SILENT,
    }


def test_latency_has_the_mean_that_was_asked_for() -> None:
    faults = Faults(too_many=0, error=0, reset=0, slow=0.01, latency_s=0.333, spread=0.2)
    delays = [faults.fate(place, 0)[1] for place in range(20_000)]
    assert sum(delays) / len(delays) == pytest.approx(0.333, rel=0.03)
    assert min(delays) > 0


def test_shares_are_read_as_percent_and_as_numbers() -> None:
    assert parse_shares("429=1%, 500=0.005,RESET=0") == {"too_many": 0.01, "error": 0.005, "reset": 0.0}
    assert parse_shares("slow=2%") == {"slow": 0.02}
    assert parse_shares("truncated=2%,garbage=1%,silent=0.5%") == {
        "truncated": 0.02,
        "garbage": 0.01,
        "silent": 0.005,
    }
    assert parse_shares("") == {}


@pytest.mark.parametrize(
    "text", ["429", "429=", "418=1%", "429=101%", "500=-1%", "429=60%,500=60%", "slow=nan"]
)
def test_shares_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(OptionError, match="--faults"):
        parse_shares(text)
