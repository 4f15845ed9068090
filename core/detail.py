"""One request in full, as the inspector and `copy as curl` show it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import replace

from .errors import FetchdeckError
from .job import Templates
from .journal.reader import JournalReader
from .journal.records import RequestDetail
from .model import State
from .requests.templates import RequestBuilder
from .secrets.sealing import unseal


class _MaskedEnvironment(Mapping[str, str]):
    """An environment in which every variable is set, and none tells its value."""

    def __getitem__(self, name: str) -> str:
        return "***"

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


async def request_detail(reader: JournalReader, request: int) -> RequestDetail | None:
    """All that is known of one request, headers and body rendered with secrets masked; None if unknown."""
    detail = await reader.detail(request)
    if detail is None or detail.row.state is State.INVALID:
        return detail
    return await reader.read(lambda db: _rendered(db, detail))


def _rendered(db: sqlite3.Connection, detail: RequestDetail) -> RequestDetail:
    job = db.execute("SELECT value FROM meta WHERE key = 'job'").fetchone()
    stored = db.execute("SELECT row, spec FROM requests WHERE id = ?", (detail.row.id,)).fetchone()
    if job is None or stored is None:
        return detail
    fields = json.loads(job[0])["templates"]
    templates = Templates(
        url=fields["url"],
        method=fields["method"],
        headers=tuple((name, value) for name, value in fields["headers"]),
        data=fields["data"],
        json=fields["json"],
    )
    try:
        row = unseal(detail.row.id, detail.row.line, *stored)
        sent = RequestBuilder(templates, _MaskedEnvironment()).build(row)
    except FetchdeckError:
        # A masked value may not fit where the real one did, in a host name say; what was stored still holds.
        return detail
    return replace(detail, headers=sent.headers, body=sent.body)
