"""Single facts about a run, kept as JSON by name: its job, how far its input was read, its last account."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from .damage import unusable
from .folder import RunFolder
from .reader import connect


def read_meta(path: Path, key: str) -> object:
    """A fact from a journal, or None; raises RunError where the journal cannot be read."""
    with closing(connect(path)) as db:
        try:
            # A process that was killed while it made the journal has left a file without tables.
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
                if RunFolder(path.parent).log.exists():
                    raise unusable(path, ValueError("it is empty, although a run has been at work here"))
                return None
            found = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
            return json.loads(found[0]) if found else None
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise unusable(path, error) from error
