"""What the filter bar may complete: values that this run has."""

from __future__ import annotations

import sqlite3

from ...core.errors import FetchdeckError
from ...core.handle import EngineHandle
from ...core.journal.reader import JournalReader
from ..filter_completion import Known

_HOSTS = 200


async def known_values(reader: JournalReader, engine: EngineHandle) -> Known:
    """Hosts with the busiest first, and the causes of failures with their statuses, the most frequent first."""
    try:
        causes = await reader.causes()
    except (sqlite3.Error, FetchdeckError):
        # The tables say that the journal cannot be read; a filter can be typed without help.
        causes = ()
    statuses = dict.fromkeys(cause.status for cause in causes if cause.status is not None)
    return Known(
        hosts=[row.host for row in engine.hosts(0, _HOSTS) if row.host],
        statuses=list(statuses),
        causes=[cause.id for cause in causes],
    )
