"""The columns a table shows of a request, and how a record of them becomes a row."""

from __future__ import annotations

from ..model import FailureKind, State
from .records import TableRow

ROW_COLUMNS = "id, line, state, method, url, attempts, status, kind, message, bytes, elapsed_ms, ended_at"


def table_row(record: tuple[object, ...]) -> TableRow:
    """Build a row from the columns of `ROW_COLUMNS`, in their order."""
    i, line, state, method, url, attempts, status, kind, *rest = record
    typed_kind = FailureKind(kind) if kind is not None else None
    return TableRow(i, line, State(state), method, url, attempts, status, typed_kind, *rest)  # pyright: ignore
