"""One request in full, as the inspector and `copy as curl` show it."""

from __future__ import annotations

import json
import sqlite3

from msgspec.structs import replace

from .journal.edits import read_stored
from .journal.reader import JournalReader
from .journal.records import RequestDetail
from .model import EditedRequest, State
from .requests.masked import shown_request, stored_templates
from .secrets import masks


async def request_detail(reader: JournalReader, request: int) -> RequestDetail | None:
    """All that is known of one request, headers and body rendered with secrets masked; None if unknown."""
    detail = await reader.detail(request)
    if detail is None or detail.row.state is State.INVALID:
        return detail
    return await reader.read(lambda db: _rendered(db, detail))


def check_masks(detail: RequestDetail, edited: EditedRequest) -> None:
    """Refuse an edit of a request in which a mask was moved to where nobody knows what it stands for.

    `detail` is what the editor began with. Raises EditError with a sentence for the user; `EngineHandle.resend`, which
    does not wait for the disk, can tell that only in an event.
    """
    shown = masks.fields(detail.row.url, detail.headers, detail.body)
    masks.origins(shown, masks.fields(edited.url, edited.headers, edited.body))


def _rendered(db: sqlite3.Connection, detail: RequestDetail) -> RequestDetail:
    job = db.execute("SELECT value FROM meta WHERE key = 'job'").fetchone()
    stored = read_stored(db, detail.row.id)
    if stored is None:
        return detail
    if stored.edit is not None:
        return replace(detail, headers=stored.edit.headers, body=stored.edit.body, edited=True)
    if job is None:
        return detail
    templates = stored_templates(json.loads(job[0])["templates"])
    headers, body = shown_request(templates, stored.id, stored.line, stored.row, stored.spec)
    return replace(detail, headers=headers, body=body)
