"""A damaged journal as a whole: whose it is, where its tables begin, and their rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from ...errors import RunError
from .. import schema
from .pages import Pages
from .records import Row, read_page
from .tables import Table
from .trees import Tree


class Damaged:
    """The tables of a damaged journal."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._used: set[int] = set()
        self._free = pages.free()
        self._schema = _schema(pages)
        self._roots = _usual_roots(self._version) | {
            name: root for name, root in self._schema.items() if 1 < root <= pages.count
        }

    @property
    def _version(self) -> int:
        """Of the schema; the newest where the file does not tell."""
        header, newest = self._pages.header, len(schema.MIGRATIONS)
        told = header.user_version if header is not None else newest
        return told if 1 <= told <= newest else newest

    @property
    def doubtful(self) -> bool:
        """Whether commits are lost."""
        return self._pages.doubtful

    def refuse_foreign(self, journal: Path) -> None:
        """Raise RunError for a database of another program, and for a journal of a newer fetchdeck."""
        header = self._pages.header
        if header is None:
            return
        ours = header.application_id == schema.APPLICATION_ID
        if (
            not ours
            and (self._schema or header.application_id)
            and not _usual_roots(1).keys() <= self._schema.keys()
        ):
            raise RunError(
                f"{journal} is no fetchdeck journal, so there is nothing to salvage. It was left as it is."
            )
        if ours and len(schema.MIGRATIONS) < header.user_version < schema.MOST_VERSIONS:
            raise schema.newer(journal, header.user_version)

    def rows(self, table: Table) -> Iterator[Row]:
        """The rows that read: those that can be reached first, then those that were cut off."""
        if table.name not in self._roots:
            return  # of an older journal
        tree = Tree(self._pages, table.shape, self._used)
        yield from tree.rows(self._roots[table.name])
        yield from tree.cut_off(self._free)


def _schema(pages: Pages) -> dict[str, int]:
    """Tables and their root pages, as far as the file's own schema reads."""
    found: dict[str, int] = {}
    waiting, seen = [1], set[int]()
    while waiting:
        number = waiting.pop()
        data = pages.read(number) if number not in seen else None
        seen.add(number)
        page = read_page(data, number, pages.usable, pages.read) if data is not None else None
        if page is None:
            continue
        waiting += [page.last] if page.last else []
        for cell in page.cells:
            if cell is not None and cell.child:
                waiting.append(cell.child)
            match cell.record if cell is not None else None:
                case ("table", str(name), str(), int(root), str()):
                    found[name] = root
                case _:
                    pass
    return found


def _usual_roots(version: int) -> dict[str, int]:
    """Where the tables begin of a journal made by this version: in one order, and their roots never move."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    try:
        schema.prepare(db, Path(":memory:"), version)
        return dict(db.execute("SELECT name, rootpage FROM sqlite_master WHERE type = 'table'"))
    finally:
        db.close()
