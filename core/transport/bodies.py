"""Response bodies on their way in: small ones stay in memory, large ones become durable files."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import aiofiles
import aiofiles.os

from ..model import BodyFile

if TYPE_CHECKING:
    from aiofiles.threadpool.binary import AsyncBufferedIOBase

_THREADS = 4
_TRIAL = 65_536


class StorageError(Exception):
    """A body could not be written on this machine; the cause is the OSError that says why."""


class BodyStore:
    """The folder of large bodies. Its disk work has threads of its own, which slow name look-ups cannot take."""

    def __init__(self, root: Path, inline_limit: int = 262_144) -> None:
        """Bodies of up to `inline_limit` decoded bytes never touch the disk; nothing is created before one does."""
        self.root = root
        self.inline_limit = inline_limit
        self.threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="bodies")

    def sink(self, body_name: str) -> BodySink:
        """A sink for the body of one attempt; `body_name` is the engine's, never a server's or a URL's."""
        return BodySink(self, self.root / f"{body_name}.part", self.root / f"{body_name}.body")

    async def takes(self, octets: int) -> bool:
        """Whether the disk would take this much more just now."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, _takes, self.root, octets)

    async def read(self, body: BodyFile, most: int) -> bytes:
        """The first `most` octets of a body; raises OSError."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, _read, body.path, most)

    async def discard(self, paths: Iterable[Path]) -> None:
        """Remove the body files of superseded attempts; files that are not there, or not ours, are left alone."""
        for path in paths:
            if path.is_relative_to(self.root) and ".." not in path.parts:
                with contextlib.suppress(OSError):
                    await aiofiles.os.unlink(path, executor=self.threads)

    def close(self) -> None:
        """Let the disk work under way end, and take no more."""
        self.threads.shutdown(wait=False)


class BodySink:
    """Takes the decoded body of one attempt in pieces and ends as bytes or as a durable file."""

    __slots__ = ("_busy", "_file", "_final", "_held", "_part", "_pieces", "_store", "_written")

    def __init__(self, store: BodyStore, part: Path, final: Path) -> None:
        self._store = store
        self._part = part
        self._final = final
        self._pieces: list[bytes] = []
        self._held = 0
        self._written = 0
        self._file: AsyncBufferedIOBase | None = None
        self._busy: asyncio.Task[None] | None = None
        """Disk work that goes on in its thread when the attempt is cancelled, and that `abort` waits for."""

    async def write(self, piece: bytes) -> None:
        """Add a piece; raises StorageError when the disk will not take it."""
        self._pieces.append(piece)
        self._held += len(piece)
        if self._held > self._store.inline_limit:
            await self._do(self._spill())

    async def finish(self) -> bytes | BodyFile:
        """The whole body: in memory, or in a file that is durable when this returns. Raises StorageError."""
        if self._file is None:
            return b"".join(self._pieces)
        await self._do(self._seal(self._file))
        return BodyFile(self._final, self._written)

    async def abort(self) -> None:
        """Forget what came, and remove what was written, even if the caller is cancelled meanwhile."""
        self._pieces.clear()
        if self._busy is not None:
            await asyncio.shield(self._remove(self._busy))

    async def _do(self, work: Coroutine[None, None, None]) -> None:
        self._busy = asyncio.get_running_loop().create_task(work)
        try:
            await asyncio.shield(self._busy)
        except OSError as error:
            raise StorageError from error

    async def _spill(self) -> None:
        if self._file is None:
            await self._call(_make_folders, self._part.parent, self._store.root)
            opening = aiofiles.open(self._part, "wb", opener=_open_private, executor=self._store.threads)
            self._file = await opening
        data = b"".join(self._pieces)
        self._pieces.clear()
        self._held = 0
        await self._file.write(data)
        self._written += len(data)

    async def _seal(self, file: AsyncBufferedIOBase) -> None:
        await self._spill()
        await file.flush()
        await self._call(os.fsync, file.fileno())
        await file.close()
        await aiofiles.os.rename(self._part, self._final, executor=self._store.threads)
        await self._call(_sync_folders, self._final.parent, self._store.root)

    async def _remove(self, busy: asyncio.Task[None]) -> None:
        await asyncio.wait([busy])
        if self._file is not None:
            with contextlib.suppress(OSError):
                await self._file.close()
        for path in (self._part, self._final):
            with contextlib.suppress(OSError):
                await aiofiles.os.unlink(path, executor=self._store.threads)

    async def _call(self, work: Callable[..., None], *args: object) -> None:
        await asyncio.get_running_loop().run_in_executor(self._store.threads, work, *args)


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


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _make_folders(folder: Path, root: Path) -> None:
    if folder != root:
        _make_folders(folder.parent, root)
    folder.mkdir(mode=0o700, exist_ok=True)


def _sync_folders(folder: Path, root: Path) -> None:
    """Make the names durable too: an fsync of a file says nothing of the directory it stands in."""
    while True:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if folder == root:
            return
        folder = folder.parent
