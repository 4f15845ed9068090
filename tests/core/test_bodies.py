"""Where decoded bodies end up: memory, durable files, or nowhere."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import pytest
from fetchdeck.core import durable
from fetchdeck.core.model import BodyFile
from fetchdeck.core.transport.bodies import BodyStore, StorageError

from tests.support.descriptors import descriptors


@pytest.fixture
def store(tmp_path: Path):
    store = BodyStore(tmp_path / "bodies", inline_limit=10)
    yield store
    store.close()


def files(store: BodyStore) -> list[str]:
    return sorted(str(path.relative_to(store.root)) for path in store.root.rglob("*") if path.is_file())


async def test_a_body_at_the_limit_stays_in_memory(store: BodyStore) -> None:
    sink = store.sink("00000/1-1")
    await sink.write(b"12345")
    await sink.write(b"67890")
    assert await sink.finish() == b"1234567890"
    assert not store.root.exists()


async def test_a_larger_body_becomes_a_private_file(store: BodyStore) -> None:
    sink = store.sink("00012/12345-2")
    for _ in range(7):
        await sink.write(b"abc")
    assert files(store) == ["00012/12345-2.part"]
    found = await sink.finish()
    assert found == BodyFile(store.root / "00012/12345-2.body", 21)
    assert files(store) == ["00012/12345-2.body"]
    assert found.path.read_bytes() == b"abc" * 7
    assert stat.S_IMODE(found.path.stat().st_mode) == 0o600
    for folder in (store.root, store.root / "00012"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_a_body_leaves_nothing_open(store: BodyStore) -> None:
    before = -1
    for number in range(3):
        sink = store.sink(f"0/{number}-1")
        await sink.write(b"x" * 50)
        await (sink.abort() if number == 1 else sink.finish())
        if before < 0:
            before = descriptors()  # threads may have come with it
    assert descriptors() == before


async def test_a_disk_that_takes_little_at_once_gets_it_all(
    store: BodyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:7]))
    sink = store.sink("0/1-1")
    await sink.write(bytes(range(50)))
    await sink.write(bytes(range(50, 250)))
    found = await sink.finish()
    assert isinstance(found, BodyFile)
    assert found.path.read_bytes() == bytes(range(250))


@pytest.mark.parametrize("read_soon", [False, True])
async def test_memory_keeps_only_what_somebody_reads_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_soon: bool
) -> None:
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "posix_fadvise", lambda fd, start, length, advice: told.append((start, length)))
    monkeypatch.setattr(durable, "_STEP", 10)
    monkeypatch.setattr(durable, "_BEHIND", 20)
    store = BodyStore(tmp_path / "bodies", inline_limit=10, read_soon=read_soon)
    sink = store.sink("0/1-1")
    await sink.write(b"x" * 45)
    await sink.finish()
    store.close()
    given, gone = [(0, 10), (10, 10), (20, 10), (30, 10)], [(0, 10), (10, 10), (0, 45)]
    assert sorted(told) == sorted(given if read_soon else given + gone)


@pytest.mark.parametrize("size", [5, 50])
async def test_an_aborted_body_leaves_nothing(store: BodyStore, size: int) -> None:
    sink = store.sink("0/1-1")
    await sink.write(b"x" * size)
    await sink.abort()
    await sink.abort()
    assert not store.root.exists() or files(store) == []


async def test_a_cancelled_write_leaves_nothing_though_its_thread_goes_on(store: BodyStore) -> None:
    sink = store.sink("0/1-1")
    writing = asyncio.create_task(sink.write(b"x" * 50))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await sink.abort()
    if others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)
    assert files(store) == []


async def test_superseded_bodies_are_discarded_and_nothing_else(store: BodyStore, tmp_path: Path) -> None:
    paths: list[Path] = []
    for attempt in (1, 2):
        sink = store.sink(f"0/1-{attempt}")
        await sink.write(b"x" * 50)
        found = await sink.finish()
        assert isinstance(found, BodyFile)
        paths.append(found.path)
    foreign = tmp_path / "foreign"
    foreign.touch()
    await store.discard([paths[0], paths[0], foreign, store.root / ".." / "foreign"])
    assert files(store) == ["0/1-2.body"]
    assert foreign.exists()


async def test_a_folder_that_cannot_be_made_is_a_storage_error(store: BodyStore) -> None:
    store.root.touch()
    with pytest.raises(StorageError):
        await store.sink("0/1-1").write(b"x" * 50)
