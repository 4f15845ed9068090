from __future__ import annotations

import shutil
import sqlite3
import stat
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from fetchdeck.core.errors import RunBusyError, RunError
from fetchdeck.core.journal import reader
from fetchdeck.core.journal.entries import Accepted, Ended
from fetchdeck.core.journal.filter import RowFilter
from fetchdeck.core.journal.folder import RunFolder, body_name
from fetchdeck.core.journal.lock import RunLock, is_owned
from fetchdeck.core.journal.store import Store
from fetchdeck.core.journal.writer import Batch, Change
from fetchdeck.core.model import BodyFile, Counts, FailureKind, Reply, State
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule


def accepted(number: int, state: State = State.QUEUED) -> Accepted:
    message = "bad" if state is State.INVALID else None
    return Accepted(number, state, number + 1, "GET", f"http://h/{number}", "h", "{}", None, 0, message)


def ended(
    request: int, attempt: int, state: State, *, body: bytes | BodyFile = b"x", status: int = 200
) -> Ended:
    ok = state is State.SUCCEEDED
    kind = None if ok else FailureKind.HTTP_STATUS
    reply = Reply(status, b"A: b", body, 1, 0.01, "http://h/")
    return Ended(
        request,
        attempt,
        attempt,
        state,
        1.0,
        5.0,
        status,
        kind,
        None if ok else f"HTTP {status}",
        reply,
        (),
        1,
    )


def commit(
    store: Store, *changes: Change, rows: list[Accepted] | None = None, done: list[Ended] | None = None
) -> list[object]:
    return Batch(accepted=rows or [], ended=done or [], changes=list(changes)).apply(store)


class StoreMachine(RuleBasedStateMachine):
    """Whatever the engine does in whatever order, also after a kill, the counters are what a scan would find."""

    def __init__(self) -> None:
        super().__init__()
        self.path = Path(tempfile.mkdtemp())
        self.store = Store(RunFolder(self.path))
        self.next_row = 0
        self.flying: dict[int, int] = {}
        self.waiting: dict[int, int] = {}

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.path)

    @rule(states=st.lists(st.sampled_from([State.QUEUED, State.QUEUED, State.INVALID]), max_size=6))
    def accept(self, states: list[State]) -> None:
        rows = [accepted(self.next_row + offset, state) for offset, state in enumerate(states)]
        self.next_row += len(rows)
        commit(self.store, rows=rows)

    @rule(count=st.integers(1, 5))
    def lease(self, count: int) -> None:
        (leased,) = commit(self.store, Change(lambda store: store.lease(count)))
        assert isinstance(leased, list)
        assert [one.id for one in leased] == sorted(one.id for one in leased)
        for one in leased:
            assert one.id not in self.flying
            self.flying[one.id] = one.attempt

    @rule(
        data=st.data(),
        states=st.lists(st.sampled_from([State.SUCCEEDED, State.FAILED, State.WAITING]), max_size=5),
    )
    def end(self, data: st.DataObject, states: list[State]) -> None:
        done: list[Ended] = []
        for state in states[: len(self.flying)]:
            request = data.draw(st.sampled_from(sorted(self.flying)))
            attempt = self.flying.pop(request)
            done.append(
                ended(request, attempt, state, status=200 if state is State.SUCCEEDED else 500 + request % 3)
            )
            if state is State.WAITING:
                self.waiting[request] = attempt
        commit(self.store, done=done)

    @rule()
    def lease_again(self) -> None:
        (leased,) = commit(self.store, Change(lambda store: store.lease_again(list(self.waiting))))
        assert isinstance(leased, tuple)
        assert leased[0] == set(self.waiting)
        self.flying.update({request: attempt + 1 for request, attempt in self.waiting.items()})
        self.waiting.clear()

    @rule(data=st.data())
    def skip(self, data: st.DataObject) -> None:
        ids = data.draw(st.lists(st.integers(0, self.next_row + 1), max_size=4, unique=True))
        (leased,) = commit(self.store, Change(lambda store: store.skip(ids)))
        assert isinstance(leased, tuple)
        assert leased[0] == set(ids) & set(self.flying)
        for request in ids:
            self.flying.pop(request, None)
            self.waiting.pop(request, None)

    @rule(data=st.data(), everything=st.booleans())
    def requeue(self, data: st.DataObject, everything: bool) -> None:
        ids = (
            None
            if everything
            else data.draw(st.lists(st.integers(0, self.next_row + 1), max_size=4, unique=True))
        )
        commit(self.store, Change(lambda store: store.requeue(RowFilter(), ids)))

    @rule(causes=st.frozensets(st.integers(1, 3), max_size=2))
    def skip_failed(self, causes: frozenset[int]) -> None:
        before = self.store.counts
        (count,) = commit(self.store, Change(lambda store: store.skip_failed(RowFilter(causes=causes))))
        assert isinstance(count, int)
        assert self.store.counts.failed == before.failed - count
        assert self.store.counts.skipped == before.skipped + count
        assert count == before.failed or causes

    @rule()
    def leave(self) -> None:
        commit(self.store, Change(Store.give_back_all))
        self.flying.clear()

    @rule()
    def die_and_start_again(self) -> None:
        self.store.close()
        self.store = Store(RunFolder(self.path))
        self.store.recover()
        assert self.store.counts.in_flight == self.store.counts.waiting == 0
        self.flying.clear()
        self.waiting.clear()

    @invariant()
    def counters_are_what_a_scan_finds(self) -> None:
        with closing(reader.connect(self.path / "journal.sqlite")) as db:
            found = dict(db.execute("SELECT state, count(*) FROM requests GROUP BY state"))
            assert Counts(**{state.label: found.get(state, 0) for state in State}) == self.store.counts
            assert self.store.counts.total == self.next_row
            known = reader.causes(db)
            causes = {cause.id: cause.count for cause in known}
            scanned = (
                "SELECT cause, count(*) FROM requests WHERE state = 4 AND cause IS NOT NULL GROUP BY cause"
            )
            assert causes == dict(db.execute(scanned))
            samples = "SELECT 1 FROM requests WHERE id = ? AND cause = ? AND state = 4"
            assert all(db.execute(samples, (cause.sample, cause.id)).fetchone() for cause in known)
            assert all(sum(n for _, n in cause.trend.minutes) >= cause.count for cause in known)
            orders = [row[0] for row in db.execute("SELECT ended FROM requests WHERE state >= 3")]
            assert None not in orders
            assert len(set(orders)) == len(orders)


