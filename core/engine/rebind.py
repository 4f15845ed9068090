"""Going on with a run whose journal was salvaged without its job: the user gives the first command again."""

from __future__ import annotations

import asyncio
import shlex
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from ..errors import RowError, RunError
from ..journal.damage import unusable
from ..journal.folder import RunFolder
from ..journal.meta import read_meta
from ..journal.reader import connect
from ..model import BadRow, Row
from ..secrets.sealing import seal
from .plan import Plan


def no_job(folder: RunFolder) -> RunError:
    """The refusal to resume what has no job, in words that say how to go on."""
    place = shlex.quote(str(folder.path))
    if not lacks_job(folder):
        return RunError(
            f"There is no run in {folder.path}. Start one with 'fetchdeck run INPUT --run {place}'."
        )
    return RunError(
        f"The run in {folder.path} was salvaged, but its input and templates could not be read. Give the first "
        f"command again with --run {place} to go on, or save what is there with 'fetchdeck export {place} -o FILE'."
    )


def lacks_job(folder: RunFolder) -> bool:
    """Whether a salvaged run is here that does not know its job; raises RunError where the journal is unusable."""
    if not folder.has_run or read_meta(folder.journal, "job") is not None:
        return False
    return read_meta(folder.journal, "salvaged") is not None


async def check_rows(folder: RunFolder, records: Sequence[Row | BadRow], plan: Plan) -> None:
    """Compare the first records of the input with what the journal has of them.

    Raises RunError where one has become another request: then it is not the run's input, or not its templates.
    """
    rows = [record for record in records if isinstance(record, Row)]
    stored = await asyncio.to_thread(_stored, folder, [row.id for row in rows])
    for row in rows:
        if row.id in stored and _made(row, plan) not in (None, stored[row.id]):
            raise RunError(
                f"The run in {folder.path} is another one: line {row.line} of the input became {stored[row.id][1]} "
                "there. Give the command that it was started with, or use --run OTHER for a new run."
            )


def _made(row: Row, plan: Plan) -> tuple[Any, ...] | None:
    try:
        one = seal(row, plan.builder.build(row), plan.redactor)
    except RowError:
        return None
    return one.method, one.url, one.row, one.spec


def _stored(folder: RunFolder, ids: list[int]) -> dict[int, tuple[Any, ...]]:
    sql = "SELECT method, url, row, spec FROM requests WHERE id = ? AND state != 6"
    try:
        with closing(connect(folder.journal)) as db:
            found = {number: db.execute(sql, (number,)).fetchone() for number in ids}
    except sqlite3.Error as error:
        raise unusable(folder.journal, error) from error
    return {number: row for number, row in found.items() if row is not None}
