"""Runs that are told to leave, and runs that the machine puts to sleep: nothing is lost, and nothing is charged."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from pathlib import Path

import pytest
from fetchdeck.core.model import FailureKind, State

from tests.support.commands import ended, fetchdeck, says, started
from tests.support.fault_runs import Row, journal_rows, write_urls
from tests.support.fault_server import FaultServer, Script, Send, Wait, named, reply

ROWS = 20
IN_FLIGHT = 4
RUN = ("run", "urls.txt", "--headless", "-c", str(IN_FLIGHT), "--timeout", "600")
SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


def write_rows(folder: Path, server: FaultServer) -> None:
    write_urls(folder, [server.url(f"/{n}") for n in range(ROWS)])


def states(rows: list[Row]) -> Counter[State]:
    return Counter(row.state for row in rows)


def check_whole(server: FaultServer, rows: list[Row]) -> None:
    """Every row has its own body, was charged once, and was journalled as often as it was sent."""
    for n, row in enumerate(rows):
        assert (row.state, row.body, row.tries) == (State.SUCCEEDED, f"/{n}".encode(), 1)
        assert len(row.attempts) == server.ledger.count(f"/{n}")


@SIGNALS
async def test_the_first_signal_lets_what_is_in_flight_finish(tmp_path: Path, number: signal.Signals) -> None:
    release = asyncio.Event()
    busy = [Send(reply(b"later", "503 Busy", Retry_After="250"))]
    scripts = {"/0": lambda seen: named("/0") if seen else busy}
    async with FaultServer(scripts, default=lambda path: [Wait(release), *named(path)]) as server:
        write_rows(tmp_path, server)
        async with started(tmp_path, *RUN) as process:
            await server.ledger.reaches(1 + IN_FLIGHT)
            process.send_signal(number)
            told = await says(process, f"Draining: {IN_FLIGHT} in flight")
            release.set()
            done = await ended(process)
        assert done.status == 130, told + done.told
        rows = journal_rows(tmp_path / "urls.run")
        left = ROWS - IN_FLIGHT - 1
        assert states(rows) == {State.SUCCEEDED: IN_FLIGHT, State.WAITING: 1, State.QUEUED: left}
        assert server.ledger.total == 1 + IN_FLIGHT
        assert [len(row.attempts) for row in rows] == [1] * (1 + IN_FLIGHT) + [0] * left

        resumed = await fetchdeck(tmp_path, "resume", "urls.run")
        assert resumed.status == 0, resumed.told
        rows = journal_rows(tmp_path / "urls.run")
        assert [one.status for one in rows[0].attempts] == [503, 200]
        for n, row in enumerate(rows):
            assert (row.state, row.body) == (State.SUCCEEDED, f"/{n}".encode())
            assert len(row.attempts) == server.ledger.count(f"/{n}") == (1 if n else 2)


@SIGNALS
async def test_the_second_signal_leaves_at_once_and_charges_nothing(
    tmp_path: Path, number: signal.Signals
) -> None:
    release = asyncio.Event()
    async with FaultServer(default=lambda path: [Wait(release), *named(path)]) as server:
        write_rows(tmp_path, server)
        async with started(tmp_path, *RUN) as process:
            await server.ledger.reaches(IN_FLIGHT)
            process.send_signal(number)
            told = await says(process, "Draining")
            process.send_signal(number)
            done = await ended(process)
        assert done.status == 130, told + done.told
        rows = journal_rows(tmp_path / "urls.run")
        assert states(rows) == {State.QUEUED: ROWS}
        assert [row.tries for row in rows] == [0] * ROWS

        release.set()
        resumed = await fetchdeck(tmp_path, "resume", "urls.run", "--retries", "0")
        assert resumed.status == 0, resumed.told
        rows = journal_rows(tmp_path / "urls.run")
        check_whole(server, rows)
        kinds = [[one.kind for one in row.attempts] for row in rows]
        assert kinds == [[FailureKind.INTERRUPTED, None]] * IN_FLIGHT + [[None]] * (ROWS - IN_FLIGHT)


async def test_posts_that_were_in_flight_when_the_run_was_left_are_not_sent_again(tmp_path: Path) -> None:
    release = asyncio.Event()
    async with FaultServer(default=lambda path: [Wait(release), *named(path)]) as server:
        write_rows(tmp_path, server)
        async with started(tmp_path, *RUN, "-d", "amount=100") as process:
            await server.ledger.reaches(IN_FLIGHT)
            process.terminate()
            await says(process, "Draining")
            process.terminate()
            assert (await ended(process)).status == 130
        release.set()
        resumed = await fetchdeck(tmp_path, "resume", "urls.run")
        assert resumed.status == 1, resumed.told
        rows = journal_rows(tmp_path / "urls.run")
        assert [row.kind for row in rows] == [FailureKind.OUTCOME_UNKNOWN] * IN_FLIGHT + [None] * (
            ROWS - IN_FLIGHT
        )
        assert {server.ledger.count(f"/{n}") for n in range(ROWS)} == {1}
        assert {len(row.attempts) for row in rows} == {1}


@pytest.mark.parametrize(
    ("timeout_s", "stopped_s"), [(1.5, 3.0), pytest.param(3.0, 5.0, marks=pytest.mark.slow)]
)
async def test_a_machine_that_stood_still_charges_no_attempt(
    tmp_path: Path, timeout_s: float, stopped_s: float
) -> None:
    """Half of the replies come while the process is stopped, the other half never do."""
    awake = asyncio.Event()

    def held(n: int) -> Script:
        return [Wait(awake), *named(f"/{n}")] if n % 2 else [Wait()]

    scripts = {f"/{n}": lambda seen, n=n: named(f"/{n}") if seen else held(n) for n in range(IN_FLIGHT)}
    async with FaultServer(scripts, default=named) as server:
        write_rows(tmp_path, server)
        options = ("--timeout", str(timeout_s), "--retries", "0")
        async with started(tmp_path, *RUN, *options) as process:
            await server.ledger.reaches(IN_FLIGHT)
            process.send_signal(signal.SIGSTOP)
            awake.set()
            await asyncio.sleep(stopped_s)
            process.send_signal(signal.SIGCONT)
            done = await ended(process)
        assert done.status == 0, done.told
        assert "stood still" in done.told
        rows = journal_rows(tmp_path / "urls.run")
        check_whole(server, rows)
        broken = [one.kind for row in rows for one in row.attempts if one.kind is not None]
        assert set(broken) == {FailureKind.INTERRUPTED}
        assert IN_FLIGHT / 2 <= len(broken) <= IN_FLIGHT
