"""What a run makes of a machine without descriptors or ports to spare: fewer at once, nothing charged, all fetched."""

from __future__ import annotations

import asyncio
import json
import re
import resource
import shutil
import sys
from pathlib import Path

import pytest
from fetchdeck.core.model import FailureKind, State

from tests.support.commands import fetchdeck
from tests.support.fault_runs import Row, journal_rows, write_urls
from tests.support.fault_server import FaultServer, Pause, named

ROWS = 300
CONCURRENCY = 120
DESCRIPTORS = 60
PORTS = 20
ROOT = Path(__file__).parents[2]


def check_uncharged(rows: list[Row], seen: dict[str, int]) -> None:
    """All rows have their own bodies, were charged one attempt, and reached the server in that one alone."""
    for n, row in enumerate(rows):
        assert (row.state, row.body, row.tries) == (State.SUCCEEDED, f"/{n}".encode(), 1)
        assert row.attempts[-1].kind is None
        assert seen[f"/{n}"] == 1
    kinds = {one.kind for row in rows for one in row.attempts[:-1]}
    assert kinds == {FailureKind.LOCAL}, "the machine was not short of anything"


def least_concurrency(told: str) -> int:
    """How far the run has cut its concurrency, by its own words."""
    return min(
        int(after) for after in re.findall(r"Concurrency \d+→(\d+): this machine cannot connect", told)
    )


async def test_without_descriptors_fewer_requests_are_in_flight_and_none_is_charged(tmp_path: Path) -> None:
    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))

    async with FaultServer(default=lambda path: [Pause(0.02), *named(path)]) as server:
        write_urls(tmp_path, [server.url(f"/{n}") for n in range(ROWS)])
        command = ("run", "urls.txt", "--headless", "-c", str(CONCURRENCY), "--retries", "0")
        done = await fetchdeck(tmp_path, *command, before=few)
        assert done.status == 0, done.told
        assert f"may open {DESCRIPTORS} descriptors, too few for {CONCURRENCY}" in done.told
        assert "too many open files; no attempt is charged" in done.told
        assert least_concurrency(done.told) <= DESCRIPTORS
        rows = journal_rows(tmp_path / "urls.run")
        check_uncharged(rows, {path: len(requests) for path, requests in server.ledger.requests.items()})


async def test_without_ports_fewer_requests_are_in_flight_and_none_is_charged(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("no unshare command for a network of its own")
    script = (sys.executable, "-m", "tests.support.few_ports", tmp_path, PORTS, ROWS, CONCURRENCY)
    process = await asyncio.create_subprocess_exec(
        unshare, "-Urn", *map(str, script), cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, errors = await process.communicate()
    if process.returncode and b"unshare" in errors:
        pytest.skip(f"no network of its own: {errors.decode().strip()}")
    assert process.returncode == 0, errors.decode()
    found = json.loads(output)
    assert found["status"] == 0, found["told"]
    assert "cannot assign requested address; no attempt is charged" in found["told"]
    assert least_concurrency(found["told"]) <= PORTS
    check_uncharged(journal_rows(tmp_path / "urls.run"), found["seen"])
