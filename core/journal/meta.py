"""Single facts about a run, kept as JSON by name: its job, how far its input was read, its last account."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

from .reader import connect


def read_meta(path: Path, key: str) -> object:
    """A fact from a journal, or None; raises RunError where the journal cannot be read."""
    with closing(connect(path)) as db:
        found = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return json.loads(found[0]) if found else None
