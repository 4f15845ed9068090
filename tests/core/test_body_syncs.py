"""When a body is durable: its octets, its name, and the names of the folders above; and when that fails."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest
from fetchdeck.core.model import BodyFile
from fetchdeck.core.transport.bodies import BodySink, BodyStore, StorageError
from fetchdeck.core.transport.syncs import SharedSyncs

A, B = Path("a"), Path("b")


class Disk:
    """Syncs that end when they are told to."""

    def __init__(self) -> None:
        self.begun: list[Path] = []
        self.ends: list[asyncio.Future[None]] = []

    async def sync(self, folder: Path) -> None:
        self.begun.append(folder)
        self.ends.append(asyncio.get_running_loop().create_future())
        await self.ends[-1]


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_those_who_come_during_a_sync_share_the_next() -> None:
    disk = Disk()
    syncs = SharedSyncs(disk.sync)
    first = asyncio.create_task(syncs.synced(A))
    await settle()
    later = [asyncio.create_task(syncs.synced(A)) for _ in range(5)]
    await settle()
    assert disk.begun == [A]
    disk.ends[0].set_result(None)
    await settle()
    assert first.done()
    assert disk.begun == [A, A]
    assert not any(task.done() for task in later)
    last = asyncio.create_task(syncs.synced(A))
    await settle()
    disk.ends[1].set_result(None)
    await asyncio.gather(*later)
    await settle()
    assert not last.done()
    disk.ends[2].set_result(None)
    await last
    assert len(disk.begun) == 3


async def test_folders_do_not_wait_for_each_other() -> None:
    disk = Disk()
    syncs = SharedSyncs(disk.sync)
    tasks = [asyncio.create_task(syncs.synced(folder)) for folder in (A, B)]
    await settle()
    assert disk.begun == [A, B]
    for end in disk.ends:
        end.set_result(None)
    await asyncio.gather(*tasks)


async def test_an_error_is_told_to_all_who_waited_and_to_nobody_else() -> None:
    disk = Disk()
    syncs = SharedSyncs(disk.sync)
    tasks = [asyncio.create_task(syncs.synced(A)) for _ in range(3)]
    await settle()
    tasks[0].cancel()
    later = asyncio.create_task(syncs.synced(A))
    await settle()
    disk.ends[0].set_exception(OSError(5, "Input/output error"))
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(one) for one in found] == [asyncio.CancelledError, OSError, OSError]
    await settle()
    disk.ends[1].set_result(None)
    await later


@pytest.fixture
def store(tmp_path: Path):
    store = BodyStore(tmp_path / "run" / "bodies", inline_limit=10)
    store.root.parent.mkdir()
    yield store
    store.close()


async def written(store: BodyStore, name: str) -> BodySink:
    sink = store.sink(name)
    await sink.write(b"x" * 50)
    return sink


async def test_what_is_synced_and_when(store: BodyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[str, list[str]]] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        fsync(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        files = sorted(file.name for file in store.root.rglob("*") if file.is_file())
        synced.append((path.name, files))

    monkeypatch.setattr(os, "fsync", noted)
    if not Path("/proc/self/fd").exists():
        pytest.skip("descriptors have no names here")
    await (await written(store, "00000/1-1")).finish()
    assert synced == [
        ("1-1.part", ["1-1.part"]),
        ("00000", ["1-1.body"]),
        ("bodies", ["1-1.body"]),
        ("run", ["1-1.body"]),
    ]
    synced.clear()
    await (await written(store, "00000/2-1")).finish()
    await (await written(store, "00001/1000-1")).finish()
    assert [name for name, _ in synced] == ["2-1.part", "00000", "1000-1.part", "00001", "bodies"]


async def test_a_folder_that_somebody_removed_is_made_and_synced_again(store: BodyStore) -> None:
    first = await (await written(store, "00000/1-1")).finish()
    assert isinstance(first, BodyFile)
    first.path.unlink()
    first.path.parent.rmdir()
    second = await (await written(store, "00000/2-1")).finish()
    assert isinstance(second, BodyFile)
    assert second.path.exists()


@pytest.mark.parametrize("which", ["file", "folder"])
async def test_a_sync_that_fails_is_a_storage_error_and_leaves_nothing(
    store: BodyStore, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    calls = 0

    def fails(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == (1 if which == "file" else 2):
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    sink = await written(store, "00000/1-1")
    with pytest.raises(StorageError) as caught:
        await sink.finish()
    assert isinstance(caught.value.__cause__, OSError)
    await sink.abort()
    assert not [path for path in store.root.rglob("*") if path.is_file()]


async def test_an_abort_waits_for_the_write_under_way(
    store: BodyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, write = threading.Event(), threading.Event(), os.write
    wrote: list[int] = []

    def slow(descriptor: int, data: memoryview) -> int:
        if len(data) < 50:  # a loop tells itself things by writing too
            return write(descriptor, data)
        begun.set()
        assert go_on.wait(30)
        wrote.append(write(descriptor, data))
        return wrote[-1]

    monkeypatch.setattr(os, "write", slow)
    sink = store.sink("00000/1-1")
    writing = asyncio.create_task(sink.write_through(memoryview(b"x" * 50)))
    await asyncio.to_thread(begun.wait, 30)
    writing.cancel()
    aborting = asyncio.create_task(sink.abort())
    await settle()
    assert not aborting.done()
    assert [path.name for path in store.root.rglob("*.part")] == ["1-1.part"]
    go_on.set()
    await aborting
    assert wrote == [50]
    assert not [path for path in store.root.rglob("*") if path.is_file()]
    with pytest.raises(asyncio.CancelledError):
        await writing


async def test_an_error_of_a_write_that_nobody_waits_for_is_no_noise(
    store: BodyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, write = threading.Event(), threading.Event(), os.write
    noise: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: noise.append(context))

    def fails(descriptor: int, data: memoryview) -> int:
        if len(data) < 50:
            return write(descriptor, data)
        begun.set()
        assert go_on.wait(30)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", fails)
    sink = store.sink("00000/1-1")
    writing = asyncio.create_task(sink.write(b"x" * 50))
    await asyncio.to_thread(begun.wait, 30)
    writing.cancel()
    await asyncio.wait([writing])
    go_on.set()
    await sink.abort()
    del sink, writing
    assert not [path for path in store.root.rglob("*") if path.is_file()]
    assert noise == []


async def test_a_link_in_the_place_of_a_body_is_not_followed(store: BodyStore, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"kept")
    (store.root / "00000").mkdir(parents=True)
    (store.root / "00000" / "1-1.part").symlink_to(victim)
    with pytest.raises(StorageError):
        await written(store, "00000/1-1")
    assert victim.read_bytes() == b"kept"
