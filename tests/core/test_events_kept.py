"""Every event stands in the journal: whichever session it was of, whatever the disk did, and without secrets."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fetchdeck.core.engine import identity
from fetchdeck.core.engine.events import HELD, EventLog
from fetchdeck.core.engine.option_texts import changed, unusual
from fetchdeck.core.engine.run import open_run, stored_job
from fetchdeck.core.errors import RunError
from fetchdeck.core.job import Job, Options, Templates
from fetchdeck.core.journal import schema
from fetchdeck.core.journal.entries import Noted
from fetchdeck.core.journal.folder import RunFolder
from fetchdeck.core.journal.lock import RunLock
from fetchdeck.core.journal.reader import JournalReader, connect
from fetchdeck.core.journal.records import EventRecord
from fetchdeck.core.journal.salvage.rescue import salvage
from fetchdeck.core.journal.store import Store
from fetchdeck.core.journal.writer import Journal, Listener
from fetchdeck.core.past import EventKind
from fetchdeck.core.report import run_status
from fetchdeck.core.secrets.redact import Redactor
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.canaries import leaks_below
from tests.support.ledger import ledger_server

SECRET = "CnryEvent77aQ"


async def kept(folder: Path, after: int = 0, count: int = 1000) -> tuple[EventRecord, ...]:
    async with JournalReader(folder / "journal.sqlite") as reader:
        return await reader.events(after, count)


def written(folder: Path) -> list[tuple[str, str]]:
    """Kinds and texts of the run's log."""
    lines = (folder / "fetchdeck.log").read_text().splitlines()
    return [(line.split()[1], line[42:].lstrip()) for line in lines]


async def test_the_journal_keeps_what_the_log_says_over_all_sessions(tmp_path: Path) -> None:
    folder = tmp_path / "x.run"
    (tmp_path / "in.txt").write_text("1\n2\n")
    async with ledger_server() as server:
        job = Job(str(tmp_path / "in.txt"), Templates(url=f"{server.url}/hold/{{{{ url }}}}"))
        async with open_run(job, Options(concurrency=1, retries=0), folder, environ={}) as engine:
            await server.in_flight(1)
            engine.set_concurrency(3)
            engine.set_rate(7.0)
            engine.pause()
            engine.resume()
            engine.drain()
            server.release()
            await engine.finished()
        job, options = stored_job(folder, (("X-Debug", "1"), ("X-Api-Key", SECRET)))
        options = replace(options, concurrency=4, retry_on="429", proxy=None, ok_if=("status == `200`",))
        async with open_run(job, options, folder, environ={}, other_headers=True) as engine:
            await engine.finished()
            told = engine.events_since(0).events
            since_ever = engine.events_since(-HELD)
    events = await kept(folder)
    assert [(event.kind, event.text) for event in events] == written(folder)
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    first, second = ([event for event in events if event.session == number] for number in (1, 2))
    kinds = ["started", "concurrency", "rate", "paused", "resumed", "draining", "finished"]
    assert [event.kind for event in first] == kinds
    assert [event.kind for event in second] == ["options", "started", "finished"]
    assert [(event.at, event.text) for event in second] == [(event.at, event.text) for event in told]
    assert [(event.at, event.kind, event.text) for event in since_ever.events] == [
        (event.at, event.kind, event.text) for event in events
    ]
    assert [event.seq for event in since_ever.events] == list(range(-len(first), len(second)))
    assert since_ever.dropped == 0
    assert second[0].text == (
        "Options changed: concurrency 1→4, retry-on 408,425,429,500,502,503,504,522,524→429, "
        "ok-if none→status == `200`, -H X-Debug none→1, -H X-Api-Key none→***."
    )
    assert first[0].text == "Started with concurrency 1, retries 0."
    assert leaks_below(folder, [SECRET]) == []
    assert stored_job(folder, (("X-Api-Key", SECRET),))[1] == options
    assert await kept(folder, 7, 2) == tuple(second[:2])


