"""Where an export goes: a file that appears whole or not at all, or standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path

from ..durable import sync, write_back, write_whole
from ..errors import OptionError

STDOUT = Path("-")


class _Growing:
    """A file that the disk takes while it grows, so that the last sync, and a journal's, find little to do.

    A million rows take five seconds of one core so; with a buffer, and all left to that sync, they take six.
    """

    def __init__(self, descriptor: int) -> None:
        """The descriptor is closed with it."""
        self._descriptor = descriptor
        self._size = 0

    def write(self, data: bytes) -> None:
        """Add octets; raises OSError."""
        write_whole(self._descriptor, data)
        write_back(self._descriptor, self._size, len(data))
        self._size += len(data)

    def sync(self) -> None:
        """Make all of it durable; raises OSError, also for what the disk has refused on the way."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close it."""
        os.close(self._descriptor)


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
        with closing(_Growing(fd)) as file:
            yield file.write
            file.sync()
        part.replace(path)
        sync(path.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
