"""Where a connection keeps temporary tables: in a file with a small cache, so that memory does not grow with them."""

from __future__ import annotations

import sqlite3

from .damage import primary_code

_CACHE_KIB = 4096
_PROBE_OCTETS = 300_000
_NO_FILE = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL)


def keep_lists_on_disk(db: sqlite3.Connection) -> bool:
    """Let temporary tables stand in a file; False where none can be made, and they stand in memory.

    SQLite makes the file readable by its owner alone and takes its name away at once, so that nothing is left of
    it however the process ends. It holds row numbers only, and while it sorts, texts as the journal has them.
    """
    db.execute("PRAGMA temp_store = FILE")
    try:
        _spill(db)
    except sqlite3.OperationalError as error:
        if primary_code(error) not in _NO_FILE:
            raise
        # This empties the temporary database as well.
        db.execute("PRAGMA temp_store = MEMORY")
        return False
    finally:
        db.execute(f"PRAGMA temp.cache_size = -{_CACHE_KIB}")
        # A list that could not be written whole is dropped: what rollback would cost is saved.
        db.execute("PRAGMA temp.journal_mode = OFF")
    return True


def _spill(db: sqlite3.Connection) -> None:
    """Write more than a tiny cache holds: the file is made only when it must be."""
    db.execute("PRAGMA temp.cache_size = 10")
    db.execute("CREATE TEMP TABLE probe(data BLOB)")
    db.execute("INSERT INTO probe SELECT zeroblob(?)", (_PROBE_OCTETS,))
    db.execute("DROP TABLE probe")
