"""What a look at one cause of failure shows beside its counts: a failure of it, and the hosts it struck at."""

from __future__ import annotations

import sqlite3

from msgspec import Struct

from .reader import JournalReader
from .records import TableRow
from .rows import ROW_COLUMNS, table_row

LOOKED_AT = 1_000
"""Failures whose hosts are counted, the newest: a cause may have a million."""
_MOST_HOSTS = 5
_HOSTS = """
SELECT host, count(*) AS n FROM (SELECT host FROM requests WHERE cause = ? AND state = 4 ORDER BY ended DESC LIMIT ?)
GROUP BY host ORDER BY n DESC, host
"""
_SAMPLE = f"SELECT {ROW_COLUMNS} FROM requests WHERE id = ?"  # noqa: S608


class CauseDetail(Struct, frozen=True):
    """A look at one cause."""

    sample: TableRow | None
    """A request that failed by it; None where it has just been retried."""
    hosts: tuple[tuple[str, int], ...]
    """The busiest hosts of its newest failures, and how many each has."""
    hosts_in_all: int
    """How many hosts these failures have."""
    looked_at: int
    """How many failures these are."""


async def cause_detail(reader: JournalReader, cause: int, sample: int) -> CauseDetail:
    """Read it; the cost is bounded, however many failures there are."""
    return await reader.read(lambda db: _detail(db, cause, sample))


def _detail(db: sqlite3.Connection, cause: int, sample: int) -> CauseDetail:
    hosts = [(str(host), int(n)) for host, n in db.execute(_HOSTS, (cause, LOOKED_AT))]
    found = db.execute(_SAMPLE, (sample,)).fetchone()
    return CauseDetail(
        sample=table_row(found) if found is not None else None,
        hosts=tuple(hosts[:_MOST_HOSTS]),
        hosts_in_all=len(hosts),
        looked_at=sum(n for _, n in hosts),
    )
