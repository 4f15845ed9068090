"""What is saved of journals that are broken in every place: the truth, nothing else, and without touching them."""

from __future__ import annotations

import errno
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from fetchdeck.core.errors import FetchdeckError, RunError
from fetchdeck.core.journal import schema
from fetchdeck.core.journal.folder import RunFolder
from fetchdeck.core.journal.opening import open_for_writing
from fetchdeck.core.journal.salvage.rescue import Salvaged, salvage
from fetchdeck.core.journal.salvage.tables import (
    ATTEMPTS,
    COUNTERS,
    EDITS,
    EVENTS,
    META,
    REQUESTS,
    RESPONSES,
    SESSIONS,
)
from fetchdeck.core.journal.salvage.wal import read_wal
from fetchdeck.core.journal.store import Store

from tests.support.damaged_runs import (
    PAGE,
    ROWS,
    Damage,
    Truth,
    flipped_bytes,
    headless,
    killed_run,
    misplaced_pages,
    random_pages,
    tables,
    truncated,
    zeroed_pages,
    zeroed_sectors,
)

SEEDS = 5
HONEST = (zeroed_pages, random_pages, zeroed_sectors, misplaced_pages, truncated, headless)
"""Damage that the format lets us tell from data."""


@pytest.fixture(scope="module", params=["database", "wal"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    folder = tmp_path_factory.mktemp("salvage") / "x.run"
    return folder, killed_run(folder, checkpointed=request.param == "database")


def content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def attempt(run: Path, new: Path, truth: Truth | None) -> Salvaged | None:
    """Salvage, and check what must hold whatever comes of it."""
    before = content(run)
    found = None
    with suppress(FetchdeckError):
        found = salvage(run, new)
    assert content(run) == before
    assert new.exists() == (found is not None)
    if found is not None and truth is not None:
        truth.check(new, doubtful=found.doubtful)
    return found


def test_all_of_a_whole_journal_is_saved(run: tuple[Path, Truth], tmp_path: Path) -> None:
    folder, truth = run
    found = attempt(folder, tmp_path / "new.run", truth)
    assert found is not None
    assert (found.requests, found.missing, found.refetched, found.unknown) == (ROWS, 0, 0, 0)
    assert found.job
    assert found.input_read
    copied = tmp_path / "copy.run"
    shutil.copytree(folder, copied)
    assert tables(tmp_path / "new.run" / "journal.sqlite") == tables(copied / "journal.sqlite")
    bodies = {name: data for name, data in content(folder).items() if name.startswith("bodies/")}
    assert bodies
    assert bodies.items() <= content(tmp_path / "new.run").items()
    assert (tmp_path / "new.run").stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "new.run").rglob("*") if file.is_file()} == {
        0o600
    }


@pytest.mark.parametrize("damage", HONEST)
def test_what_is_saved_of_a_broken_journal_is_true(
    run: tuple[Path, Truth], damage: Damage, tmp_path: Path
) -> None:
    folder, truth = run
    saved = 0
    for seed in range(SEEDS):
        broken = tmp_path / f"{seed}.run"
        shutil.copytree(folder, broken)
        wal = broken / "journal.sqlite-wal"
        damage(wal if wal.stat().st_size else broken / "journal.sqlite", random.Random(seed))
        found = attempt(broken, tmp_path / f"{seed}-new.run", truth)
        saved += found.requests if found is not None else 0
    # Of a truncated file half is to be expected, of few lost pages nearly all.
    assert saved > SEEDS * ROWS * 0.35


def test_flipped_bytes_end_in_a_run_or_a_sentence(run: tuple[Path, Truth], tmp_path: Path) -> None:
    folder, _ = run
    for seed in range(SEEDS):
        broken = tmp_path / f"{seed}.run"
        shutil.copytree(folder, broken)
        for file in broken.glob("journal.sqlite*"):
            if file.stat().st_size:
                flipped_bytes(file, random.Random(seed))
        attempt(broken, tmp_path / f"{seed}-new.run", None)


def test_no_single_page_costs_more_than_its_rows(tmp_path: Path) -> None:
    """Roots and inner pages among them: what hangs below one that is gone is found without it."""
    truth = killed_run(tmp_path / "x.run", checkpointed=True)
    journal = tmp_path / "x.run" / "journal.sqlite"
    whole = journal.read_bytes()
    for page in range(11):
        journal.write_bytes(whole[: page * PAGE] + bytes(PAGE) + whole[(page + 1) * PAGE :])
        found = attempt(tmp_path / "x.run", tmp_path / f"{page}.run", truth)
        assert found is not None
        assert found.requests >= ROWS - 40


@pytest.mark.parametrize("page_size", schema.PAGE_SIZES)
@pytest.mark.parametrize("body_bytes", [0, 150, 2500, 7000, 15_000])
@pytest.mark.parametrize("checkpointed", [True, False], ids=["database", "wal"])
def test_pages_are_told_apart_also_where_no_header_says_how_long_they_are(
    tmp_path: Path, page_size: int, body_bytes: int, checkpointed: bool
) -> None:
    """A row with 7,000 bytes has a page of its own and one of overflow: as if a tree's pages were twice as long."""
    truth = killed_run(
        tmp_path / "x.run", checkpointed=checkpointed, page_size=page_size, body_bytes=body_bytes
    )
    journal = tmp_path / "x.run" / "journal.sqlite"
    with closing(sqlite3.connect(tmp_path / "live.run" / "journal.sqlite")) as db:
        assert db.execute("PRAGMA page_size").fetchone() == (page_size,)
    journal.write_bytes(bytes(100) + journal.read_bytes()[100:])
    log = journal.with_name("journal.sqlite-wal")
    if not checkpointed:
        log.write_bytes(bytes(32) + log.read_bytes()[32:])
    found = attempt(tmp_path / "x.run", tmp_path / "new.run", truth)
    assert found is not None
    assert found.requests == ROWS
    with closing(sqlite3.connect(tmp_path / "new.run" / "journal.sqlite")) as db:
        assert db.execute("PRAGMA page_size").fetchone() == (schema.PAGE_SIZE,)


