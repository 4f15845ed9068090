"""Runs whose journals are broken on purpose, and the truth to compare with what is salvaged of them."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fetchdeck.core.journal.entries import LOST_MESSAGE, Accepted, Ended, Noted
from fetchdeck.core.journal.folder import RunFolder, body_name
from fetchdeck.core.journal.schema import PAGE_SIZE
from fetchdeck.core.journal.store import Store
from fetchdeck.core.model import BodyFile, FailureKind, Hop, Reply, State

PAGE = PAGE_SIZE
ROWS = 300
TABLES = {"requests": 1, "responses": 1, "attempts": 2, "sessions": 1, "events": 1}
"""Tables that are copied row by row, and the number of columns of their keys."""
Row = tuple[Any, ...]
JOB = {
    "input": "-", "identity": "first row 0", "format": None, "sealed": [], "options": {},
    "templates": {"url": None, "method": None, "headers": [], "data": None, "json": None},
}  # fmt: skip


@dataclass(slots=True)
class Truth:
    """Every version that each row has ever had in a committed state of the journal."""

    rows: dict[tuple[str, Row], set[Row]] = field(default_factory=lambda: defaultdict(set))
    bodies: dict[str, bytes] = field(default_factory=dict)

    def note(self, journal: Path) -> None:
        """Take in what is committed now."""
        for (table, key), row in tables(journal).items():
            self.rows[table, key].add(row)

    def check(self, folder: Path, *, doubtful: bool = False) -> None:
        """Fail unless every row of a salvaged run is one that there was, or is queued again with good reason."""
        found = tables(folder / "journal.sqlite")
        for (table, key), row in found.items():
            if row in self.rows[table, key]:
                continue
            assert table == "requests", f"{table} {key} is invented"
            before = [old for old in self.rows[table, key] if _become(old, row, found, doubtful=doubtful)]
            assert before, f"request {key} is invented: {row}"
        for (table, key), row in found.items():
            if table == "requests" and row[1] == State.SUCCEEDED:
                response = found["responses", key]
                path = response[3]
                assert path is None or (folder / path).read_bytes() == self.bodies[path]
        with closing(sqlite3.connect(folder / "journal.sqlite")) as db:
            counters = dict(db.execute("SELECT name, n FROM counters"))
            states = dict(db.execute("SELECT state, count(*) FROM requests GROUP BY state"))
            assert {s.label: states.get(s, 0) for s in State} == {s.label: counters[s.label] for s in State}
            causes = dict(db.execute("SELECT id, n FROM causes"))
            failed = dict(db.execute("SELECT cause, count(*) FROM requests WHERE state = 4 GROUP BY cause"))
            assert causes == failed
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def _become(old: Row, new: Row, found: dict[tuple[str, Row], Row], *, doubtful: bool) -> bool:
    """Whether the salvage may have made the request `new` of `old`: its response is lost, or its outcome unknown."""
    asked = (0, 2, 4, 6, 7, 8, 9, 10, 11)  # id, attempts, sealed, and what is sent
    answered = ("responses", (old[0],)) in found
    if any(old[n] != new[n] for n in asked) or (answered and not doubtful):
        return False
    if old[1] == State.SUCCEEDED and old[7] == "GET":
        return new[1] == State.QUEUED
    if new[14] == LOST_MESSAGE:
        return new[7] == "POST" and new[1] == State.FAILED
    return old[1] == new[1] and new[15] is None  # its size alone


def tables(journal: Path) -> dict[tuple[str, Row], Row]:
    """All rows by table and key; `cause` is left out, which is counted anew."""
    with closing(sqlite3.connect(journal)) as db:
        return {
            (table, row[:key]): row[:15] + row[16:] if table == "requests" else row
            for table, key in TABLES.items()
            for row in db.execute(f"SELECT * FROM {table}")
        }


def killed_run(
    path: Path, *, checkpointed: bool, rows: int = ROWS, page_size: int = PAGE, body_bytes: int = 150
) -> Truth:
    """A run as `kill -9` leaves it, its journal in the database or, unless `checkpointed`, in the WAL alone."""
    live = RunFolder(path.with_name("live.run"))
    live.create()
    if page_size != PAGE:
        with closing(sqlite3.connect(live.journal)) as db:
            db.execute(f"PRAGMA page_size = {page_size}")
            db.execute("PRAGMA journal_mode = WAL")
    store, truth = Store(live), Truth()
    _work(store, live, truth, rows, body_bytes)
    if checkpointed:
        with closing(sqlite3.connect(live.journal)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copytree(live.path, path, ignore=shutil.ignore_patterns("*-shm"))
    store.close()
    return truth


def _work(store: Store, folder: RunFolder, truth: Truth, rows: int, body_bytes: int) -> None:
    with store.transaction():
        store.set_meta("job", JOB)
        store.begin_session()
    for first in range(0, rows, 100):
        count = min(100, rows - first)
        with store.transaction():
            store.accept([_accepted(number) for number in range(first, first + count)])
            store.set_meta("ingest", {"rows": first + count, "done": first + 100 >= rows, "digest": "d"})
            store.note([Noted(1, 1.5 + n, "governor", f"h {n}→{n + 1}: word {n}") for n in range(count)])
        truth.note(folder.journal)
    for _ in range(rows // 50):
        with store.transaction():
            leased = store.lease(45)
        truth.note(folder.journal)
        with store.transaction():
            store.end([_ended(one.id, one.attempt, folder, truth, body_bytes) for one in leased[:-2]])
        truth.note(folder.journal)


def _accepted(number: int) -> Accepted:
    if number % 41 == 7:
        return Accepted(
            number, State.INVALID, number + 1, "", "", "", "{}", None, 0, f"line {number + 1}: bad"
        )
    method = "POST" if number % 29 == 3 else "GET"
    columns = f'{{"id": {number}, "text": "{"words and more " * (number % 13)}"}}'
    return Accepted(number, State.QUEUED, number + 1, method, f"http://h/{number}", "h", columns, None, 0)


def _ended(number: int, attempt: int, folder: RunFolder, truth: Truth, body_bytes: int) -> Ended:
    if number % 17 == 5:
        text = f"connection reset after {number} bytes"
        return Ended(number, attempt, 1, State.FAILED, 1.5, 2.5, None, FailureKind.RESET, text, None, (), 3)
    if number % 19 == 4:
        reply = Reply(404, b"A: b", b"no", 2, 0.1, "")
        return Ended(
            number, attempt, 1, State.FAILED, 1.5, 2.5, 404, FailureKind.HTTP_STATUS, "HTTP 404", reply, (), 2
        )
    body: bytes | BodyFile = random.Random(number).randbytes(9000 if number % 7 == 0 else body_bytes)
    if number % 53 == 1:
        path = folder.bodies / f"{body_name(number, attempt)}.body"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        truth.bodies[str(path.relative_to(folder.path))] = body
        body = BodyFile(path, len(body))
    hops = (Hop(f"http://h/{number}", 302),) if number % 11 == 2 else ()
    reply = Reply(200, b"A: b\r\nServer: x", body, 2, 0.1, "http://h/there", hops)
    return Ended(number, attempt, 1, State.SUCCEEDED, 1.5, 2.5, 200, None, None, reply, hops, 150)


Damage = Callable[[Path, random.Random], None]
"""Breaks one file; the generator chooses the place."""


def zeroed_pages(path: Path, chance: random.Random) -> None:
    """Whole pages have become zeros."""
    for number in _some(path, chance):
        _write(path, number * PAGE, bytes(PAGE))


def random_pages(path: Path, chance: random.Random) -> None:
    """Whole pages have become noise."""
    for number in _some(path, chance):
        _write(path, number * PAGE, chance.randbytes(PAGE))


def zeroed_sectors(path: Path, chance: random.Random) -> None:
    """Single sectors have become zeros."""
    for number in _some(path, chance):
        _write(path, number * PAGE + 512 * chance.randrange(PAGE // 512), bytes(512))


def misplaced_pages(path: Path, chance: random.Random) -> None:
    """Pages have been written where others belong. Not those inside long values, which nothing tells apart."""
    data = path.read_bytes()
    trees = [at for at in range(PAGE, len(data), PAGE) if data[at] in (2, 5, 10, 13)] or [0]
    for _ in range(chance.randrange(1, 8)):
        place, other = chance.choice(trees), chance.choice(trees)
        _write(path, place, data[other : other + PAGE])


def truncated(path: Path, chance: random.Random) -> None:
    """The end is missing."""
    with path.open("r+b") as file:
        file.truncate(chance.randrange(path.stat().st_size))


def headless(path: Path, chance: random.Random) -> None:
    """The first page is gone, and some other."""
    _write(path, 0, chance.choice([bytes(PAGE), chance.randbytes(PAGE), bytes(100)]))
    zeroed_pages(path, chance)


def flipped_bytes(path: Path, chance: random.Random) -> None:
    """Single bytes are others, which SQLite's format cannot tell inside a value."""
    for _ in range(chance.randrange(1, 40)):
        _write(path, chance.randrange(path.stat().st_size), chance.randbytes(1))


def _some(path: Path, chance: random.Random) -> list[int]:
    pages = max(1, path.stat().st_size // PAGE)
    return [chance.randrange(pages) for _ in range(chance.choice([1, 1, 2, 5, 20]))]


def _write(path: Path, at: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)
