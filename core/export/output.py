"""Where an export goes: a file that appears whole or not at all, or standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

from ..errors import OptionError

STDOUT = Path("-")
_SYNC_EVERY = 32 << 20
"""Octets."""


class _Growing:
    """A file that is synced on a thread while it grows, so that the last sync, and a journal's, find little to do.

    A million rows take five seconds of one core so; with a buffer and a single sync they take six.
    """

    def __init__(self, fd: int) -> None:
        """The descriptor stays the caller's."""
        self._fd = fd
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="export-sync")
        self._under_way: Future[None] | None = None
        self._not_asked_for = 0

    def write(self, data: bytes) -> None:
        """Raises OSError, that of an earlier piece among them, where the disk would not take it."""
        left = memoryview(data)
        while left:
            left = left[os.write(self._fd, left) :]
        self._not_asked_for += len(data)
        if self._not_asked_for >= _SYNC_EVERY and (self._under_way is None or self._under_way.done()):
            self._settle()
            self._not_asked_for = 0
            self._under_way = self._thread.submit(os.fsync, self._fd)

    def sync(self) -> None:
        """Wait until the disk has all of it; raises OSError where it would not take it."""
        self._settle()
        os.fsync(self._fd)

    def close(self) -> None:
        """Wait for a sync under way: the descriptor must stay open for so long."""
        self._thread.shutdown()

    def _settle(self) -> None:
        # The system says only once of a file that something was not written, to whom it says it first.
        if self._under_way is not None:
            self._under_way.result()


@contextmanager
def whole_file(path: Path) -> Generator[Callable[[bytes], object]]:
    """What writes to a file that replaces `path` when the block ends well: durable, mode 0600; gone when it does not.

    Raises OptionError where the file cannot be made, OSError where it cannot be written. `-` is standard output.
    """
    if path == STDOUT:
        yield sys.stdout.buffer.write
        sys.stdout.buffer.flush()
        return
    part = path.with_name(path.name + ".part")
    try:
        if path.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        part.unlink(missing_ok=True)
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise OptionError(
            f"--output {path} cannot be written: {error.strerror}. Choose another file."
        ) from error
    try:
        with open(fd, "wb", buffering=0), closing(_Growing(fd)) as file:  # noqa: PTH123
            yield file.write
            file.sync()
        part.replace(path)
        _sync_folder(path.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    """Make the new name itself survive a power cut."""
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
