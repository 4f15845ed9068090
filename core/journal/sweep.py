"""Body files that are to go: those that a killed process has left behind, and those that others replace."""

from __future__ import annotations

import sqlite3

from .entries import Ended
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


def replaced_bodies(db: sqlite3.Connection, ended: list[Ended]) -> list[str]:
    """Body files of earlier attempts that the replies of these replace."""
    again = [(one.id,) for one in ended if one.attempt > 1 and one.reply is not None]
    found = (
        db.execute("SELECT body_path FROM responses WHERE request = ?", request).fetchone()
        for request in again
    )
    return [row[0] for row in found if row is not None and row[0] is not None]
