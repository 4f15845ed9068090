"""The past of a run: bounded, exact in its sums, the same after another session has read it from the journal."""

from __future__ import annotations

import asyncio
import sqlite3
import tracemalloc
from contextlib import closing
from pathlib import Path

import pytest
from fetchdeck.core.engine.meter import Meter
from fetchdeck.core.engine.recorder import Recorder, remembered
from fetchdeck.core.engine.remembering import Remembered
from fetchdeck.core.engine.run import open_run
from fetchdeck.core.engine.timeline import IDLE_S, Timeline
from fetchdeck.core.journal.history import ADD, HISTORY, read_history, values_of
from fetchdeck.core.latencies import Latencies, cell_of, merged
from fetchdeck.core.past import EventKind, PastView, Stretch
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.core.test_engine import FAST, until, write_urls
from tests.support.ledger import ledger_server

T0 = 1_700_000_000.0
MANY = Latencies.of({cell_of(333): 90, cell_of(900): 9, cell_of(4000): 1})
CELLS = st.dictionaries(st.integers(-160, 640), st.integers(1, 10**9), max_size=20)


def second(n: int, good: int = 10, bad: int = 1, running: float = 1.0, flying: float = 5.0) -> Stretch:
    return Stretch(T0 + n, 1, running, good, bad, flying, 8, Latencies.of({cell_of(50 + n % 7): good + bad}))


def filled(seconds: int) -> Timeline:
    timeline = Timeline()
    for n in range(seconds):
        timeline.add(second(n))
    return timeline


def distinct(view: PastView) -> list[Stretch]:
    return list({id(one): one for one in view.columns if one is not None}.values())


@given(st.lists(CELLS, max_size=6))
def test_histograms_merge_without_losing_a_thing(parts: list[dict[int, int]]) -> None:
    whole: dict[int, int] = {}
    for part in parts:
        for cell, count in part.items():
            whole[cell] = whole.get(cell, 0) + count
    together = merged(map(Latencies.of, parts))
    assert {cell: n for cell, n in together.cells if n} == whole
    assert together.percentiles == Latencies.of(whole).percentiles
    assert Latencies.read(together.stored).stored == together.stored


@pytest.mark.parametrize("stored", [[641, 1], [0, -1], [-161, 3]])
def test_what_cannot_be_latencies_is_refused(stored: list[int]) -> None:
    with pytest.raises(ValueError, match="no latencies"):
        Latencies.read(stored)


@given(st.integers(1, 4000), st.integers(1, 400))
def test_the_whole_run_is_in_its_view_and_nothing_twice(seconds: int, columns: int) -> None:
    timeline = Timeline()
    for n in range(seconds):
        timeline.add(Stretch(T0 + n, 1, 1, 1, 0, 1, 1, Latencies()))
    for _ in range(2):  # the second time from the cache
        view = timeline.view(None, columns)
        assert len(view.columns) == columns
        assert view.columns[-1] is not None
        assert view.span_s >= seconds
        found = distinct(view)
        assert sum(one.succeeded for one in found) == seconds
        assert [one.at for one in found] == sorted(one.at for one in found)


def test_the_last_minute_shows_seconds_and_a_long_run_coarser_ones() -> None:
    timeline = filled(7300)
    minute = timeline.view(60, 120)
    assert (minute.span_s, len(distinct(minute))) == (60, 60)
    assert {one.seconds for one in distinct(minute)} == {1}
    assert distinct(minute)[0].at == T0 + 7240
    whole = timeline.view(None, 100)
    assert whole.span_s == 10_800
    assert {one.seconds for one in distinct(whole)[:-1]} <= {100, 110}
    # No longer in seconds, these are shown in stretches of ten.
    assert distinct(timeline.view(3600, 3600))[0].seconds == 10


def test_memory_is_bounded_over_days() -> None:
    timeline, day = Timeline(), Stretch(T0, 600, 600, 6000, 6, 5, 8, MANY)
    tracemalloc.start()
    for _ in range(1100):
        timeline.add(day)
    for n in range(4000):
        timeline.add(replace(second(n), latencies=MANY))
    before = tracemalloc.get_traced_memory()[0]
    for n in range(3000):
        timeline.add(replace(second(n), latencies=MANY))
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert before < 6_000_000
    assert grown < 600_000


