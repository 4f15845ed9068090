"""Which requests ended in the session that a journal has last seen begin."""

from __future__ import annotations

import sqlite3

from ..model import State
from .reader import JournalReader

_ENDED_BY_A_SERVER = (State.SUCCEEDED, State.FAILED)


async def ended_lately(reader: JournalReader, most: int) -> tuple[int, ...]:
    """The requests that succeeded or failed in the last session, at most the newest `most` of each, by number."""
    return await reader.read(lambda db: _ended(db, most))


def _ended(db: sqlite3.Connection, most: int) -> tuple[int, ...]:
    began = db.execute("SELECT ifnull(max(started), 0) FROM sessions").fetchone()[0]
    sql = "SELECT id, ended_at FROM requests WHERE state = ? ORDER BY ended DESC LIMIT ?"
    rows = [row for state in _ENDED_BY_A_SERVER for row in db.execute(sql, (int(state), most))]
    return tuple(sorted(id_ for id_, ended_at in rows if ended_at >= began))