@pytest.mark.parametrize("page_size", schema.PAGE_SIZES)
@pytest.mark.parametrize("place", [0.0, 0.3, 1.0])
def test_what_a_disk_has_lost_of_a_log_is_not_taken_for_the_log(
    tmp_path: Path, page_size: int, place: float
) -> None:
    """40 KB of zeros at its beginning, within it, or at its end; its header is gone, too."""
    killed_run(tmp_path / "x.run", checkpointed=False, page_size=page_size)
    journal = tmp_path / "x.run" / "journal.sqlite"
    log = journal.with_name("journal.sqlite-wal")
    data = bytearray(log.read_bytes())
    at = round(place * len(data))
    data[at : at + 40_960] = bytes(40_960)
    data[:32] = bytes(32)
    log.write_bytes(data)
    journal.write_bytes(bytes(100) + journal.read_bytes()[100:])
    assert read_wal(log, None).page_size == page_size
    found = attempt(tmp_path / "x.run", tmp_path / "new.run", None)
    assert found is not None
    assert found.requests > ROWS * 0.8


def test_a_sector_that_does_not_read_is_no_reason_to_save_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_run(tmp_path / "x.run", checkpointed=True)
    journal = tmp_path / "x.run" / "journal.sqlite"
    journal.write_bytes(bytes(100) + journal.read_bytes()[100:])
    read = os.pread

    def failing(descriptor: int, size: int, offset: int) -> bytes:
        if offset <= 5 * PAGE < offset + size:
            raise OSError(errno.EIO, "Input/output error")
        return read(descriptor, size, offset)

    monkeypatch.setattr(os, "pread", failing)
    found = salvage(tmp_path / "x.run", tmp_path / "new.run")
    assert found.requests > ROWS * 0.8


@pytest.mark.parametrize("page_size", schema.PAGE_SIZES)
def test_a_log_is_written_back_after_as_many_bytes_whatever_its_pages(tmp_path: Path, page_size: int) -> None:
    killed_run(tmp_path / "x.run", checkpointed=True, page_size=page_size)
    with closing(open_for_writing(tmp_path / "x.run" / "journal.sqlite")) as db:
        assert db.execute("PRAGMA wal_autocheckpoint").fetchone()[0] * page_size == 16_384_000


def test_a_journal_of_smaller_pages_is_gone_on_with(tmp_path: Path) -> None:
    killed_run(tmp_path / "x.run", checkpointed=True, page_size=4096)
    folder = RunFolder(tmp_path / "x.run")
    with closing(Store(folder)) as store:
        store.recover()
        with store.transaction():
            assert store.lease(5)
    with closing(sqlite3.connect(folder.journal)) as db:
        assert db.execute("PRAGMA page_size").fetchone() == (4096,)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_the_shapes_are_those_of_the_schema() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        schema.prepare(db, Path(":memory:"))
        for table in (META, COUNTERS, REQUESTS, ATTEMPTS, RESPONSES, SESSIONS, EVENTS, EDITS):
            columns = db.execute(f"PRAGMA table_info({table.name})").fetchall()
            assert table.columns == tuple(column[1] for column in columns)
            assert sum(column[5] > 0 for column in columns) == (table.key or 1)


def test_a_response_without_its_body_is_fetched_again(run: tuple[Path, Truth], tmp_path: Path) -> None:
    folder, truth = run
    broken = tmp_path / "x.run"
    shutil.copytree(folder, broken)
    missing, short, *_ = sorted(broken.glob("bodies/*/*"))
    missing.unlink()
    short.write_bytes(short.read_bytes()[:-1])
    found = attempt(broken, tmp_path / "new.run", truth)
    assert found is not None
    assert found.refetched == 2
    rows = tables(tmp_path / "new.run" / "journal.sqlite")
    for path in (missing, short):
        number = int(path.name.partition("-")[0])
        assert rows["requests", (number,)][1] == 0
        assert ("responses", (number,)) not in rows


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: path.write_bytes(b""), "Nothing of the run"),
        (lambda path: path.write_bytes(random.Random(1).randbytes(50_000)), "Nothing of the run"),
        (lambda path: path.write_bytes(b"SQLite format 3\x00" + bytes(4080)), "Nothing of the run"),
        (lambda path: path.mkdir(), "is missing"),
    ],
)
def test_what_is_no_journal_is_refused_and_leaves_no_folder(
    make: Callable[[Path], object], sentence: str, tmp_path: Path
) -> None:
    (tmp_path / "x.run").mkdir()
    make(tmp_path / "x.run" / "journal.sqlite")
    with pytest.raises(RunError, match=sentence):
        salvage(tmp_path / "x.run", tmp_path / "new.run")
    assert not (tmp_path / "new.run").exists()