def test_a_long_pause_is_a_gap_of_a_minute() -> None:
    timeline = filled(30)
    timeline.mark(T0 + 30, EventKind.PAUSED, "Paused by hand.")
    idle = Stretch(T0 + 30, 1, 0, 0, 0, 0, 8, Latencies())
    assert [timeline.add(idle) for _ in range(500)].count(True) == IDLE_S
    timeline.mark(T0 + 530, EventKind.RESUMED, "Resumed by hand.")
    timeline.add(second(530))
    assert timeline.seconds == 30 + IDLE_S + 1
    view = timeline.view(None, 120)
    assert [(mark.kind, mark.column) for mark in view.marks] == [
        (EventKind.PAUSED, 119 - IDLE_S),
        (EventKind.RESUMED, 119),
    ]
    assert all(one is not None and one.idle for one in view.columns[60:119])


def test_the_latencies_of_a_view_count_every_attempt_once() -> None:
    assert filled(40).view(60, 200).latencies.total == 440


def test_the_recorder_keeps_a_row_for_ten_seconds_and_fewer_of_a_long_run() -> None:
    meter = Meter(0.0)
    recorder = Recorder(Remembered(), meter, clock=lambda: T0)
    kept: list[Stretch] = []
    for tick in range(200):
        now = tick / 4
        meter.record(now, 5.0, succeeded=True, ended=True)
        kept += recorder.tick(now, 3, 8, running=True)
    assert [(row.seconds, row.succeeded, row.in_flight) for row in kept] == [(10, 40, 3)] * 4
    (rest,) = recorder.finish(49.9, 8)
    assert (rest.seconds, rest.succeeded, rest.limit) == (10, 40, 8)
    long = Remembered()
    long.rows = 3600
    recorder, meter = Recorder(long, later := Meter(0.0), clock=lambda: T0), later
    rows: list[Stretch] = []
    for now in range(400):
        meter.record(now, 5.0, succeeded=True, ended=True)
        rows += recorder.tick(now, 3, 8, running=True)
    assert [row.seconds for row in rows] == [60] * 6


def test_rows_read_again_are_those_that_were_written() -> None:
    stretch = Stretch(T0, 10, 9.5, 100, 7, 4.25, 8, MANY)
    with closing(sqlite3.connect(":memory:")) as db:
        assert read_history(db) == []
        db.execute(HISTORY)
        db.execute(ADD, values_of(3, stretch))
        ((number, found),) = read_history(db)
        assert number == 1
        assert replace(found, latencies=MANY) == stretch
        assert found.latencies.stored == MANY.stored
        assert read_history(db, 1) == []


async def test_a_resumed_run_shows_what_earlier_sessions_did(tmp_path: Path) -> None:
    folder = tmp_path / "x.run"
    async with ledger_server() as server, asyncio.timeout(30):
        job = write_urls(tmp_path, [f"{server.url}/ok/{n}" for n in range(60)])
        slow = replace(FAST, rate=20.0)
        async with open_run(job, slow, folder, environ={}) as engine:
            await until(engine, lambda snapshot: snapshot.counts.succeeded >= 25)
            engine.set_concurrency(7)
        first = remembered(folder / "journal.sqlite").timeline.view(None, 60)
        before = sum(one.succeeded for one in distinct(first))
        assert before >= 20
        assert [mark.kind for mark in first.marks][:2] == [EventKind.STARTED, EventKind.CONCURRENCY]
        async with open_run(job, slow, folder, environ={}) as engine:
            view = engine.past(None, 60)
            assert sum(one.succeeded for one in distinct(view)) == before
            assert [mark.kind for mark in view.marks].count(EventKind.STARTED) == 2


def test_a_view_that_several_ask_for_is_made_once_until_something_happens() -> None:
    timeline = filled(100)
    first = timeline.view(60, 30)
    assert timeline.view(60, 30) is first
    assert timeline.view(60, 20) != first
    timeline.mark(T0 + 100, EventKind.PAUSED, "Paused.")
    assert [mark.text for mark in timeline.view(60, 30).marks] == ["Paused."]
    timeline.add(second(100, good=77))
    newest = timeline.view(60, 30).columns[-1]
    assert newest is not None
    assert newest.succeeded >= 77
    before = timeline.view(60, 30)
    timeline.stand_still(30)
    assert timeline.view(60, 30) != before
