"""Requests as users have edited them, kept without their secrets."""

from __future__ import annotations

import json
import sqlite3

from msgspec import Struct

from ..model import Headers

EDITED = 4
"""Set in `requests.sealed` where a request was edited: what is sent is made of its `edits`."""
Origins = dict[str, tuple[tuple[str, int] | None, ...]]
"""For each text of an edited request, what its masks stand for.

Either a mask of the request as its row made it (the text that this stands in, and which mask of it), or None for a
secret that a user wrote, which is not stored.
"""


class Edit(Struct, frozen=True):
    """What the journal keeps of an edited request beside its method and URL; texts are masked."""

    headers: Headers
    body: bytes | None
    origins: Origins
    first_url: str
    """The URL that its row made, masked."""


class Stored(Struct, frozen=True):
    """A request as the journal has it, to be edited; texts are masked."""

    id: int
    state: int
    line: int
    method: str
    url: str
    row: str
    spec: str | None
    sealed: int
    edit: Edit | None


def read_edit(db: sqlite3.Connection, request: int) -> Edit | None:
    """How a request was edited last."""
    found = db.execute(
        "SELECT headers, body, origins, first_url FROM edits WHERE request = ?", (request,)
    ).fetchone()
    if found is None:
        return None
    headers, body, origins, first_url = found
    return Edit(
        tuple((str(name), str(value)) for name, value in json.loads(headers)),
        body,
        {
            key: tuple((one[0], one[1]) if one is not None else None for one in of)
            for key, of in json.loads(origins).items()
        },
        first_url,
    )


def write_edit(db: sqlite3.Connection, request: int, edit: Edit) -> None:
    """Keep how a request is edited now."""
    db.execute(
        "INSERT OR REPLACE INTO edits VALUES (?, ?, ?, ?, ?)",
        (request, json.dumps(edit.headers), edit.body, json.dumps(edit.origins), edit.first_url),
    )


def read_stored(db: sqlite3.Connection, request: int) -> Stored | None:
    """A request as it stands now, or None for an unknown id."""
    found = db.execute(
        "SELECT id, state, line, method, url, row, spec, sealed FROM requests WHERE id = ?", (request,)
    ).fetchone()
    if found is None:
        return None
    return Stored(*found, edit=read_edit(db, request) if found[-1] & EDITED else None)
