from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from fetchdeck.core.errors import RunError
from fetchdeck.core.journal.folder import RunFolder
from fetchdeck.core.journal.lock import RunLock
from fetchdeck.core.model import FailureKind, State
from fetchdeck.core.report import run_status
from fetchdeck.core.snapshot import RunState

from ..support.journal_factory import Made, make_journal

TIMEOUT = Made(State.FAILED, kind=FailureKind.TIMEOUT, message="no reply after 60 s")
NOT_FOUND = Made(State.FAILED, kind=FailureKind.HTTP_STATUS, status=404, message="HTTP 404")
MIXED = [
    *[Made(status=200, size=10)] * 4,
    *[NOT_FOUND] * 2,
    TIMEOUT,
    *[Made(State.IN_FLIGHT)] * 5,
    *[Made(State.QUEUED)] * 3,
    Made(State.WAITING),
    Made(State.SKIPPED),
    *[Made(State.INVALID)] * 2,
]


def journal(tmp_path: Path, rows: list[Made], **meta: object) -> Path:
    path = make_journal(tmp_path / "a.run" / "journal.sqlite", rows)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO sessions VALUES (1, 1, 100.0, 3.0, NULL), (2, 2, 200.0, 4.0, NULL)")
        db.executemany("INSERT INTO meta VALUES (?, ?)", ((k, json.dumps(v)) for k, v in meta.items()))
    return path.parent


@contextmanager
def owned(folder: Path) -> Iterator[None]:
    lock = RunLock(RunFolder(folder))
    try:
        yield
    finally:
        lock.release()


def live(**more: object) -> dict[str, object]:
    told = {"at": 201.0, "state": "running", "under_way": 3, "concurrency": 500, "rate_per_s": 1480.5}
    return {**told, "elapsed_s": 7.0, **more}


def test_the_object_of_status_json_is_the_designs(tmp_path: Path) -> None:
    folder = journal(tmp_path, MIXED, live=live())
    with owned(folder):
        found = json.loads(run_status(folder).json())
    counts = {
        "queued": 5,
        "in_flight": 3,
        "waiting": 1,
        "succeeded": 4,
        "failed": 3,
        "skipped": 1,
        "invalid": 2,
    }
    assert found == {
        "run": str(folder),
        "state": "running",
        "reason": "",
        "total": 19,
        **counts,
        "bytes": 40,
        "elapsed_s": 7.0,
        "rate_per_s": 1480.5,
        "concurrency": 500,
        "failures": [
            {
                "signature": "http_status: HTTP 404",
                "kind": "http_status",
                "count": 2,
                "cause": 1,
                "status": 404,
                "first_at": "2023-11-14T22:13:20.000Z",
                "last_at": "2023-11-14T22:13:21.000Z",
                "sample": 4,
            },
            {
                "signature": "timeout: no reply after 60 s",
                "kind": "timeout",
                "count": 1,
                "cause": 2,
                "status": None,
                "first_at": "2023-11-14T22:13:20.000Z",
                "last_at": "2023-11-14T22:13:20.000Z",
                "sample": 6,
            },
        ],
    }
    assert list(found)[:3] == ["run", "state", "reason"]
    assert sum(counts.values()) == found["total"]


@pytest.mark.parametrize("under_way", [0, 3, 5, 99])
def test_counts_sum_to_the_total_whatever_was_told(tmp_path: Path, under_way: int) -> None:
    folder = journal(tmp_path, MIXED, live=live(under_way=under_way))
    with owned(folder):
        found = run_status(folder).counts
    assert found.total == len(MIXED)
    assert found.in_flight == min(under_way, 5)


@pytest.mark.parametrize("state", ["running", "paused", "draining"])
def test_a_run_that_is_owned_says_what_it_does(tmp_path: Path, state: str) -> None:
    folder = journal(tmp_path, MIXED, live=live(state=state))
    with owned(folder):
        assert run_status(folder).state == state


def test_why_a_run_waits_is_told_while_it_is_owned(tmp_path: Path) -> None:
    folder = journal(tmp_path, MIXED, live=live(state="paused", reason="the quota of 5 is spent"))
    with owned(folder):
        assert run_status(folder).reason == "the quota of 5 is spent"
    assert run_status(folder).reason == ""


@pytest.mark.parametrize(("session", "reason"), [(2, "the server answered 404"), (1, "")])
def test_only_what_stopped_the_latest_session_is_told(tmp_path: Path, session: int, reason: str) -> None:
    folder = journal(tmp_path, MIXED, stopped={"session": session, "reason": "the server answered 404"})
    assert run_status(folder).reason == reason


def test_what_an_earlier_session_told_is_not_taken_for_this_ones(tmp_path: Path) -> None:
    folder = journal(tmp_path, MIXED, live=live(at=199.0, state="draining"))
    with owned(folder):
        found = run_status(folder)
    assert (found.state, found.rate_per_s, found.counts.in_flight) == (RunState.RUNNING, 0.0, 5)


def test_a_run_nobody_owns_is_interrupted_as_journalled(tmp_path: Path) -> None:
    found = run_status(journal(tmp_path, MIXED, live=live(), ingest={"rows": 19, "done": True}))
    assert (found.state, found.counts.in_flight, found.counts.waiting) == (RunState.INTERRUPTED, 5, 1)
    assert found.rate_per_s == pytest.approx(10 / 7)


@pytest.mark.parametrize(
    ("ingest", "state"),
    [
        ({"rows": 3, "done": True}, RunState.FINISHED),
        ({"rows": 3, "done": False}, RunState.INTERRUPTED),
        (None, RunState.INTERRUPTED),
    ],
)
def test_finished_means_that_the_whole_input_was_read(
    tmp_path: Path, ingest: dict[str, object] | None, state: RunState
) -> None:
    meta = {"ingest": ingest} if ingest else {}
    assert run_status(journal(tmp_path, [Made(), Made(), NOT_FOUND], **meta)).state is state


def test_no_run_or_a_damaged_one_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="There is no run in"):
        run_status(tmp_path)
    folder = journal(tmp_path, [], live=live())
    with closing(sqlite3.connect(folder / "journal.sqlite")) as db, db:
        db.execute("UPDATE meta SET value = '{' WHERE key = 'live'")
    with pytest.raises(RunError, match=r"is damaged .* 'fetchdeck salvage"):
        run_status(folder)


def test_a_journal_without_tables_is_a_run_that_is_only_being_made(tmp_path: Path) -> None:
    folder = tmp_path / "x.run"
    folder.mkdir()
    (folder / "journal.sqlite").touch()
    lock = RunLock(RunFolder(folder))
    with pytest.raises(RunError, match="only just being made"):
        run_status(folder)
    lock.release()
