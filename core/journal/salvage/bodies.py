"""Body files on their way into another run folder: whole, or not at all."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from ...errors import RunError

_CHUNK = 1 << 20


def copy_body(source: Path, target: Path, size: int) -> bool:
    """Copy a regular file of exactly `size` bytes, durably; False where it is missing, another, or unreadable.

    Raises RunError where the copy cannot be written.
    """
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size != size:
            return False
        return _copied(descriptor, target, size)
    finally:
        os.close(descriptor)


def _copied(descriptor: int, target: Path, size: int) -> bool:
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with target.open("xb", buffering=0) as copy:
            while size:
                piece = _read(descriptor)
                if not piece:
                    break
                copy.write(piece)
                size -= len(piece)
            os.fsync(copy.fileno())
    except OSError as error:
        raise RunError(
            f"{target} cannot be written: {error.strerror}. Make room, or name another folder."
        ) from error
    if size:
        with suppress(OSError):
            target.unlink()
    return not size


def _read(descriptor: int) -> bytes:
    """The next piece; none at the end, and none where the disk does not give it back."""
    try:
        return os.read(descriptor, _CHUNK)
    except OSError:
        return b""
