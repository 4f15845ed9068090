"""A disk that is really full, and one that fails: the run waits, fails nothing, and goes on by itself."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.fault_server import FaultServer

REPOSITORY = Path(__file__).parents[2]


def namespaces() -> bool:
    """Whether this machine lets us mount a file system of our own."""
    if shutil.which("unshare") is None:
        return False
    trial = ["unshare", "-Urm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(trial, capture_output=True, check=False).returncode == 0


needs_namespaces = pytest.mark.skipif(not namespaces(), reason="mount namespaces are not to be had here")


def run_on_full_disk(folder: Path, *, megabytes: int, body: int, rows: int) -> dict[str, Any]:
    script = [
        sys.executable,
        "-m",
        "tests.support.full_disk",
        str(folder),
        *map(str, (megabytes, body, rows)),
    ]
    done = subprocess.run(
        ["unshare", "-Urm", *script], capture_output=True, check=False, cwd=REPOSITORY, timeout=100
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


@needs_namespaces
def test_a_disk_too_full_for_the_journal_delays_the_run(tmp_path: Path) -> None:
    found = run_on_full_disk(tmp_path, megabytes=2, body=20_000, rows=400)
    assert found["reason"].startswith("the journal cannot be written (database or disk is full)")
    assert (found["failed_while_full"], found["succeeded"]) == (0, 400)


@needs_namespaces
def test_a_disk_too_full_for_large_bodies_delays_the_run(tmp_path: Path) -> None:
    found = run_on_full_disk(tmp_path, megabytes=6, body=600_000, rows=30)
    # A commit may meet the full disk before a body does, and be the first reason.
    assert found["reason"].startswith(
        (
            "this machine cannot store the body: no space left on device",
            "the journal cannot be written (database or disk",
        )
    )
    assert any("cannot store the body: no space left on device" in said for said in found["said"]), found
    assert (found["failed_while_full"], found["succeeded"]) == (0, 30)
    assert (found["body_files"], found["odd_files"]) == (30, 0)


def injectable() -> bool:
    """Whether system calls can be made to fail here."""
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-f", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not injectable(), reason="strace is not to be had here")
async def test_a_disk_with_io_errors_delays_the_run(tmp_path: Path) -> None:
    urls, said = tmp_path / "urls.txt", tmp_path / "said.txt"
    inject = ("-f", "-qq", "-o", str(tmp_path / "trace"), "-e", "trace=fdatasync")
    fetchdeck = (sys.executable, "-c", "from fetchdeck.tui.cli import main; main()")
    async with asyncio.timeout(60), FaultServer() as server:
        urls.write_text("".join(f"{server.url(f'/{n}')}\n" for n in range(300)))
        with said.open("wb") as stderr:
            process = await asyncio.create_subprocess_exec(
                *("strace", *inject, "-e", "inject=fdatasync:error=EIO:when=4..5"),
                *(*fetchdeck, "run", str(urls), "--headless", "--run", str(tmp_path / "x.run")),
                *("--concurrency", "4", "--retries", "0"),
                stderr=stderr,
            )
            assert await process.wait() == 0
    assert "the journal cannot be written (disk I/O error)" in said.read_text()
    assert "The journal can be written again" in said.read_text()
    assert {server.ledger.count(f"/{n}") for n in range(300)} == {1}
