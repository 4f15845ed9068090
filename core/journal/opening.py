"""Opening a journal: for its one writer, and for reading, also where nothing beside it can be written."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from functools import lru_cache
from pathlib import Path

from ..errors import RunError
from . import schema
from .damage import primary_code, unusable
from .lock import is_owned
from .salvage.wal import read_wal

_PRAGMAS = (
    f"page_size = {schema.PAGE_SIZE}",  # of a new file: others keep theirs
    "journal_mode = WAL",
    "synchronous = FULL",
    "cache_size = -32000",
)
_LOG = 16_384_000
"""A log of so many bytes is written back to the database."""
_NO_SHARED_MEMORY = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)


def open_for_writing(path: Path) -> sqlite3.Connection:
    """The connection that changes a journal, which is made, private to its owner, where there is none.

    Raises RunError where the file cannot be used; it is left as it is.
    """
    mask = os.umask(0o077)
    try:
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise unusable(path, error) from error
    finally:
        os.umask(mask)
    try:
        # Before anything that writes: even the switch to WAL would change a file that is not ours.
        schema.check(db, path)
        for pragma in _PRAGMAS:
            db.execute(f"PRAGMA {pragma}")
        size: int = db.execute("PRAGMA page_size").fetchone()[0]
        db.execute(f"PRAGMA wal_autocheckpoint = {_LOG // size}")
        schema.prepare(db, path)
    except sqlite3.Error as error:
        db.close()
        raise unusable(path, error) from error
    except RunError:
        db.close()
        raise
    return db


def open_for_reading(path: Path) -> sqlite3.Connection:
    """A read-only connection, usable from any thread; raises RunError where there can be none.

    SQLite reads a journal in WAL mode through a `-shm` file, which it makes if it is missing
    (https://www.sqlite.org/wal.html#read_only_databases): on a read-only file system it cannot. There a journal
    whose log is empty is opened as immutable, and one that was killed is read from a private copy.
    """
    _refuse_broken_log(path)
    uri = f"{path.resolve().as_uri()}?mode=ro"
    try:
        return _connect(uri)
    except sqlite3.Error as error:
        if primary_code(error) not in _NO_SHARED_MEMORY or is_owned(path.parent):
            raise unusable(path, error) from error
    log = path.with_name(f"{path.name}-wal")
    try:
        if not log.exists() or not log.stat().st_size:
            return _connect(f"{uri}&immutable=1")
        return _connect_to_copy(path, log)
    except sqlite3.Error as error:
        raise unusable(path, error) from error
    except OSError as error:
        raise RunError(
            f"{path} cannot be read where it is ({error.strerror}). Copy its folder to a place that can be written."
        ) from error


def _refuse_broken_log(path: Path) -> None:
    """Raise RunError where a killed run's log is damaged: SQLite would silently go back to before the damage."""
    if is_owned(path.parent):
        return
    log = path.with_name(f"{path.name}-wal")
    try:
        state = log.stat()
        doubtful = _is_doubtful(log, state.st_ino, state.st_size, state.st_mtime_ns)
    except OSError:
        return
    if doubtful and not is_owned(path.parent):
        raise unusable(path, ValueError("its write-ahead log is broken, and commits in it are lost"))


@lru_cache(8)
def _is_doubtful(log: Path, inode: int, size: int, changed_ns: int) -> bool:
    """Whether commits in a log are lost; raises OSError.

    Found out once for a state of the file: it takes 20 ms a megabyte, and to resume a run opens its journal four times.
    """
    return read_wal(log, None).doubtful


def _connect_to_copy(path: Path, log: Path) -> sqlite3.Connection:
    with tempfile.TemporaryDirectory(prefix="fetchdeck-") as place:
        for file in (path, log):
            shutil.copyfile(file, Path(place, file.name))
        # The connection holds its files open; their names may go at once.
        return _connect(f"{Path(place, path.name).as_uri()}?mode=ro")


def _connect(uri: str) -> sqlite3.Connection:
    db = sqlite3.connect(
        uri,
        uri=True,
        check_same_thread=False,
        timeout=10,
        isolation_level=None,  # no statement leaves a read transaction open behind it
    )
    try:
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        db.close()
        raise
    return db