TestStore = StoreMachine.TestCase
TestStore.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "x.run")
    folder.create()
    return folder


def test_the_folder_and_its_files_are_private(folder: RunFolder) -> None:
    with closing(Store(folder)):
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.path.iterdir()}
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert set(modes.values()) == {0o600}
    assert "journal.sqlite-wal" in modes


def test_a_failed_commit_changes_nothing(folder: RunFolder) -> None:
    with closing(Store(folder)) as store:
        commit(store, rows=[accepted(0)])

        def fail(_: Store) -> None:
            raise sqlite3.OperationalError("disk full")

        with pytest.raises(sqlite3.OperationalError):
            commit(store, Change(lambda store: store.lease(1)), Change(fail), rows=[accepted(1)])
        assert store.counts == Counts(queued=1)
        commit(store, rows=[accepted(1)])
        assert store.counts == Counts(queued=2)


def test_after_a_kill_a_request_that_cannot_be_repeated_is_failed_and_others_are_queued(
    folder: RunFolder,
) -> None:
    with closing(Store(folder)) as store:
        commit(store, rows=[accepted(number) for number in range(3)])
        commit(store, Change(lambda store: store.lease(2)), Change(lambda store: store.mark_sent([1])))
    with closing(Store(folder)) as store:
        store.recover()
        assert store.counts == Counts(queued=2, failed=1)
    with closing(reader.connect(folder.journal)) as db:
        assert [one.kind for one in reader.attempts(db, 0)] == [FailureKind.INTERRUPTED]
        assert [one.kind for one in reader.attempts(db, 1)] == [FailureKind.OUTCOME_UNKNOWN]
        assert reader.attempts(db, 2) == ()


