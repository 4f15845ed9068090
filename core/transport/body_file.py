"""The file of one body and the folders it stands in, for threads: every call takes as long as the disk does."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from ..durable import GrowingFile, sync

_PRIVATE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class Folders:
    """The folders of bodies: made when a file wants one, and durable with the names in them when synced."""

    def __init__(self, root: Path) -> None:
        """All folders are `root` or stand below it."""
        self._root = root
        self._durable: set[Path] = set()
        """Those whose own names are: they do not change with each body."""

    def make(self, folder: Path) -> None:
        """Make a folder, and those above it, for us alone."""
        if folder.is_dir():
            return
        if folder != self._root:
            self.make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        self._durable.discard(folder)

    def sync(self, folder: Path) -> None:
        """Make the names in a folder durable, and its own."""
        sync(folder)
        if folder in self._durable:
            return
        if folder == self._root:
            sync(folder.parent)
        else:
            self.sync(folder.parent)
        self._durable.add(folder)


class PartFile:
    """A file that gets its final name when all of it is on the disk."""

    __slots__ = ("_file", "_final", "_folders", "_part", "_read_soon")

    def __init__(self, folders: Folders, part: Path, final: Path, *, read_soon: bool = False) -> None:
        """Nothing is made before the first octets come; `read_soon` is whether somebody reads them once it is whole."""
        self._read_soon = read_soon
        self._folders = folders
        self._part = part
        self._final = final
        self._file: GrowingFile | None = None

    def write(self, pieces: Iterable[bytes | memoryview]) -> None:
        """Add octets; raises OSError."""
        self._opened().write(*pieces)

    def seal(self, pieces: Iterable[bytes | memoryview]) -> None:
        """Add the last octets and make all durable; the final name is then for `Folders.sync`. Raises OSError."""
        file = self._opened()
        file.write(*pieces)
        file.sync()
        self._close()
        self._part.rename(self._final)

    def remove(self) -> None:
        """Leave nothing behind, whatever has been done or has failed before."""
        with contextlib.suppress(OSError):
            self._close()
        for path in (self._part, self._final):
            with contextlib.suppress(OSError):
                path.unlink()

    def _opened(self) -> GrowingFile:
        if self._file is None:
            self._file = GrowingFile(self._descriptor(), read_soon=self._read_soon)
        return self._file

    def _descriptor(self) -> int:
        try:
            return os.open(self._part, _PRIVATE, 0o600)
        except FileNotFoundError:
            self._folders.make(self._part.parent)
            return os.open(self._part, _PRIVATE, 0o600)

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()
