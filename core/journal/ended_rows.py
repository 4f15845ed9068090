"""Which requests of a run a server has had the last word on."""

from __future__ import annotations

import sqlite3

from ..model import State
from .reader import JournalReader

_BY_A_SERVER = (State.SUCCEEDED, State.FAILED)


async def ended_rows(reader: JournalReader, most: int) -> tuple[int, ...]:
    """The requests that succeeded or failed, by number: the `most` of each that ended last."""
    return await reader.read(lambda db: _ended(db, most))


def _ended(db: sqlite3.Connection, most: int) -> tuple[int, ...]:
    sql = "SELECT id FROM requests WHERE state = ? ORDER BY ended DESC LIMIT ?"
    return tuple(sorted(row[0] for state in _BY_A_SERVER for row in db.execute(sql, (int(state), most))))
