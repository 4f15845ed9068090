"""Saving the body of a response: the name that is offered, what was typed, and the writing."""

from __future__ import annotations

import itertools
import os
import tempfile
from pathlib import Path

from ...core.errors import OptionError
from ...core.printable import printable
from .source import BodySource

_CHUNK = 1_048_576
_MODE = 0o600


def offered_name(request: int, ending: str) -> str:
    """`row-NNN.json` in the working directory, or with a number behind it the first that is not taken."""
    names = itertools.chain(
        [f"row-{request}.{ending}"], (f"row-{request}-{n}.{ending}" for n in itertools.count(2))
    )
    return next(name for name in names if not Path(name).exists())


class SaveName:
    """Understands a typed file name; one that is taken must be given twice, since saving replaces it."""

    def __init__(self) -> None:
        self._warned_of: Path | None = None

    def __call__(self, text: str) -> Path:
        """The file to write; raises OptionError for one that cannot be, or that nobody has agreed to replace."""
        typed = text.strip()
        if not typed:
            raise OptionError("Type a file name.")
        if printable(typed) != typed:
            raise OptionError(f"{typed} has characters that no file name should have.")
        try:
            file = Path(typed).expanduser()
            if file.is_dir():
                raise OptionError(f"{file} is a folder. Type the name of a file in it.")
            if not file.parent.is_dir():
                raise OptionError(f"There is no folder {file.parent}. Make it first, or type another name.")
            taken = file.exists() or file.is_symlink()
        except (OSError, RuntimeError, ValueError) as error:
            raise OptionError(f"{typed} cannot be written: it is no valid file name.") from error
        if taken and file != self._warned_of:
            self._warned_of = file
            raise OptionError(f"{file} exists. Press enter again to replace it, or type another name.")
        return file

    def replaces(self, file: Path) -> bool:
        """Whether the user agreed to replace this file."""
        return file == self._warned_of


def save(source: BodySource, file: Path, *, replace: bool) -> int:
    """Write a body to a file that its owner alone may read; returns its octets. Blocks; raises OSError.

    A whole file takes the name or none does; a file that appeared meanwhile is not replaced without leave.
    """
    handle, name = tempfile.mkstemp(prefix=".fetchdeck-", dir=file.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            os.fchmod(out.fileno(), _MODE)
            written = 0
            while data := source.read(written, _CHUNK):
                out.write(data)
                written += len(data)
        if not replace:
            # Takes the name, or fails where somebody else has it by now.
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _MODE))
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return written
