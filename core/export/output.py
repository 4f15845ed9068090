"""Where an export goes: a file that appears whole or not at all, or standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path

from ..durable import GrowingFile, sync
from ..errors import OptionError

STDOUT = Path("-")


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
        with closing(GrowingFile(fd)) as file:
            yield file.write
            file.sync()
        part.replace(path)
        sync(path.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
