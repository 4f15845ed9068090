"""Response bodies on their way in: small ones stay in memory, large ones become durable files."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar, TypeVarTuple

from ..model import BodyFile
from .blocks import Blocks
from .body_file import Folders, PartFile
from .syncs import SharedSyncs

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
_THREADS = 6
_TRIAL = 65_536


class StorageError(Exception):
    """A body could not be written on this machine; the cause is the OSError that says why."""


class BodyStore:
    """The folder of large bodies. Its disk work has threads of its own, which slow name look-ups cannot take."""

    def __init__(self, root: Path, inline_limit: int = 262_144, *, read_soon: bool = False) -> None:
        """Bodies of up to `inline_limit` decoded bytes never touch the disk; nothing is created before one does.

        `read_soon` is whether each of the others is read when it is whole.
        """
        self.root = root
        self.inline_limit = inline_limit
        self.read_soon = read_soon
        self.blocks = Blocks()
        self.folders = Folders(root)
        self.syncs = SharedSyncs(lambda folder: self.run(self.folders.sync, folder))
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="bodies")

    def sink(self, body_name: str) -> BodySink:
        """A sink for the body of one attempt; `body_name` is the engine's, never a server's or a URL's."""
        return BodySink(self, self.root / f"{body_name}.part", self.root / f"{body_name}.body")

    def run(self, work: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """Do disk work on a thread."""
        return asyncio.get_running_loop().run_in_executor(self._threads, work, *args)

    async def takes(self, octets: int) -> bool:
        """Whether the disk would take this much more just now."""
        return await self.run(_takes, self.root, octets)

    async def read(self, body: BodyFile, most: int) -> bytes:
        """The first `most` octets of a body; raises OSError."""
        return await self.run(_read, body.path, most)

    async def discard(self, paths: Iterable[Path]) -> None:
        """Remove the body files of superseded attempts; files that are not there, or not ours, are left alone."""
        ours = [path for path in paths if path.is_relative_to(self.root) and ".." not in path.parts]
        if ours:
            await self.run(_discard, ours)

    def close(self) -> None:
        """Let the disk work under way end, and take no more."""
        self._threads.shutdown(wait=False)


class BodySink:
    """Takes the decoded body of one attempt in pieces and ends as bytes or as a durable file."""

    __slots__ = ("_busy", "_file", "_final", "_held", "_part", "_pieces", "_size", "_store")

    def __init__(self, store: BodyStore, part: Path, final: Path) -> None:
        self._store = store
        self._part = part
        self._final = final
        self._pieces: list[bytes | memoryview] = []
        self._held = 0
        self._size = 0
        self._file: PartFile | None = None
        self._busy: asyncio.Future[None] | None = None
        """Disk work that goes on in its thread when the attempt is cancelled, and that `abort` waits for."""

    async def write(self, piece: bytes) -> None:
        """Add a piece; raises StorageError when the disk will not take it."""
        self._add(piece)
        if self._held > self._store.inline_limit:
            await self._spill()

    async def write_through(self, block: memoryview) -> None:
        """Add a piece of memory that is free again when this returns; raises StorageError."""
        self._add(block)
        await self._spill()

    async def finish(self) -> bytes | BodyFile:
        """The whole body: in memory, or in a file that is durable when this returns. Raises StorageError."""
        if self._file is None:
            return b"".join(self._pieces)
        await self._do(self._file.seal)
        try:
            await self._store.syncs.synced(self._final.parent)
        except OSError as error:
            raise StorageError from error
        return BodyFile(self._final, self._size)

    async def abort(self) -> None:
        """Forget what came, and remove what was written, even if the caller is cancelled meanwhile."""
        self._pieces.clear()
        if self._file is not None:
            await asyncio.shield(self._remove(self._file))

    def _add(self, piece: bytes | memoryview) -> None:
        self._pieces.append(piece)
        self._held += len(piece)
        self._size += len(piece)

    async def _spill(self) -> None:
        if self._file is None:
            store = self._store
            self._file = PartFile(store.folders, self._part, self._final, read_soon=store.read_soon)
        await self._do(self._file.write)

    async def _do(self, work: Callable[[list[bytes | memoryview]], None]) -> None:
        pieces, self._pieces, self._held = self._pieces, [], 0
        self._busy = self._store.run(work, pieces)
        try:
            await asyncio.shield(self._busy)
        except OSError as error:
            raise StorageError from error

    async def _remove(self, file: PartFile) -> None:
        if (busy := self._busy) is not None:
            await asyncio.wait([busy])
            _ = busy.cancelled() or busy.exception()  # looked at, so that asyncio does not complain of it
        await self._store.run(file.remove)


def _discard(paths: list[Path]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()


def _read(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        return file.read(most)


def _takes(root: Path, octets: int) -> bool:
    trial = root / "trial.part"
    try:
        root.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(descriptor, 0, octets)
            os.write(descriptor, bytes(_TRIAL))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
            trial.unlink()
    except OSError:
        return False
    return True
