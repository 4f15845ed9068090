"""Whether a journal may be deleted because its user wants to start over: ours, also when damaged; nobody else's."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from ..errors import RunError
from . import schema
from .folder import RunFolder

_MAGIC = b"SQLite format 3\x00"


def refuse_to_discard(folder: RunFolder) -> None:
    """Raise RunError where the journal's place is taken by something that no run of this fetchdeck has made.

    A damaged file is ours by its mark, or where its mark does not read, by the log of a run beside it.
    """
    journal = folder.journal
    refusal = RunError(
        f"{journal} is no fetchdeck journal, so --fresh does not discard it. It was left as it is; "
        "use another folder (--run OTHER)."
    )
    if not journal.is_file():
        raise refusal
    try:
        with journal.open("rb") as file:
            head = file.read(100)
    except OSError as error:
        raise RunError(
            f"{journal} cannot be read: {error.strerror}. Use another folder (--run OTHER)."
        ) from error
    if head.startswith(_MAGIC) and len(head) == 100:
        if int.from_bytes(head[68:72], "big") != schema.APPLICATION_ID and not _unfinished(folder):
            raise refusal
        version = int.from_bytes(head[60:64], "big")
        if len(schema.MIGRATIONS) < version < schema.MOST_VERSIONS:
            raise schema.newer(journal, version)
    elif head and not folder.log.is_file():
        raise refusal


def _unfinished(folder: RunFolder) -> bool:
    """Whether it is what a process leaves that was killed while it made the journal: a file without tables."""
    try:
        with closing(sqlite3.connect(f"{folder.journal.resolve().as_uri()}?mode=ro", uri=True)) as db:
            schema.check(db, folder.journal)
    except (sqlite3.Error, RunError):
        return False
    return True
