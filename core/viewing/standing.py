"""How a run stands at one moment, read in one transaction of its journal."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ..job import Options
from ..journal.records import EventRecord
from ..past import EventKind
from ..report import Status, status_of
from ..snapshot import Event
from .flights import Leased, leased

MOST_EVENTS = 1_000
"""Events that are read: the newest ones."""
_KINDS = {kind.value: kind for kind in EventKind}


@dataclass(frozen=True, slots=True)
class Standing:
    """What changes while a run goes on."""

    status: Status
    owner: int | None
    """The process that works on the run; None where none does."""
    leased: tuple[Leased, ...]
    events: tuple[EventRecord, ...]
    """Those that are new since the last reading."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run was told to do, as far as its screens show it."""

    auto: bool
    rate: float | None
    rate_per_host: float | None
    quota: str | None
    cost: str | None
    retries: int


def read_standing(db: sqlite3.Connection, folder: Path, after: int, *, owned: bool) -> Standing:
    """Read all that changes, and the events behind number `after`; raises RunError and sqlite3.Error.

    `owned` tells whether a process works on the run. It is to be asked first: a run that ends meanwhile is then told
    with counts at least as new as its state.
    """
    with reading(db):
        status = status_of(db, str(folder), owned=owned)
        pid = db.execute("SELECT pid FROM sessions ORDER BY n DESC LIMIT 1").fetchone()
        return Standing(
            status,
            pid[0] if owned and pid else None,
            leased(db),
            _events(db, after),
        )


def read_settings(db: sqlite3.Connection) -> Settings:
    """The options that the run was last given; raises sqlite3.Error."""
    found = db.execute("SELECT value FROM meta WHERE key = 'job'").fetchone()
    job = cast("dict[str, Any]", json.loads(found[0])) if found else {}
    given = cast("dict[str, Any]", job.get("options") or {})
    defaults = Options()
    return Settings(
        auto=bool(given.get("auto", defaults.auto)),
        rate=given.get("rate"),
        rate_per_host=given.get("rate_per_host"),
        quota=given.get("quota"),
        cost=given.get("cost"),
        retries=int(given.get("retries", defaults.retries)),
    )


@contextmanager
def reading(db: sqlite3.Connection) -> Generator[None]:
    """Have everything that the block reads be of one moment, and let go of it."""
    db.execute("BEGIN")
    try:
        yield
    finally:
        db.execute("ROLLBACK")


def as_event(record: EventRecord, seq: int) -> Event:
    """An event as the dashboard has it; of a kind that only a newer fetchdeck knows it keeps the text."""
    return Event(seq, record.at, _KINDS.get(record.kind, EventKind.OPTIONS), record.text)


def _events(db: sqlite3.Connection, after: int) -> tuple[EventRecord, ...]:
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'events'").fetchone():
        return ()
    sql = "SELECT id, session, at, kind, text FROM events WHERE id > ? ORDER BY id DESC LIMIT ?"
    return tuple(EventRecord(*row) for row in reversed(db.execute(sql, (after, MOST_EVENTS)).fetchall()))
