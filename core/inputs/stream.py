"""The bytes of an input: a file, a pipe or standard input, read off the loop."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import aiofiles
import aiofiles.threadpool

from ..errors import InputError
from .lines import readable

_SAMPLE = 64 * 1024


class ByteStream:
    """An open input, with one thread of its own, so that slow name look-ups never hold it up."""

    def __init__(self, name: str, suffix: str = "", identity: str | None = None) -> None:
        """Nothing is open before `open` or `adopt`."""
        self.name = name
        """What messages call it."""
        self.suffix = suffix
        """The lower-case suffix of its name, empty for a pipe."""
        self.identity = identity
        """A fingerprint where it is a regular file, which can be read again; None for others."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="input")
        self._file: Any = None
        self._read: Any = None
        self._owned = False

    async def open(self, path: str) -> ByteStream:
        """Open a path; raises OSError."""
        try:
            self._file = await aiofiles.open(path, "rb", buffering=0, executor=self._thread)
        except BaseException:
            await self.close()
            raise
        self._owned = True
        self._read = self._file.read
        return self

    def adopt(self, file: BinaryIO) -> ByteStream:
        """Read from a file that is open and stays the caller's."""
        self._file = aiofiles.threadpool.wrap(file, executor=self._thread)
        # `read` of a buffered file would wait for the whole chunk, `read1` returns what there is.
        self._read = getattr(self._file, "read1", self._file.read)
        return self

    async def read(self, size: int) -> bytes:
        """At most so many bytes, none at the end; raises OSError."""
        if self.identity is None:
            await readable(self._file)
        data: bytes = await self._read(size)
        return data

    async def seek(self, offset: int) -> None:
        """Go on reading elsewhere; for regular files alone."""
        await self._file.seek(offset)

    async def close(self) -> None:
        """Close what `open` opened."""
        file, self._file = self._file, None
        if file is not None and self._owned:
            await file.close()
        self._thread.shutdown(wait=False)


async def open_stream(path: str, stdin: BinaryIO | None) -> ByteStream:
    """Open an input by its path, or standard input for `-`; raises InputError where it cannot be read."""
    if path == "-":
        file = stdin if stdin is not None else getattr(sys.stdin, "buffer", None)
        if file is None:
            raise InputError("There is no standard input to read. Name a file, or pipe something in.")
        return ByteStream("standard input").adopt(file)
    try:
        identity = await asyncio.to_thread(_inspect, path)
        suffix = Path(path).suffix.lower() if identity is not None else ""
        return await ByteStream(path, suffix, identity).open(path)
    except OSError as error:
        raise unreadable(path, error) from error
    except ValueError as error:
        raise InputError(f"The input {path!r} cannot be the name of a file. Name one that exists.") from error


def unreadable(name: str, error: OSError) -> InputError:
    """What to tell of an input that the system refuses to read."""
    if isinstance(error, FileNotFoundError):
        return InputError(f"There is no input {name}. Check the name and the folder.")
    if isinstance(error, IsADirectoryError):
        return InputError(f"The input {name} is a folder. Name a file in it.")
    if isinstance(error, PermissionError):
        return InputError(f"The input {name} may not be read. Change its permissions, or name another file.")
    return InputError(
        f"The input {name} cannot be read: {error.strerror or error}. Try again, or copy it elsewhere."
    )


def _inspect(path: str) -> str | None:
    """The fingerprint of a regular file; None for a pipe or a device. Raises OSError."""
    mode = Path(path).stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(path)
    if not stat.S_ISREG(mode):
        return None
    with Path(path).open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        digest = hashlib.sha256(file.read(_SAMPLE))
        file.seek(max(0, size - _SAMPLE))
        digest.update(file.read(_SAMPLE))
    return f"{size}-{digest.hexdigest()}"