def test_a_body_file_that_a_later_attempt_replaces_is_deleted_after_the_commit(folder: RunFolder) -> None:
    def body(attempt: int) -> BodyFile:
        file = folder.bodies / f"{body_name(0, attempt)}.body"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"large")
        return BodyFile(file, 5)

    with closing(Store(folder)) as store:
        commit(store, Change(lambda store: store.lease(1)), rows=[accepted(0)])
        first, second = body(1), body(2)
        commit(store, done=[ended(0, 1, State.WAITING, body=first, status=500)])
        commit(store, Change(lambda store: store.lease_again([0])))
        assert first.path.exists()
        commit(store, done=[ended(0, 2, State.SUCCEEDED, body=second)])
        assert not first.path.exists()
        assert second.path.exists()


def test_after_a_kill_no_body_file_is_left_that_no_row_names(folder: RunFolder) -> None:
    with closing(Store(folder)) as store:
        commit(store, rows=[accepted(number) for number in range(3)])
        commit(store, Change(lambda store: store.lease(2)))
        kept = folder.bodies / f"{body_name(0, 1)}.body"
        kept.parent.mkdir(parents=True)
        for file in (
            kept,
            kept.with_name("1-1.part"),
            kept.with_name("1-1.body"),
            kept.with_name("7-1.body"),
        ):
            file.write_bytes(b"large")
        commit(store, done=[ended(0, 1, State.SUCCEEDED, body=BodyFile(kept, 5))])
    with closing(Store(folder)) as store:
        store.recover()
    assert [file.name for file in kept.parent.iterdir()] == ["0-1.body"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"not a database, but long enough to be taken for one" * 40, "damaged or no fetchdeck journal"),
        ("newer", "newer fetchdeck"),
        ("foreign", "no fetchdeck journal"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_and_left_as_it_is(
    folder: RunFolder, content: bytes | str, said: str
) -> None:
    if isinstance(content, bytes):
        folder.journal.write_bytes(content)
    elif content == "newer":
        Store(folder).close()
        with closing(sqlite3.connect(folder.journal)) as db:
            db.execute("PRAGMA user_version = 99")
    else:
        with closing(sqlite3.connect(folder.journal)) as db:
            db.execute("CREATE TABLE theirs(a)")
    before = folder.journal.read_bytes()
    with pytest.raises(RunError, match=said):
        reader.connect(folder.journal)
    with pytest.raises(RunError):
        Store(folder)
    assert folder.journal.read_bytes() == before


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM requests WHERE state = 0 AND state < 3 AND id < 9 ORDER BY id LIMIT 5",
        "UPDATE requests SET state = 0, attempts = attempts - 1 WHERE state = 1 AND state < 3",
        "UPDATE requests SET state = 0 WHERE state = 2 AND state < 3",
        "SELECT id, attempts, tries, sent FROM requests WHERE state = 1 AND state < 3",
        "SELECT id, state, cause FROM requests WHERE state IN (4, 5) AND state >= 3 AND 1",
    ],
)
def test_no_statement_scans_the_requests(folder: RunFolder, sql: str) -> None:
    """At the end of a million rows a scan for each lease would cost more than the requests themselves."""
    ran: list[str] = []
    with closing(Store(folder)) as store:
        store._db.set_trace_callback(ran.append)
        commit(store, Change(lambda store: store.lease(5)), Change(Store.give_back_all))
        commit(store, Change(lambda store: store.requeue(RowFilter())))
        store.recover()
        plan = " ".join(row[3] for row in store._db.execute(f"EXPLAIN QUERY PLAN {sql}"))
    assert "USING INDEX" in plan or "USING COVERING INDEX" in plan
    assert "SCAN" not in plan
    condition = sql[sql.index("WHERE") :].partition(" AND id")[0].removesuffix(" AND 1")
    assert any(condition in statement for statement in ran), "the statement is not what the store runs"


def test_one_process_owns_a_run(folder: RunFolder) -> None:
    assert not is_owned(folder.path)
    lock = RunLock(folder)
    assert is_owned(folder.path)
    with pytest.raises(RunBusyError, match="being worked on by process"):
        RunLock(folder)
    lock.release()
    assert not is_owned(folder.path)
    RunLock(folder).release()


def test_a_body_path_that_leads_out_of_the_folder_is_nobodys_body(tmp_path: Path) -> None:
    folder = RunFolder.at(tmp_path / "x.run")
    assert folder.body("bodies/00000/1-1.body") == folder.bodies / "00000" / "1-1.body"
    for stored in ("../elsewhere", "bodies/../../elsewhere", "/elsewhere", "journal.sqlite"):
        assert folder.body(stored) is None
