"""The orders a table of requests can have: by which of its columns, and which way."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

_LONGEST = 120
"""Characters of a text that are looked at: bounds what an order takes on disk. Beyond it the row number decides."""


class SortColumn(StrEnum):
    """What requests can be sorted by; each is a column of the journal's tables, and its value a name to show."""

    ROW = "row"
    STATE = "state"
    STATUS = "status"
    WHY = "why"
    """The kind of a failure, then its message."""
    METHOD = "method"
    HOST = "host"
    URL = "url"
    """Without its scheme, as tables show it."""
    TRIES = "tries"
    LATENCY = "latency"
    SIZE = "size"
    ENDED = "ended"
    """The order in which requests ended."""
    STARTED = "started"
    """When the attempt that ended last began."""

    @property
    def key(self) -> str:
        """The SQL expression over `requests` to sort by; NULL where a request has no such value."""
        return _KEYS[self]


_KEYS = {
    SortColumn.ROW: "id",
    SortColumn.STATE: "state",
    SortColumn.STATUS: "status",
    SortColumn.WHY: f"substr(kind || ' ' || ifnull(message, ''), 1, {_LONGEST})",
    SortColumn.URL: f"substr(url, instr(url, '://') + 3 * (instr(url, '://') > 0), {_LONGEST})",
    SortColumn.METHOD: "method",
    SortColumn.HOST: "host",
    SortColumn.TRIES: "attempts",
    SortColumn.LATENCY: "elapsed_ms",
    SortColumn.SIZE: "bytes",
    SortColumn.ENDED: "ended",
    SortColumn.STARTED: "ended_at - elapsed_ms / 1000.0",
}


class Order(Struct, frozen=True):
    """A column and a direction. Requests without a value come last either way, equal ones by row number."""

    column: SortColumn
    descending: bool = False

    @property
    def reversed(self) -> Order:
        """The same column the other way."""
        return Order(self.column, not self.descending)
