"""Standard streams as daemons, cron jobs and full disks leave them."""

from __future__ import annotations

import asyncio
import json
import shlex
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.ledger import Ledger, ledger_server

COMMAND = f"{shlex.quote(sys.executable)} -c 'from fetchdeck.tui.cli import main; main()'"


@pytest.fixture
async def server() -> AsyncIterator[Ledger]:
    async with ledger_server() as ledger:
        yield ledger


async def shell(folder: Path, line: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_shell(
        line,
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    return process.returncode or 0, out.decode(), errors.decode()


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", "2>/dev/full"])
async def test_a_run_ends_as_it_ended_whatever_its_streams(
    server: Ledger, tmp_path: Path, closed: str
) -> None:
    (tmp_path / "u.txt").write_text(f"{server.url}/ok/1\n{server.url}/ok/2\n")
    status, _, errors = await shell(tmp_path, f"{COMMAND} run u.txt --headless -o out.jsonl {closed}")
    assert status == 0, errors
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize("unbuffered", ["", "1"])
async def test_an_output_that_cannot_be_written_is_one_sentence(
    server: Ledger, tmp_path: Path, unbuffered: str
) -> None:
    (tmp_path / "u.txt").write_text(f"{server.url}/ok/1\n")
    await shell(tmp_path, f"{COMMAND} run u.txt --headless")
    status, _, errors = await shell(
        tmp_path, f"PYTHONUNBUFFERED={unbuffered} {COMMAND} status u.run > /dev/full"
    )
    assert status == 74
    assert errors.startswith("fetchdeck: No space left on device")
    assert "Traceback" not in errors
    status, _, errors = await shell(tmp_path, f"{COMMAND} run u.txt --headless --run v.run -o no/out.jsonl")
    assert (status, (tmp_path / "v.run").exists()) == (2, False)
    assert "is missing" in errors


async def test_a_pipe_that_was_not_read_to_its_end_is_asked_for_again(server: Ledger, tmp_path: Path) -> None:
    rows = "".join(f"{server.url}/ok/{n}\\n" for n in range(3))
    process = await asyncio.create_subprocess_shell(
        f"exec {COMMAND} run - --headless --run p.run",
        cwd=tmp_path,
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(rows.replace("\\n", "\n").encode())
    while len(server.seen) < 3:
        server.arrived.clear()
        await server.arrived.wait()
    process.send_signal(signal.SIGINT)
    errors = (await process.stderr.read()).decode()
    assert await process.wait() == 130
    process.stdin.close()
    assert "run - --run p.run" in errors
    assert "it was not read to its end" in errors
    status, out, _ = await shell(tmp_path, f"{COMMAND} status p.run --json")
    assert (json.loads(out)["state"], json.loads(out)["succeeded"]) == ("interrupted", 3)
    status, _, errors = await shell(tmp_path, f"printf '{rows}' | {COMMAND} run - --headless --run p.run")
    assert status == 0, errors
    assert set(server.seen.values()) == {1}
