"""Changes of very many requests are made in steps that lose nothing wherever a run is killed between them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fetchdeck.core.journal import reader
from fetchdeck.core.journal.by_hand import Span, spans
from fetchdeck.core.journal.entries import Accepted, Ended
from fetchdeck.core.journal.filter import RowFilter
from fetchdeck.core.journal.folder import RunFolder
from fetchdeck.core.journal.store import Store
from fetchdeck.core.model import FailureKind, State

REQUESTS = 60


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    made = RunFolder.at(tmp_path / "many.run")
    made.create()
    return made


@pytest.fixture
def store(folder: RunFolder) -> Iterator[Store]:
    """A third has succeeded, a third has failed, a third was skipped."""
    with closing(Store(folder)) as made:
        with made.transaction():
            made.accept(
                [
                    Accepted(
                        id=n,
                        state=State.QUEUED,
                        line=n,
                        method="GET",
                        url="http://a/",
                        host="a",
                        row="{}",
                        spec=None,
                        sealed=0,
                    )
                    for n in range(REQUESTS)
                ]
            )
        end(made, lambda n: (State.SUCCEEDED, State.FAILED, State.SKIPPED)[n % 3])
        yield made


def end(store: Store, state_of: Callable[[int], State]) -> None:
    """End all that is queued."""
    with store.transaction():
        store.end(
            [
                Ended(
                    id=one.id,
                    attempt=one.attempt,
                    tries=1,
                    state=state_of(one.id),
                    started=1.0,
                    elapsed_ms=1.0,
                    status=None,
                    kind=FailureKind.TIMEOUT if state_of(one.id) is State.FAILED else None,
                    message=None,
                    reply=None,
                    hops=(),
                    wire_bytes=0,
                )
                for one in store.lease(REQUESTS)
            ]
        )


def parts(folder: RunFolder, step: int) -> list[Span]:
    with closing(sqlite3.connect(folder.journal)) as db:
        return spans(db, step)


@pytest.mark.parametrize("step", [1, 7, 20, 1000])
def test_steps_are_bounded_and_take_in_every_request_once(folder: RunFolder, store: Store, step: int) -> None:
    counts: list[int] = []
    for span in parts(folder, step):
        with store.transaction():
            counts.append(store.requeue(RowFilter(), span=span))
    assert max(counts) <= 2 * step
    assert sum(counts) == store.counts.queued == 2 * REQUESTS // 3
    with closing(reader.connect(folder.journal)) as db:
        assert reader.counts(db) == store.counts
        assert not reader.causes(db)


def test_what_fails_again_between_two_steps_is_not_queued_again_by_the_next(
    folder: RunFolder, store: Store
) -> None:
    total = 0
    for span in parts(folder, 5):
        with store.transaction():
            total += store.requeue(RowFilter(states=frozenset({State.FAILED})), span=span)
        end(store, lambda _: State.FAILED)
    assert total == REQUESTS // 3
    assert store.counts.failed == REQUESTS // 3


def test_a_kill_between_two_steps_leaves_every_request_in_one_state(folder: RunFolder, store: Store) -> None:
    first, *rest = parts(folder, 5)
    assert rest
    with store.transaction():
        skipped = store.skip_failed(RowFilter(), first)
    # As a kill does: nothing is said to the journal any more.
    with closing(Store(folder)) as again:
        again.recover()
        assert 0 < skipped < REQUESTS // 3
        assert again.counts.skipped == REQUESTS // 3 + skipped
        assert again.counts.failed == REQUESTS // 3 - skipped
        with closing(reader.connect(folder.journal)) as db:
            (cause,) = reader.causes(db)
            assert cause.count == again.counts.failed
            sample = db.execute("SELECT state FROM requests WHERE id = ?", (cause.sample,)).fetchone()
            assert sample == (State.FAILED,)


def test_nothing_that_failed_needs_no_step(folder: RunFolder) -> None:
    with closing(Store(folder)) as store, store.transaction():
        assert store.spans() == []


def test_a_cause_whose_failures_were_all_skipped_gets_its_next_failure_as_its_sample(
    folder: RunFolder, store: Store
) -> None:
    with store.transaction():
        store.skip_failed(RowFilter())
    with store.transaction():
        assert store.requeue(RowFilter(), [2]) == 1
    end(store, lambda _: State.FAILED)
    with closing(reader.connect(folder.journal)) as db:
        (cause,) = reader.causes(db)
    assert (cause.count, cause.sample) == (1, 2)
