"""One request in full, as the inspector and `copy as curl` show it."""

from __future__ import annotations

from .journal.reader import JournalReader
from .journal.records import RequestDetail


async def request_detail(reader: JournalReader, request: int) -> RequestDetail | None:
    """All that is known of one request, headers and body rendered with secrets masked, or None."""
    return await reader.detail(request)
