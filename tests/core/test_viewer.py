"""A run that is only looked at: what its journal tells, while nobody works on it and while somebody does."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from fetchdeck.core.errors import RunError
from fetchdeck.core.journal.filter import RowFilter
from fetchdeck.core.journal.folder import RunFolder
from fetchdeck.core.journal.lock import RunLock
from fetchdeck.core.model import EditedRequest, FailureKind, State
from fetchdeck.core.past import EventKind
from fetchdeck.core.snapshot import RunState
from fetchdeck.core.viewing.hosts import HostTallies
from fetchdeck.core.viewing.refusing import ReadOnlyError
from fetchdeck.core.viewing.viewer import Viewer, open_view

from ..support.journal_factory import STARTED, Made, append, make_journal, open_journal, requeue

LIMIT_S = 10.0


def ended(succeeded: int = 8, failed: int = 2) -> list[Made]:
    good = [Made(State.SUCCEEDED, f"http://good.example/{n}", status=200, size=100) for n in range(succeeded)]
    bad = [
        Made(State.FAILED, f"http://bad.example/{n}", status=503, kind=FailureKind.HTTP_STATUS, attempts=5)
        for n in range(failed)
    ]
    return [*good, *bad]


def told(db: sqlite3.Connection, **live: object) -> None:
    """Let the run have told of itself, as its process does once a second."""
    job = {"input": "x.txt", "options": {"auto": True, "rate": 7.0, "cost": "0.5 USD", "retries": 4}}
    with db:
        for key, value in (("ingest", {"done": True}), ("job", job), ("live", live)):
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value)))


def finished(folder: Path, rows: list[Made] | None = None) -> Path:
    path = make_journal(folder / "journal.sqlite", ended() if rows is None else rows)
    with closing(sqlite3.connect(path)) as db:
        told(db, at=STARTED, concurrency=40)
        with db:
            db.execute("INSERT INTO sessions VALUES (1, 4242, ?, 60.0, 'finished')", (STARTED - 1,))
            for n, kind in enumerate(("started", "finished", "of a newer fetchdeck")):
                db.execute(
                    "INSERT INTO events VALUES (?, 1, ?, ?, ?)", (n + 3, STARTED + n, kind, f"It {kind}.")
                )
    return folder


async def until(viewer: Viewer, reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not reached():
            await asyncio.sleep(0.01)


async def test_a_finished_run_is_shown_as_its_journal_has_it(tmp_path: Path) -> None:
    async with open_view(finished(tmp_path / "a.run")) as viewer:
        now = viewer.snapshot()
        assert (now.name, now.state, now.reason) == ("a", RunState.FINISHED, "")
        assert (now.counts.succeeded, now.counts.failed, now.counts.total) == (8, 2, 10)
        assert (now.limit, now.auto, now.rate_limit, now.elapsed_s) == (40, True, 7.0, 60.0)
        assert now.received_bytes == 800
        assert now.read_only
        assert viewer.read_only
        happened = viewer.events_since(0)
        assert [event.seq for event in happened.events] == [0, 1, 2]
        kinds = [event.kind for event in happened.events]
        assert kinds == [EventKind.STARTED, EventKind.FINISHED, EventKind.OPTIONS]
        assert viewer.events_since(happened.next_seq).events == ()


async def test_what_has_ended_is_added_up_by_host_and_second(tmp_path: Path) -> None:
    async with open_view(finished(tmp_path / "a.run")) as viewer:
        await until(viewer, lambda: viewer.snapshot().spending is not None)
        bad, good = viewer.hosts(0, 10)
        assert (bad.host, bad.succeeded, bad.failed, bad.last_failure) == (
            *("bad.example", 0, 10),
            FailureKind.HTTP_STATUS,
        )
        assert (good.host, good.succeeded, good.failed, good.p50_ms) == ("good.example", 8, 0, 333.0)
        assert viewer.hosts(1, 1) == (good,)
        now = viewer.snapshot()
        assert [second.succeeded for second in now.history] == [1] * 8 + [0] * 2
        assert [second.failed for second in now.history] == [0] * 8 + [1] * 2
        assert now.latency is not None
        assert now.latency.p50 == pytest.approx(333, rel=0.03)
        assert now.spending is not None
        assert now.spending.cost == "9.00 USD"


async def test_a_run_under_way_in_another_process_is_followed(tmp_path: Path) -> None:
    folder = finished(tmp_path / "a.run", ended(succeeded=2, failed=0))
    lock = RunLock(RunFolder(folder))
    with closing(open_journal(folder / "journal.sqlite")) as db:
        append(db, [Made(State.IN_FLIGHT, "http://good.example/9?key=***", attempts=2)] * 3)
        told(db, at=STARTED + 9, state="running", under_way=2, concurrency=5, rate_per_s=1.5)
        async with open_view(folder) as viewer:
            now = viewer.snapshot()
            assert (now.state, now.reason) == (RunState.RUNNING, "process 4242 fetches")
            assert (now.in_use, now.counts.in_flight, now.counts.queued) == (2, 2, 1)
            rows = viewer.in_flight(0, 2)
            assert [(row.id, row.attempt, row.url) for row in rows] == [
                (2, 2, "http://good.example/9?key=***"),
                (3, 2, "http://good.example/9?key=***"),
            ]
            assert now.eta is not None
            append(db, ended(succeeded=0, failed=1))
            told(db, at=STARTED + 10, state="paused", reason="The disk is full.", under_way=0, concurrency=5)
            await until(viewer, lambda: viewer.snapshot().counts.failed == 1)
            assert viewer.snapshot().revision > now.revision
            await until(viewer, lambda: viewer.host_count == 2)
            assert (viewer.snapshot().state, viewer.snapshot().reason) == (
                RunState.PAUSED,
                "The disk is full",
            )
            lock.release()
            await until(viewer, lambda: viewer.snapshot().state is RunState.INTERRUPTED)


async def test_requests_that_are_queued_again_are_no_longer_counted(tmp_path: Path) -> None:
    folder = finished(tmp_path / "a.run")
    async with open_view(folder) as viewer:
        await until(viewer, lambda: viewer.host_count == 2)
        with closing(open_journal(folder / "journal.sqlite")) as db:
            requeue(db, [8, 9])
        await until(viewer, lambda: viewer.host_count == 1)
        assert viewer.snapshot().state is RunState.INTERRUPTED


async def test_every_command_is_refused_by_a_sentence(tmp_path: Path) -> None:
    folder = finished(tmp_path / "a.run")
    async with open_view(folder) as viewer:
        commands: list[Callable[[], object]] = [
            viewer.pause,
            viewer.resume,
            lambda: viewer.set_concurrency(3),
            lambda: viewer.set_auto(True),
            lambda: viewer.set_rate(None),
            lambda: viewer.set_rate_per_host(None),
            lambda: viewer.set_credentials((), {}),
            lambda: viewer.retry([1]),
            lambda: viewer.retry_matching(RowFilter()),
            lambda: viewer.cancel([1]),
            lambda: viewer.skip_matching(RowFilter()),
            lambda: viewer.resend(1, EditedRequest("GET", "http://x.example/", (), None)),
        ]
        for command in commands:
            with pytest.raises(ReadOnlyError, match=f"'fetchdeck resume {folder}' goes on with it"):
                command()
        viewer.drain()
        viewer.abandon()
    with closing(sqlite3.connect(folder / "journal.sqlite")) as db:
        assert db.execute("SELECT count(*) FROM requests WHERE state = 0").fetchone() == (0,)


async def test_the_journal_stays_as_it_is(tmp_path: Path) -> None:
    folder = finished(tmp_path / "a.run")
    content = (folder / "journal.sqlite").read_bytes()
    async with open_view(folder) as viewer:
        await until(viewer, lambda: viewer.host_count == 2)
    assert (folder / "journal.sqlite").read_bytes() == content


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda path: path.unlink(), "There is no run in"),
        (
            lambda path: path.write_bytes(b"no database at all, but long enough to be looked into" * 9),
            "is damaged",
        ),
        (lambda path: _version(path, 999), "written by a newer fetchdeck"),
    ],
)
async def test_what_cannot_be_read_is_refused_as_status_refuses_it(
    tmp_path: Path, damage: Callable[[Path], object], says: str
) -> None:
    folder = finished(tmp_path / "a.run")
    damage(folder / "journal.sqlite")
    with pytest.raises(RunError, match=says):
        async with open_view(folder):
            pass


async def test_a_journal_that_is_replaced_is_told(tmp_path: Path) -> None:
    folder, other = finished(tmp_path / "a.run"), finished(tmp_path / "b.run")
    async with open_view(folder) as viewer:
        (other / "journal.sqlite").replace(folder / "journal.sqlite")
        await until(viewer, lambda: "was replaced by another run" in viewer.snapshot().reason)
        assert viewer.snapshot().counts.total == 10


def test_hosts_beyond_the_most_share_a_row() -> None:
    hosts = HostTallies(most=2)
    for name in ("a", "b", "c", "d", "c"):
        hosts.add(name, State.FAILED, 1, "timeout", 5.0)
    assert len(hosts) == 3
    rows = hosts.rows(0, 9, in_flight := Counter(a=3))
    assert [(row.host, row.failed, row.in_flight) for row in rows] == [("a", 1, 3), ("b", 1, 0), ("", 3, 0)]
    assert hosts.rows(2, 1, in_flight)[0].host == ""


def _version(path: Path, number: int) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {number}")
