"""Journals that cannot be gone on with: a sentence that says what to do, and not a byte changed."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest
from fetchdeck.core.engine.run import open_run, stored_job
from fetchdeck.core.errors import RunBusyError, RunError
from fetchdeck.core.export import export_run
from fetchdeck.core.journal.folder import RunFolder
from fetchdeck.core.journal.lock import RunLock
from fetchdeck.core.journal.salvage.rescue import salvage
from fetchdeck.core.model import Counts
from fetchdeck.core.report import run_status

from tests.core.test_engine import FAST, run_all, until, write_urls
from tests.core.test_salvage import content
from tests.support.damaged_runs import PAGE, killed_run
from tests.support.ledger import Ledger, ledger_server


@pytest.fixture
async def server() -> AsyncIterator[Ledger]:
    async with ledger_server() as ledger:
        yield ledger


def noise(path: Path) -> None:
    path.write_bytes(os.urandom(5 * PAGE))


def no_header(path: Path) -> None:
    path.write_bytes(bytes(PAGE) + path.read_bytes()[PAGE:])


def short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: PAGE + 100])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")


def foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE mine(a)")
        db.commit()


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def lose_a_table(path: Path) -> None:
    """What every connection finds from now on, as if a page of the schema had gone bad."""
    with closing(sqlite3.connect(path, timeout=10)) as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_master SET rootpage = 999999 WHERE name = 'attempts'")
        db.execute(f"PRAGMA schema_version = {db.execute('PRAGMA schema_version').fetchone()[0] + 1}")
        db.commit()


SALVAGE = "'fetchdeck salvage .*x.run .*x-salvaged.run'"
DAMAGES: dict[Callable[[Path], None], str] = {
    noise: f"is damaged or no fetchdeck journal .*{SALVAGE}",
    no_header: f"is damaged or no fetchdeck journal .*{SALVAGE}",
    short: f"is damaged .*{SALVAGE}",
    empty: f"is damaged .*{SALVAGE}",
    newer: "written by a newer fetchdeck",
    foreign: "is no fetchdeck journal",
    folder: "is missing",
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_every_command_refuses_and_changes_nothing(
    server: Ledger, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    job = write_urls(tmp_path, [f"{server.url}/ok/{number}" for number in range(40)])
    run = tmp_path / "x.run"
    await run_all(job, run)
    damage(run / "journal.sqlite")
    for file in run.glob("journal.sqlite-*"):
        file.unlink()
    before = content(run)
    for refused in (
        lambda: run_all(job, run),
        lambda: asyncio.to_thread(stored_job, run),
        lambda: asyncio.to_thread(run_status, run),
        lambda: export_run(run, tmp_path / "out.jsonl"),
    ):
        with pytest.raises(RunError, match=DAMAGES[damage]):
            await refused()
    after = content(run)
    assert {name: after[name] for name in before if name != "lock"} == {
        name: data for name, data in before.items() if name != "lock"
    }
    assert not (tmp_path / "out.jsonl").exists()
    assert set(server.seen.values()) == {1}


@pytest.mark.parametrize("broken", [0, 33, 20_000, -5_000])
async def test_a_broken_log_is_refused_rather_than_cut_off(tmp_path: Path, broken: int) -> None:
    """SQLite itself would go back to before the damage without a word."""
    run = tmp_path / "x.run"
    killed_run(run, checkpointed=False)
    run_status(run)
    log = run / "journal.sqlite-wal"
    data = bytearray(log.read_bytes())
    data[broken] ^= 0xFF
    log.write_bytes(data)
    for refused in (lambda: run_status(run), lambda: stored_job(run)):
        with pytest.raises(RunError, match=f"log is broken.*{SALVAGE}"):
            refused()
    assert log.read_bytes() == data
    assert salvage(run, tmp_path / "new.run").doubtful


@pytest.mark.parametrize("damage", [noise, no_header, short, empty])
async def test_fresh_discards_a_damaged_journal_of_ours(
    server: Ledger, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    job = write_urls(tmp_path, [f"{server.url}/ok/1"])
    await run_all(job, tmp_path / "x.run")
    damage(tmp_path / "x.run" / "journal.sqlite")
    async with open_run(job, FAST, tmp_path / "x.run", fresh=True, environ={}) as engine:
        await engine.finished()
        assert engine.snapshot().counts == Counts(succeeded=1)


@pytest.mark.parametrize("damage", [newer, foreign, folder])
async def test_fresh_discards_nothing_else(
    server: Ledger, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    job = write_urls(tmp_path, [f"{server.url}/ok/1"])
    await run_all(job, tmp_path / "x.run")
    damage(tmp_path / "x.run" / "journal.sqlite")
    before = content(tmp_path / "x.run")
    with pytest.raises(RunError):
        async with open_run(job, FAST, tmp_path / "x.run", fresh=True, environ={}):
            pass
    assert content(tmp_path / "x.run").items() >= {n: d for n, d in before.items() if n != "lock"}.items()


async def test_fresh_spares_a_stranger_s_file(tmp_path: Path) -> None:
    job = write_urls(tmp_path, ["http://127.0.0.1:9/"])
    (tmp_path / "x.run").mkdir()
    noise(tmp_path / "x.run" / "journal.sqlite")
    with pytest.raises(RunError, match="--fresh does not discard it"):
        async with open_run(job, FAST, tmp_path / "x.run", fresh=True, environ={}):
            pass
    assert (tmp_path / "x.run" / "journal.sqlite").stat().st_size == 5 * PAGE


async def test_damage_found_on_the_way_ends_the_run_with_a_sentence(server: Ledger, tmp_path: Path) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{number}" for number in range(300)])
    run = tmp_path / "x.run"

    async def broken_on_the_way() -> None:
        async with asyncio.timeout(30), open_run(job, FAST, run, environ={}) as engine:
            await until(engine, lambda snapshot: snapshot.counts.total == 300)
            await server.in_flight(10)
            await asyncio.to_thread(lose_a_table, run / "journal.sqlite")
            server.release()
            await engine.finished()

    with pytest.raises(RunError, match=rf"is damaged .*\. Writing stopped there\. .*{SALVAGE}"):
        await broken_on_the_way()
    assert salvage(run, tmp_path / "new.run").requests == 300


@pytest.mark.parametrize("replaced", [False, True])
async def test_a_run_folder_that_is_removed_under_its_run_ends_it(
    server: Ledger, tmp_path: Path, replaced: bool
) -> None:
    job = write_urls(tmp_path, [f"{server.url}/hold/{number}" for number in range(30)])
    run = tmp_path / "x.run"

    async def removed_on_the_way() -> None:
        async with asyncio.timeout(30), open_run(job, FAST, run, environ={}) as engine:
            await server.in_flight(10)
            shutil.rmtree(run)
            if replaced:
                run.mkdir()
                (run / "journal.sqlite").touch()
            await engine.finished()

    with pytest.raises(RunError, match="was removed or replaced while the run went on"):
        await removed_on_the_way()


async def test_a_run_that_is_worked_on_is_neither_resumed_nor_salvaged(tmp_path: Path) -> None:
    killed_run(tmp_path / "x.run", checkpointed=True, rows=20)
    lock = RunLock(RunFolder(tmp_path / "x.run"))
    try:
        for refused in (
            lambda: RunLock(RunFolder(tmp_path / "x.run")),
            lambda: salvage(tmp_path / "x.run", tmp_path / "n"),
        ):
            with pytest.raises(RunBusyError, match="is being worked on by"):
                refused()
        assert not (tmp_path / "n").exists()
    finally:
        lock.release()
    assert salvage(tmp_path / "x.run", tmp_path / "n").requests == 20


@pytest.mark.parametrize("place", ["x.run", "x.run/new", "full", "full/journal.sqlite"])
def test_the_new_folder_is_new(tmp_path: Path, place: str) -> None:
    killed_run(tmp_path / "x.run", checkpointed=True, rows=20)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "journal.sqlite").write_bytes(b"mine")
    before = content(tmp_path)
    with pytest.raises(RunError, match="Name a new"):
        salvage(tmp_path / "x.run", tmp_path / place)
    assert content(tmp_path) == before


READ_ONLY = """
set -e
mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"
shift
exec "$@"
"""
FETCHDECK = (sys.executable, "-c", "from fetchdeck.tui.cli import main; main()")


def read_only(run: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command that sees the run's folder on a read-only file system."""
    return subprocess.run(
        ["unshare", "-Urm", "sh", "-c", READ_ONLY, "sh", str(run), *FETCHDECK, *arguments],
        cwd=run.parent, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture(scope="module")
def namespaces(tmp_path_factory: pytest.TempPathFactory) -> None:
    place = tmp_path_factory.mktemp("ro")
    command = ["unshare", "-Urm", "sh", "-c", READ_ONLY, "sh", str(place), "true"]
    if (
        shutil.which("unshare") is None
        or subprocess.run(command, capture_output=True, check=False).returncode
    ):
        pytest.skip("user namespaces are not to be had here")


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize("checkpointed", [True, False])
def test_a_read_only_run_is_read_and_not_resumed(tmp_path: Path, checkpointed: bool) -> None:
    run = tmp_path / "x.run"
    killed_run(run, checkpointed=checkpointed, rows=100)
    before = content(run)
    told = read_only(run, "status", "x.run")
    assert told.returncode == 0, told.stderr
    assert "100" in told.stdout
    exported = read_only(run, "export", "x.run", "-o", "-")
    assert exported.returncode == 0, exported.stderr
    assert len(exported.stdout.splitlines()) == 100
    for command in (("resume", "x.run"), ("retry", "x.run"), ("run", "-", "--run", "x.run")):
        refused = read_only(run, *command, "--headless")
        assert refused.returncode == 2, refused.stderr
        assert "Read-only file system" in refused.stderr or "secret" in refused.stderr
        assert "Traceback" not in refused.stderr
    saved = read_only(run, "salvage", "x.run", "new.run")
    assert saved.returncode == 0, saved.stderr
    assert content(run) == before
