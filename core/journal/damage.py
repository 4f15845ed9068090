"""What to say of a journal that cannot be used, and what its user can do about it."""

from __future__ import annotations

import shlex
import sqlite3
from pathlib import Path

from ..errors import RunError

_PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)
"""Results of the disk, of permissions and of other programs, which say nothing against the file itself."""

_NO_TEXT = "Could not decode to UTF-8"
"""How Python begins to say that a text is none; what follows is the text."""


def primary_code(error: BaseException) -> int | None:
    """SQLite's primary result code; None where the error did not come from SQLite's library."""
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None


def may_pass(error: BaseException) -> bool:
    """Whether the same work may well succeed later: there is room again, or the disk is back."""
    if not isinstance(error, sqlite3.Error):
        return isinstance(error, OSError)
    if _moved(error):
        return False
    code = primary_code(error)
    return code in _PASSING if code is not None else _outside(error)


def _moved(error: BaseException) -> bool:
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_READONLY_DBMOVED


def _outside(error: sqlite3.Error) -> bool:
    """Whether an error without a code is no complaint of Python's about a text in the file."""
    return isinstance(error, sqlite3.OperationalError) and not str(error).startswith(_NO_TEXT)


def unusable(path: Path, error: BaseException, *, written: bool = False) -> RunError:
    """The refusal of the journal at `path`, with what to do, for an error that came up in using it.

    With `written` it came up after this process had changed the file.
    """
    left = "Writing stopped there." if written else "It was left as it is."
    code = primary_code(error)
    if code == sqlite3.SQLITE_NOTADB:
        return RunError(f"{path} is damaged or no fetchdeck journal ({error}). {left} {_advice(path)}")
    if _moved(error):
        return RunError(
            f"{path} was moved or deleted while the run went on. Put it back, and resume the run."
        )
    if may_pass(error):
        return RunError(f"{path} cannot be used: {error}. See to its disk and permissions, and try again.")
    what = _NO_TEXT if str(error).startswith(_NO_TEXT) else str(error) or type(error).__name__
    return RunError(f"{path} is damaged ({what}). {left} {_advice(path)}")


def salvage_command(folder: Path) -> str:
    """The command that saves what still reads of the run in `folder`."""
    new = folder.with_name(f"{folder.name.removesuffix('.run')}-salvaged.run")
    return f"fetchdeck salvage {shlex.quote(str(folder))} {shlex.quote(str(new))}"


def _advice(path: Path) -> str:
    return (
        f"Save what still reads with '{salvage_command(path.parent)}', or use another folder (--run OTHER)."
    )
