"""Writing many rows at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain

Values = tuple[object, ...]
Rows = Mapping[str, Sequence[Values]]
"""Rows by the statement that writes them."""
_BLOCK = 50
"""Rows that one statement inserts: a statement for each costs half as much again."""


def insert(db: sqlite3.Connection, rows: Rows) -> None:
    """Insert rows; each statement ends with VALUES."""
    for statement, found in rows.items():
        if not found:
            continue
        columns, whole = len(found[0]), len(found) // _BLOCK * _BLOCK
        for start in range(0, whole, _BLOCK):
            block = chain.from_iterable(found[start : start + _BLOCK])
            db.execute(_inserting(statement, columns, _BLOCK), tuple(block))
        db.executemany(_inserting(statement, columns, 1), found[whole:])


def update(db: sqlite3.Connection, rows: Rows) -> int:
    """Carry out statements with these values; returns how many rows they have changed."""
    return sum(db.executemany(statement, found).rowcount for statement, found in rows.items() if found)


@lru_cache
def _inserting(statement: str, columns: int, rows: int) -> str:
    return statement + ",".join([f"({','.join('?' * columns)})"] * rows)