async def test_the_same_options_are_no_event_and_other_headers_are_refused_where_nobody_allows_them(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "x.run"
    (tmp_path / "in.txt").write_text("http://127.0.0.1:1/\n")
    job = Job(str(tmp_path / "in.txt"))
    for _ in range(2):
        async with open_run(job, Options(retries=0), folder, environ={}) as engine:
            await engine.finished()
    assert {event.kind for event in await kept(folder)} == {"started", "finished"}
    other = replace(job, templates=Templates(headers=(("A", "b"),)))
    with pytest.raises(RunError, match="its headers were none, not 'A: b'"):
        async with open_run(other, Options(retries=0), folder, environ={}):
            pass


class FullDisk(Store):
    """A store whose disk takes nothing until it is told otherwise."""

    full = False
    calls = 0

    def note(self, events: Any) -> None:
        self.calls += 1
        if self.full:
            raise sqlite3.OperationalError("database or disk is full")
        super().note(events)


async def test_a_full_disk_keeps_nobody_from_saying_and_holds_a_bounded_number(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "x.run")
    folder.create()
    store = FullDisk(folder)
    store.full = True
    troubled, well = asyncio.Event(), asyncio.Event()
    events = EventLog(folder.log, Redactor())

    def hear(trouble: str | None) -> None:
        (troubled if trouble else well).set()
        events.say(EventKind.TROUBLE, trouble or "well again")

    journal = Journal(store, Listener(lambda _: None, hear, lambda _: None), interval_s=0.0)
    journal._pace.retry_s = 0.01
    events.say(EventKind.STARTED, "before there was a journal")
    events.keep_in(journal, 1)
    await troubled.wait()
    for number in range(2 * HELD):
        events.say(EventKind.RATE, f"number {number}")
    store.full = False
    await well.wait()
    await journal.flush()
    found = await kept(folder.path, 0, 10 * HELD)
    await journal.close()
    texts = [event.text for event in found]
    assert texts[0] == "before there was a journal"
    assert texts[1:] == [*(f"number {n}" for n in range(HELD + 1, 2 * HELD)), "well again"]
    assert len(written(folder.path)) == 2 * HELD + 3


# Journals of before


def old_run(path: Path) -> RunFolder:
    """A finished run of two requests, as a fetchdeck without the table of events left it."""
    folder = RunFolder(path)
    folder.create()
    source = path.parent / "in.txt"
    source.write_text("http://127.0.0.1:1/a\nhttp://127.0.0.1:1/b\n")
    job = identity.record(Job(str(source)), Options(), None, Redactor())
    for late in ("quota", "cost", "stop_on", "retry_if", "auto", "canary", "burst", "time_limit_s"):
        del job["options"][late]
    with closing(sqlite3.connect(folder.journal, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        schema.prepare(db, folder.journal, 1)
        db.execute("INSERT INTO meta VALUES ('job', ?)", (json.dumps(job),))
        ingest = {"rows": 2, "done": True, "digest": ""}
        db.execute("INSERT INTO meta VALUES ('ingest', ?)", (json.dumps(ingest),))
        db.execute("INSERT INTO sessions VALUES (1, 1, 5.0, 2.0, 'finished')")
        db.execute("INSERT INTO counters VALUES ('failed', 2)")
        db.execute("INSERT INTO causes VALUES (1, 'refused', 'connect', NULL, 2, 5.0, 6.0, 0)")
        for number in range(2):
            db.execute(
                "INSERT INTO requests(id, state, attempts, tries, line, method, url, host, row, kind, message, "
                "cause, ended_at, ended) VALUES (?, 4, 1, 1, ?, 'GET', ?, 'h', '{}', 'connect', 'refused', 1, 6.0, ?)",
                (number, number + 1, f"http://127.0.0.1:1/{'ab'[number]}", number + 1),
            )
        db.execute("INSERT INTO attempts VALUES (0, 1, 5.0, 12.0, NULL, NULL, 'connect', 'refused', NULL)")
    return folder


OLD_ATTEMPT = (12.0, None, None, None)


async def attempt_times(folder: Path) -> list[tuple[float | None, ...]]:
    """What the attempts at the first request took: in all, and for DNS, connect and TLS."""
    async with JournalReader(RunFolder(folder).journal) as reader:
        detail = await reader.detail(0)
    assert detail is not None
    return [(one.elapsed_ms, one.dns_ms, one.connect_ms, one.tls_ms) for one in detail.attempts]


def version(folder: RunFolder) -> int:
    with closing(sqlite3.connect(folder.journal)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


async def test_an_old_journal_is_read_as_it_is_and_brought_up_to_date_when_the_run_goes_on(
    tmp_path: Path,
) -> None:
    folder = old_run(tmp_path / "x.run")
    assert run_status(folder.path).counts.failed == 2
    assert await kept(folder.path) == ()
    assert version(folder) == 1
    assert await attempt_times(folder.path) == [OLD_ATTEMPT]
    job, options = stored_job(folder.path)
    assert options == Options()
    async with open_run(job, replace(options, burst=3), folder.path, environ={}) as engine:
        await engine.finished()
    assert version(folder) == len(schema.MIGRATIONS)
    assert await attempt_times(folder.path) == [OLD_ATTEMPT]
    events = await kept(folder.path)
    assert [(event.session, event.kind) for event in events] == [
        (2, "options"),
        (2, "started"),
        (2, "finished"),
    ]
    assert events[0].text == "Options changed: burst 1→3."
    with closing(connect(folder.journal)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("damage", [None, slice(68, 72), slice(60, 64), slice(0, 100)])
async def test_an_old_journal_is_salvaged_into_a_new_one(tmp_path: Path, damage: slice | None) -> None:
    folder = old_run(tmp_path / "x.run")
    if damage is not None:
        octets = bytearray(folder.journal.read_bytes())
        octets[damage] = bytes(damage.stop - damage.start)
        folder.journal.write_bytes(octets)
    found = salvage(folder.path, tmp_path / "new.run")
    assert (found.requests, found.job) == (2, True)
    assert version(RunFolder(tmp_path / "new.run")) == len(schema.MIGRATIONS)
    if damage is None:
        assert found.attempts == 1
        assert await attempt_times(tmp_path / "new.run") == [OLD_ATTEMPT]


@pytest.mark.parametrize("moved", [False, True])
async def test_events_are_salvaged_also_of_a_journal_that_was_brought_up_to_date(
    tmp_path: Path, moved: bool
) -> None:
    folder = old_run(tmp_path / "x.run") if moved else RunFolder(tmp_path / "x.run")
    folder.create()
    lock = RunLock(folder)
    store = Store(folder)
    with store.transaction():
        store.set_meta("job", identity.record(Job("-"), Options(), None, Redactor()))
        store.note([Noted(1, 5.0 + n, "rate", f"number {n} {'x' * 50}") for n in range(300)])
    store.close()
    lock.release()
    salvage(folder.path, tmp_path / "new.run")
    assert await kept(tmp_path / "new.run") == await kept(folder.path)
    assert len(await kept(folder.path)) == 300


# In words


def record(options: Options, headers: tuple[tuple[str, str], ...] = ()) -> dict[str, Any]:
    job = Job("a.txt", Templates(headers=headers))
    stored: dict[str, Any] = json.loads(json.dumps(identity.record(job, options, None, Redactor())))
    return stored


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, []),
        ({"concurrency": 9}, ["concurrency 50→9"]),
        ({"rate": 10.0, "rate_per_host": 0.5}, ["rate none→10/s", "rate-per-host none→0.5/s"]),
        ({"timeout_s": 2.5, "time_limit_s": 9000.0}, ["timeout 1m→2.5s", "time-limit none→2h30m"]),
        ({"insecure": True, "auto": True}, ["auto off→on", "insecure off→on"]),
        ({"retry_if": ("a", "b")}, ["retry-if none→a | b"]),
        ({"max_body": 5}, ["max-body 104857600→5"]),
        ({"proxy": "http://ann:s3cret@p:1"}, ["proxy none→http://***@p:1"]),
        ({"stop_if": ("body.token == 's3cret'",)}, ["stop-if none→body.token == '***'"]),
    ],
)
def test_changes_are_told_without_secrets(options: dict[str, Any], said: list[str]) -> None:
    before, after = record(Options()), record(replace(Options(), **options))
    assert changed(before, after) == said
    assert changed(after, after) == []
    assert "s3cret" not in str(unusual(after["options"], None))


def test_headers_that_change_are_told_by_their_names() -> None:
    before = record(Options(), (("Accept", "a"), ("Authorization", "Bearer one"), ("X", "1")))
    after = record(Options(), (("accept", "b"), ("Authorization", "Bearer two"), ("X", "1"), ("X", "2")))
    assert changed(before, after) == ["-H accept a→b", "-H X 1→1, 2"]


def test_a_start_tells_what_is_unusual() -> None:
    options = record(Options(concurrency=7, rate=2.0, proxy="http://p:1"))["options"]
    assert unusual(options, "http://p:1") == ["rate 2/s", "through http://p:1"]
    assert unusual(record(Options())["options"], None) == []


@given(st.sampled_from(Options.__slots__), st.sampled_from(Options.__slots__))
def test_options_of_an_older_fetchdeck_may_lack_any(one: str, other: str) -> None:
    before, after = record(Options()), record(Options())
    before["options"].pop(one)
    before["options"].pop(other, None)
    assert changed(before, after) == []
