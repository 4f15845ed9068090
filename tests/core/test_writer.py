from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from fetchdeck.core.errors import RunError
from fetchdeck.core.journal import writer
from fetchdeck.core.journal.entries import Accepted, Ended
from fetchdeck.core.journal.folder import RunFolder
from fetchdeck.core.journal.store import Store
from fetchdeck.core.journal.writer import Journal, Listener
from fetchdeck.core.model import Counts, Reply, State


class FullDisk(Store):
    """A store whose disk is full until told otherwise."""

    full = False
    refused = 0

    def end(self, ended: list[Ended]) -> None:
        if self.full:
            self.refused += 1
            raise sqlite3.OperationalError("database or disk is full")
        super().end(ended)


class Heard:
    def __init__(self) -> None:
        self.ended: list[int] = []
        self.trouble: list[str | None] = []
        self.failures: list[str] = []
        self.changed = asyncio.Event()

    def listener(self) -> Listener:
        return Listener(self.committed, self.troubled, self.failed)

    def committed(self, ended: list[Ended]) -> None:
        self.ended += [one.id for one in ended]
        self.changed.set()

    def failed(self, reason: str) -> None:
        self.failures.append(reason)
        self.changed.set()

    def troubled(self, trouble: str | None) -> None:
        self.trouble.append(trouble)
        self.changed.set()


def rows(count: int) -> list[Accepted]:
    return [Accepted(n, State.QUEUED, n, "GET", f"http://h/{n}", "h", "{}", None, 0) for n in range(count)]


def ended(request: int, body: bytes = b"body") -> Ended:
    reply = Reply(200, b"", body, len(body), 0.0, "http://h/")
    return Ended(request, 1, 1, State.SUCCEEDED, 0.0, 1.0, 200, None, None, reply, (), len(body))


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def store(tmp_path: Path) -> FullDisk:
    folder = RunFolder(tmp_path / "x.run")
    folder.create()
    return FullDisk(folder)


async def test_a_lease_is_durable_when_it_is_handed_out(
    store: FullDisk, heard: Heard, tmp_path: Path
) -> None:
    journal = Journal(store, heard.listener())
    journal.accept(rows(5), {"rows": 5, "done": True})
    leased = await journal.lease(3, None)
    assert [one.id for one in leased] == [0, 1, 2]
    with sqlite3.connect(tmp_path / "x.run" / "journal.sqlite") as db:
        assert db.execute("SELECT id FROM requests WHERE state = 1").fetchall() == [(0,), (1,), (2,)]
    db.close()
    assert journal.counts == Counts(queued=2, in_flight=3)
    await journal.close()


async def test_only_what_a_run_begins_with_is_leased_before_it_is_stored(
    store: FullDisk, heard: Heard
) -> None:
    """Of rows that come one by one, each would else be committed by itself."""
    journal = Journal(store, heard.listener(), interval_s=3600.0)
    assert not journal.leasable
    journal.accept(rows(3)[:1], {"rows": 1, "done": False})
    assert journal.leasable
    assert [one.id for one in await journal.lease(5, None)] == [0]
    journal.accept(rows(3)[1:2], {"rows": 2, "done": False})
    assert not journal.leasable
    await journal.flush()
    assert journal.leasable
    await journal.close()


async def test_an_ended_attempt_is_told_of_only_once_it_is_durable(store: FullDisk, heard: Heard) -> None:
    journal = Journal(store, heard.listener())
    journal.accept(rows(2), {"rows": 2, "done": True})
    await journal.lease(2, None)
    journal.end(ended(0))
    journal.end(ended(1))
    assert (journal.saving, heard.ended, journal.counts.succeeded) == (2, [], 0)
    await journal.flush()
    assert (journal.saving, heard.ended, journal.counts.succeeded) == (0, [0, 1], 2)
    await journal.close()


async def test_who_hurries_again_and_again_waits(
    store: FullDisk, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_HURRY_S", 3600.0)
    journal = Journal(store, heard.listener(), interval_s=3600.0)
    journal.accept(rows(2), {"rows": 2, "done": True})
    await journal.lease(2, None, urgent=True)
    journal.end(ended(0))
    journal.hurry()
    async with asyncio.timeout(20):
        while not heard.ended:
            await asyncio.sleep(0.001)
    journal.end(ended(1))
    journal.hurry()
    await asyncio.sleep(0.05)
    assert heard.ended == [0]
    await journal.close()
    assert heard.ended == [0, 1]


async def test_a_full_disk_delays_and_loses_nothing(store: FullDisk, heard: Heard) -> None:
    journal = Journal(store, heard.listener())
    journal._pace.retry_s = 0.01
    journal.accept(rows(1), {"rows": 1, "done": True})
    await journal.lease(1, None)
    store.full = True
    journal.end(ended(0))
    while store.refused < 3:
        await asyncio.sleep(0.001)
    assert (heard.ended, journal.troubled) == ([], True)
    store.full = False
    await journal.flush()
    assert heard.ended == [0]
    assert heard.trouble == ["database or disk is full", None]
    assert not journal.troubled
    await journal.close()


async def test_leaving_while_the_disk_is_full_says_what_could_not_be_saved(
    store: FullDisk, heard: Heard
) -> None:
    journal = Journal(store, heard.listener())
    journal._pace.retry_s = 0.01
    journal.accept(rows(1), {"rows": 1, "done": True})
    await journal.lease(1, None)
    store.full = True
    journal.end(ended(0))
    with pytest.raises(RunError, match="last 1 results could not be saved"):
        await journal.close()


async def test_large_bodies_that_wait_for_the_disk_hold_back_new_work(store: FullDisk, heard: Heard) -> None:
    journal = Journal(store, heard.listener())
    journal.accept(rows(1), {"rows": 1, "done": True})
    await journal.lease(1, None)
    assert not journal.congested
    journal.end(ended(0, bytes(70 * 1024 * 1024)))
    assert journal.congested
    await journal.room()
    assert not journal.congested
    await journal.close()


async def test_an_error_that_trying_again_does_not_mend_is_told(store: FullDisk, heard: Heard) -> None:
    journal = Journal(store, heard.listener())

    def wrong(_: Store) -> None:
        raise ValueError("a bug")

    journal.post(wrong)
    await heard.changed.wait()
    assert heard.failures == ["ValueError in the journal"]
    with pytest.raises(ValueError, match="a bug"):
        await journal.close()
