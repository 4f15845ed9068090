"""Whole runs in which faulty rows stand among healthy ones, and what the journal and the server say of each."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from fetchdeck.core.engine.run import open_run
from fetchdeck.core.job import Job, Options, Templates
from fetchdeck.core.journal.reader import attempts, response
from fetchdeck.core.journal.records import AttemptRecord, ResponseRecord
from fetchdeck.core.model import FailureKind, State
from fetchdeck.core.snapshot import RunState
from msgspec import Struct

from .fault_server import FaultServer

QUICK = Options(concurrency=8, retries=1, timeout_s=20)


@dataclass(frozen=True)
class Row:
    """What the journal holds of one request."""

    id: int
    url: str
    state: State
    kind: FailureKind | None
    message: str | None
    status: int | None
    tries: int
    attempts: tuple[AttemptRecord, ...]
    response: ResponseRecord | None

    @property
    def body(self) -> bytes | None:
        """The body that was kept, if it is small."""
        return self.response.body if self.response is not None else None


class Ends(Struct, frozen=True):
    """How a faulty row ends."""

    kind: FailureKind | None = None
    """None: it succeeds."""
    sent: int = 1
    """Attempts that the server saw."""
    status: int | None = None
    body: bytes | None = None
    """What was kept; None where nothing may be."""


def journal_rows(folder: Path) -> list[Row]:
    """All requests of a run, in input order."""
    columns = "id, url, state, kind, message, status, tries"
    with closing(sqlite3.connect(folder / "journal.sqlite")) as db:
        return [
            Row(
                number,
                url,
                State(state),
                FailureKind(kind) if kind else None,
                message,
                status,
                tries,
                attempts(db, number),
                response(db, number),
            )
            for number, url, state, kind, message, status, tries in db.execute(
                f"SELECT {columns} FROM requests ORDER BY id"
            )
        ]


def write_urls(folder: Path, urls: Iterable[str]) -> Path:
    """An input file of a URL a line."""
    path = folder / "urls.txt"
    path.write_text("".join(f"{url}\n" for url in urls), encoding="utf-8")
    return path


async def fetch_all(
    folder: Path, urls: Iterable[str], options: Options = QUICK, templates: Templates | None = None
) -> list[Row]:
    """Run to the end; the folder gets `urls.txt` and `urls.run`."""
    job = Job(str(write_urls(folder, urls)), templates or Templates())
    async with open_run(job, options, folder / "urls.run", environ={}) as engine:
        await engine.finished()
        snapshot = engine.snapshot()
    assert snapshot.state is RunState.FINISHED, snapshot
    assert snapshot.counts.done == snapshot.counts.total
    return journal_rows(folder / "urls.run")


def among_healthy(paths: Iterable[str]) -> list[str]:
    """Each of these paths with a healthy one of its own, `/healthy/N`, on either side."""
    mixed = ["/healthy/0"]
    for number, path in enumerate(paths, start=1):
        mixed += [path, f"/healthy/{number}"]
    return mixed


def check_healthy(server: FaultServer, rows: Iterable[Row]) -> None:
    """Each healthy row was sent once and has its own body, the path; there is at least one."""
    healthy = [row for row in rows if "/healthy/" in row.url]
    assert healthy
    for row in healthy:
        path = row.url.removeprefix(server.origin)
        assert (path, row.state, row.body) == (path, State.SUCCEEDED, path.encode())
        assert (path, server.ledger.count(path), len(row.attempts), row.tries) == (path, 1, 1, 1)
    assert not [row.url for row in healthy if row.response is None or row.response.unverified]


def endings(server: FaultServer, rows: Iterable[Row], paths: Iterable[str]) -> dict[str, Ends]:
    """How the rows of these paths ended, after checking that journal and server agree on what was sent."""
    by_path = {row.url.removeprefix(server.origin): row for row in rows}
    found: dict[str, Ends] = {}
    for path in paths:
        row, sent = by_path[path], server.ledger.count(path)
        assert row.state in (State.SUCCEEDED, State.FAILED), row
        assert (row.state is State.SUCCEEDED) == (row.kind is None), row
        assert (path, len(row.attempts), row.tries) == (path, sent, sent)
        assert row.message or row.state is State.SUCCEEDED
        found[path] = Ends(row.kind, sent, row.status, row.body)
    return found


async def check_run(
    server: FaultServer,
    folder: Path,
    expected: Mapping[str, Ends],
    options: Options = QUICK,
    templates: Templates | None = None,
) -> list[Row]:
    """Run the faulty rows among healthy ones, and hold what came of them against what is expected."""
    rows = await fetch_all(folder, map(server.url, among_healthy(expected)), options, templates)
    check_healthy(server, rows)
    assert endings(server, rows, expected) == dict(expected)
    return rows
