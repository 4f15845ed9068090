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


def primary_code(error: BaseException) -> int | None:
    """SQLite's primary result code; None where the error did not come from SQLite's library."""
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None


def may_pass(error: BaseException) -> bool:
    """Whether the same work may well succeed later: there is room again, or the disk is back."""
    if isinstance(error, sqlite3.Error):
        moved = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_READONLY_DBMOVED
        code = primary_code(error)
        return not moved and (
            code in _PASSING if code is not None else isinstance(error, sqlite3.OperationalError)
        )
    return isinstance(error, OSError)


def unusable(path: Path, error: BaseException) -> RunError:
    """The refusal of the journal at `path`, with what to do, for an error that came up in using it."""
    code = primary_code(error)
    if code == sqlite3.SQLITE_NOTADB:
        return RunError(
            f"{path} is damaged or no fetchdeck journal ({error}). It was left as it is. {_advice(path)}"
        )
    if (
        isinstance(error, sqlite3.Error)
        and getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_READONLY_DBMOVED
    ):
        return RunError(
            f"{path} was moved or deleted while the run went on. Put it back, and resume the run."
        )
    if may_pass(error):
        return RunError(f"{path} cannot be used: {error}. See to its disk and permissions, and try again.")
    return RunError(
        f"{path} is damaged ({error or type(error).__name__}). It was left as it is. {_advice(path)}"
    )


def salvage_command(folder: Path) -> str:
    """The command that saves what still reads of the run in `folder`."""
    new = folder.with_name(f"{folder.name.removesuffix('.run')}-salvaged.run")
    return f"fetchdeck salvage {shlex.quote(str(folder))} {shlex.quote(str(new))}"


def _advice(path: Path) -> str:
    return (
        f"Save what still reads with '{salvage_command(path.parent)}', or use another folder (--run OTHER)."
    )
