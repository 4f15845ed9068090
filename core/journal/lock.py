"""One process owns a run at a time: an advisory lock that the kernel drops when its holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import RunBusyError, RunError
from .folder import RunFolder

_TRIES = 5
_PAUSE_S = 0.01


class RunLock:
    """An exclusive `flock` on the run folder's lock file."""

    def __init__(self, folder: RunFolder) -> None:
        """Take the lock; raises RunBusyError where another process holds it."""
        self._folder = folder
        try:
            self._fd = os.open(folder.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise RunError(
                f"The run folder {folder.path} cannot be used: {error.strerror}. Choose another with --run DIR, or "
                "copy it to where it can be written; 'fetchdeck status' and 'fetchdeck export' work on it as it is."
            ) from error
        try:
            self._take()
        except OSError as error:
            holder = os.read(self._fd, 20).decode("ascii", "replace").strip()
            os.close(self._fd)
            who = f"process {holder}" if holder.isdigit() else "another process"
            raise RunBusyError(
                f"The run in {folder.path} is being worked on by {who}. "
                f"Watch it with 'fetchdeck status {folder.path}', or use another folder (--run OTHER)."
            ) from error
        os.ftruncate(self._fd, 0)
        os.write(self._fd, str(os.getpid()).encode())

    def _take(self) -> None:
        # `is_owned` holds the lock for a moment to try it; who owns the run holds it for good.
        for _ in range(_TRIES - 1):
            with suppress(OSError):
                return fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            time.sleep(_PAUSE_S)
        return fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def release(self) -> None:
        """Let another process own the run."""
        os.ftruncate(self._fd, 0)
        os.close(self._fd)


@contextmanager
def held_still(folder: RunFolder) -> Generator[None]:
    """Keep any process from working on a run while the block lasts, without writing to its folder.

    Raises RunBusyError where a living process owns it.
    """
    if is_owned(folder.path):
        raise RunBusyError(
            f"The run in {folder.path} is being worked on by a process that lives. Stop it first."
        )
    try:
        fd = os.open(folder.lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        yield
        return
    try:
        with suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield
    finally:
        os.close(fd)


def is_owned(folder: Path) -> bool:
    """Whether a living process owns the run in `folder`."""
    try:
        fd = os.open(RunFolder(folder).lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(fd)
