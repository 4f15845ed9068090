"""`fetchdeck salvage`: a new run folder with all that still reads of a damaged one."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import RunError
from ...model import State
from ..folder import RunFolder
from ..lock import held_still
from .bodies import copy_body
from .damaged import Damaged
from .pages import open_pages
from .rebuild import Known, NewJournal, ingest_of
from .records import Row
from .tables import ATTEMPTS, COUNTERS, EDITS, EVENTS, HISTORY, META, REQUESTS, RESPONSES, SESSIONS


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What became of a damaged run."""

    requests: int
    responses: int
    attempts: int
    missing: int
    """Requests that the run had, by what still tells, and that are lost; reading the input again brings them back."""
    refetched: int
    """Requests that had succeeded and whose responses are lost: queued again."""
    unknown: int
    """Requests that are not sent again by themselves, and of which nobody knows how they ended."""
    job: bool
    """Whether the run's input and templates read, so that it can be resumed."""
    input_read: bool
    """Whether no row of the input is missing, so that it need not be read again."""
    doubtful: bool
    """Whether the latest commits are lost, so that what was saved may be out of date."""


def salvage(run: Path, new: Path) -> Salvaged:
    """Save what reads of the run in `run` into the folder `new`, which must not exist or be empty.

    `run` is only read. Raises RunBusyError where a living process owns it, and RunError where it is no run of
    ours, where nothing of it reads, or where `new` cannot be used.
    """
    source, target = RunFolder.at(run), RunFolder.at(new)
    if not source.journal.is_file():
        raise RunError(f"There is no run in {run}: {source.journal.name} is missing. Name a run folder.")
    with held_still(source), open_pages(source.journal) as pages:
        damaged = Damaged(pages)
        damaged.refuse_foreign(source.journal)
        with _new_folder(source, target):
            return _rescue(damaged, source, target)


def _rescue(damaged: Damaged, source: RunFolder, target: RunFolder) -> Salvaged:
    meta = {str(key): json.loads(str(value)) for key, value in damaged.rows(META)}
    counters: dict[str, Any] = dict(damaged.rows(COUNTERS))  # pyright: ignore
    journal = NewJournal(target.journal)
    try:
        journal.add(REQUESTS, damaged.rows(REQUESTS))
        responses = journal.add(RESPONSES, _responses(damaged, journal, source, target))
        attempts = journal.add(
            ATTEMPTS, (row for row in damaged.rows(ATTEMPTS) if journal.size_of(_number(row))[0])
        )
        journal.add(EDITS, (row for row in damaged.rows(EDITS) if journal.size_of(_number(row))[0]))
        sessions = list(damaged.rows(SESSIONS))
        journal.add(SESSIONS, sessions)
        journal.add(EVENTS, damaged.rows(EVENTS))
        journal.add(HISTORY, damaged.rows(HISTORY))
        count, following = journal.requests
        if not count and "job" not in meta:
            raise RunError(
                f"Nothing of the run in {source.path} reads. Start it again: 'fetchdeck run INPUT --run OTHER'."
            )
        known = Known(meta, counters, damaged.doubtful or _log_missing(source, sessions))
        ingest = ingest_of(known, count, following)
        doubts = journal.settle(doubtful=known.doubtful)
        journal.count(known)
        for key, value in {
            **meta,
            "ingest": ingest,
            "salvaged": {"from": str(source.path), "at": time.time()},
        }.items():
            journal.tell(key, value)
        journal.finish()
    finally:
        journal.close()
    expected = max(int(str(ingest["rows"])), _total(counters))
    return Salvaged(
        requests=count,
        responses=responses,
        attempts=attempts,
        missing=expected - count,
        refetched=doubts.refetched,
        unknown=doubts.unknown,
        job="job" in meta,
        input_read=bool(ingest["done"]),
        doubtful=known.doubtful,
    )


def _responses(damaged: Damaged, journal: NewJournal, source: RunFolder, target: RunFolder) -> Iterator[Row]:
    """Responses whose requests were saved and agree with them, their body files copied."""
    for row in damaged.rows(RESPONSES):
        _, _, _, body_path, size, *_ = row
        saved, expected = journal.size_of(_number(row))
        if not saved or expected not in (None, size):
            continue
        if body_path is not None:
            path = str(body_path)
            if not copy_body(source.path / path, target.path / path, int(str(size))):
                continue
        yield row


def _log_missing(source: RunFolder, sessions: list[Row]) -> bool:
    """Whether the write-ahead log is gone although a session was killed: what it had committed is lost."""
    log = source.journal.with_name(f"{source.journal.name}-wal")
    return not log.exists() and any(outcome is None for *_, outcome in sessions[-1:])


def _number(row: Row) -> int:
    return int(str(row[0]))


def _total(counters: dict[str, int]) -> int:
    return sum(counters.get(state.label, 0) for state in State)


@contextmanager
def _new_folder(source: RunFolder, target: RunFolder) -> Generator[None]:
    """Make the new folder, private to its owner; what was made in it goes away again on an error."""
    try:
        if target.path.resolve().is_relative_to(source.path.resolve()):
            raise RunError(f"{target.path} is in the damaged run's own folder. Name a new folder elsewhere.")
        existed = target.path.exists()
        if existed and (not target.path.is_dir() or any(target.path.iterdir())):
            raise RunError(f"{target.path} is there already, and not an empty folder. Name a new one.")
        target.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{target.path} cannot be used: {error.strerror}. Name another folder.") from error
    mask = os.umask(0o077)
    try:
        yield
    except BaseException as error:
        with suppress(OSError):
            _empty(target.path) if existed else shutil.rmtree(target.path)
        if isinstance(error, sqlite3.Error):
            raise RunError(
                f"{target.journal} cannot be written ({error}). Make room, or name another folder."
            ) from error
        raise
    finally:
        os.umask(mask)


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
