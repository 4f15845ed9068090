"""Going on with a salvaged run: every row ends once, and what was saved is not fetched again."""

from __future__ import annotations

import io
import random
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import pytest
from fetchdeck.core.engine.run import open_run, stored_job
from fetchdeck.core.errors import InputError, RunError
from fetchdeck.core.export import export_run
from fetchdeck.core.job import InputFormat, Job, Templates
from fetchdeck.core.journal.entries import LOST_MESSAGE
from fetchdeck.core.journal.salvage.rescue import Salvaged, salvage
from fetchdeck.core.model import Counts, State

from tests.core.test_engine import FAST, run_all
from tests.support.damaged_runs import PAGE
from tests.support.ledger import Ledger, ledger_server

ROWS = 520


@pytest.fixture
async def server() -> AsyncIterator[Ledger]:
    async with ledger_server() as ledger:
        yield ledger


def urls(server: Ledger) -> str:
    return "".join(f"{server.url}/ok/{number}\n" for number in range(ROWS))


def write(tmp_path: Path, server: Ledger) -> Job:
    path = tmp_path / "urls.txt"
    path.write_text(urls(server))
    return Job(str(path))


def break_pages(folder: Path, table: str, *, share: float, seed: int = 1) -> None:
    """Zero this share of the pages of a table's tree, leaves and others."""
    journal = folder / "journal.sqlite"
    with closing(sqlite3.connect(journal)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        root = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
    data = journal.read_bytes()
    first = (root - 1) * PAGE
    inner = data[first] == 5
    pointers = [int.from_bytes(data[first + 12 + 2 * n : first + 14 + 2 * n], "big") for n in range(
        int.from_bytes(data[first + 3 : first + 5], "big"))] if inner else []  # fmt: skip
    leaves = [int.from_bytes(data[first + at : first + at + 4], "big") for at in pointers]
    leaves = [*leaves, int.from_bytes(data[first + 8 : first + 12], "big")] if inner else [root]
    with journal.open("r+b") as file:
        for page in random.Random(seed).sample(leaves, max(1, int(len(leaves) * share))):
            file.seek((page - 1) * PAGE)
            file.write(bytes(PAGE))


def succeeded(folder: Path) -> set[int]:
    with closing(sqlite3.connect(folder / "journal.sqlite")) as db:
        return {row[0] for row in db.execute("SELECT id FROM requests WHERE state = 3")}


def check_whole(folder: Path, server: Ledger, before: set[int]) -> None:
    """Each row succeeded with its own body, and those of `before` were not asked for again."""
    assert succeeded(folder) == set(range(ROWS))
    assert {number for number in range(ROWS) if server.seen[f"/ok/{number}"] == 1} == before
    with closing(sqlite3.connect(folder / "journal.sqlite")) as db:
        bodies = dict(db.execute("SELECT request, body FROM responses"))
        assert bodies == {number: f"/ok/{number}".encode() for number in range(ROWS)}
        ended = [row[0] for row in db.execute("SELECT ended FROM requests")]
        assert len(set(ended)) == ROWS


async def salvaged_run(
    server: Ledger, tmp_path: Path, table: str, share: float
) -> tuple[Job, Path, Salvaged]:
    job = write(tmp_path, server)
    await run_all(job, tmp_path / "x.run")
    break_pages(tmp_path / "x.run", table, share=share)
    new = tmp_path / "new.run"
    return job, new, salvage(tmp_path / "x.run", new)


@pytest.mark.parametrize(("table", "share"), [("requests", 0.3), ("responses", 0.5), ("requests", 1.0)])
async def test_resuming_fetches_what_was_lost_and_nothing_else(
    server: Ledger, tmp_path: Path, table: str, share: float
) -> None:
    _, new, found = await salvaged_run(server, tmp_path, table, share)
    before = succeeded(new)
    assert found.missing + found.refetched == ROWS - len(before) > 0
    again, options = stored_job(new)
    assert (await run_all(again, new, options)).counts == Counts(succeeded=ROWS)
    check_whole(new, server, before)
    assert await export_run(new, tmp_path / "out.jsonl") == ROWS


async def test_filling_the_gaps_may_itself_be_interrupted(server: Ledger, tmp_path: Path) -> None:
    job, new, _ = await salvaged_run(server, tmp_path, "requests", 0.5)
    before = succeeded(new)
    for _ in range(3):
        async with open_run(job, FAST, new, environ={}) as engine:
            engine.drain()
            await engine.finished()
    assert (await run_all(job, new)).counts == Counts(succeeded=ROWS)
    check_whole(new, server, before)


async def test_without_its_job_the_first_command_goes_on(server: Ledger, tmp_path: Path) -> None:
    job, new, found = await salvaged_run(server, tmp_path, "meta", 1.0)
    assert not found.job
    before = succeeded(new)
    assert len(before) == ROWS
    with pytest.raises(RunError, match=r"was salvaged, but its input .* first command again with --run"):
        stored_job(new)
    other = Job(job.input, Templates(url="{{ url | safe }}?other"))
    with pytest.raises(RunError, match="is another one: line 1 of the input became"):
        await run_all(other, new)
    assert await export_run(new, tmp_path / "out.jsonl") == ROWS
    assert (await run_all(job, new)).counts == Counts(succeeded=ROWS)
    check_whole(new, server, before)


async def run_pipe(text: str, folder: Path) -> Counts:
    piped: BinaryIO = io.BytesIO(text.encode())
    job = Job("-", format=InputFormat.TXT)
    async with open_run(job, FAST, folder, environ={}, stdin=piped) as engine:
        await engine.finished()
        return engine.snapshot().counts


async def test_a_pipe_fills_the_gaps_when_it_is_the_same_and_is_refused_otherwise(
    server: Ledger, tmp_path: Path
) -> None:
    await run_pipe(urls(server), tmp_path / "x.run")
    break_pages(tmp_path / "x.run", "requests", share=0.4)
    salvage(tmp_path / "x.run", tmp_path / "new.run")
    before = succeeded(tmp_path / "new.run")
    shutil.copytree(tmp_path / "new.run", tmp_path / "other.run")
    assert await run_pipe(urls(server), tmp_path / "new.run") == Counts(succeeded=ROWS)
    check_whole(tmp_path / "new.run", server, before)
    changed = urls(server).replace(f"/ok/{ROWS - 1}\n", "/ok/else\n")
    with pytest.raises((RunError, InputError), match="Standard input is not the one"):
        await run_pipe(changed, tmp_path / "other.run")


async def test_a_post_whose_record_is_lost_is_not_sent_again(server: Ledger, tmp_path: Path) -> None:
    job = Job(write(tmp_path, server).input, Templates(method="POST"))
    await run_all(job, tmp_path / "x.run")
    break_pages(tmp_path / "x.run", "requests", share=0.4)
    break_pages(tmp_path / "x.run", "responses", share=0.3, seed=2)
    new = tmp_path / "new.run"
    found = salvage(tmp_path / "x.run", new)
    assert found.unknown
    before = succeeded(new)
    counts = (await run_all(job, new)).counts
    assert counts == Counts(succeeded=len(before), failed=ROWS - len(before))
    assert set(server.seen.values()) == {1}
    with closing(sqlite3.connect(new / "journal.sqlite")) as db:
        told = db.execute("SELECT DISTINCT kind, message FROM requests WHERE state = ?", (State.FAILED,))
        assert told.fetchall() == [("outcome_unknown", LOST_MESSAGE)]
        assert db.execute("SELECT sum(n) FROM causes").fetchone()[0] == counts.failed
