"""Deleting body files that a killed process has left behind."""

from __future__ import annotations

import sqlite3

from .folder import RunFolder


def sweep_bodies(folder: RunFolder, db: sqlite3.Connection) -> None:
    """Delete every file below `bodies/` that no response names.

    Only a kill can leave such files: a body is renamed before its row is committed, and a superseded one is
    deleted after.
    """
    for file in (*folder.bodies.glob("*"), *folder.bodies.glob("*/*")):
        if not file.is_file():
            continue
        request = file.name.partition("-")[0]
        found = db.execute("SELECT body_path FROM responses WHERE request = ?", (request,)).fetchone()
        if found is None or found[0] != str(file.relative_to(folder.path)):
            file.unlink(missing_ok=True)
