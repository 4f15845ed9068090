"""What a row of each table must look like to be believed: a damaged page may give anything."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ...latencies import Latencies
from ...model import FailureKind, State
from ..folder import body_name
from .records import Cell, Row
from .trees import Entry, Shape

_Number = Annotated[int, Meta(ge=0, lt=2**53)]
_Ordinal = Annotated[int, Meta(ge=1, lt=2**53)]
_Flag = Annotated[int, Meta(ge=0, le=1)]
_Moment = Annotated[float, Meta(ge=0, lt=1e11)]
_Span = Annotated[float, Meta(ge=0, lt=1e13)]
_Status = Annotated[int, Meta(ge=0, le=9999)]
_Method = Annotated[str, Meta(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]*$")]
_object = msgspec.json.Decoder(dict[str, Any]).decode
_pairs = msgspec.json.Decoder(list[tuple[str, str]]).decode
_origins = msgspec.json.Decoder(dict[str, list[tuple[str, int] | None]]).decode
_hops = msgspec.json.Decoder(list[tuple[str, int]]).decode
_latencies = msgspec.json.Decoder(list[Annotated[int, Meta(ge=-1000, lt=2**53)]]).decode
_COUNTERS = frozenset({state.label for state in State} | {"bytes", "requeues", "ended"})


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the journal's newest schema."""

    name: str
    columns: tuple[str, ...]
    types: Any
    """A msgspec structure of its columns."""
    sound: Callable[[Any], bool]
    """Whether columns that are right by themselves go together; may raise ValueError."""
    key: int = 0
    """Columns of the primary key; 0 for a table with row numbers, the first column being the number."""
    late: int = 0
    """Columns at its end that older journals lack, and rows that were written by them; NULL there."""

    @property
    def shape(self) -> Shape:
        """How to tell its rows from others."""
        return Shape(by_rowid=self.key == 0, entry=self._entry)

    def _entry(self, cell: Cell) -> Entry | None:
        row = cell.record
        if row is None or not 0 <= (missing := len(self.columns) - len(row)) <= self.late:
            return None
        row += (None,) * missing
        if not self.key:
            if row[0] is not None:
                return None
            row = (cell.rowid, *row[1:])
        checked = self._checked(row)
        if checked is None:
            return None
        return (checked[: self.key] if self.key else cell.rowid), checked

    def _checked(self, row: Row) -> Row | None:
        try:
            typed = msgspec.convert(row, self.types, builtin_types=(bytes,))
            return row if self.sound(typed) else None
        except ValueError:  # msgspec's errors are some, too
            return None


def _request(row: Any) -> bool:
    _object(row.row)
    if row.spec is not None:
        _object(row.spec)
    state: State = row.state
    if state.terminal != (row.ended is not None):
        return False
    if state is State.SUCCEEDED:
        return row.kind is None and row.status is not None and row.bytes is not None
    if state is State.FAILED:
        return row.kind is not None
    return state is not State.INVALID or row.kind is FailureKind.INVALID


def _attempt(row: Any) -> bool:
    return row.hops is None or bool(_hops(row.hops))


def _response(row: Any) -> bool:
    body, path = row.body, row.body_path
    if path is not None:
        return body is None and is_body_path(path, row.request)
    return body is not None and len(body) == row.bytes


def is_body_path(path: str, request: int) -> bool:
    """Whether this is a name that the engine gives to a body of this request, and no other place on the disk."""
    found = re.fullmatch(r"bodies/\d{5,}/\d+-(\d{1,9})\.body", path, re.ASCII)
    return found is not None and path == f"bodies/{body_name(request, int(found[1]))}.body"


def _meta(row: Any) -> bool:
    value = _object(row.value)
    if row.key == "job":
        return {"input", "identity", "format", "templates", "sealed", "options"} <= value.keys()
    if row.key == "ingest":
        rows = value.get("rows")
        return isinstance(rows, int) and rows >= 0 and isinstance(value.get("done"), bool)
    return True


def _counter(row: Any) -> bool:
    return row.name in _COUNTERS


def _event(row: Any) -> bool:
    return re.fullmatch(r"[a-z_]{1,32}", row.kind) is not None


def _edit(row: Any) -> bool:
    _pairs(row.headers)
    _origins(row.origins)
    return True


def _stretch(row: Any) -> bool:
    counted = Latencies.read(_latencies(row.latencies)).total
    return counted == row.succeeded + row.failed


def _always(_row: Any) -> bool:
    return True


def _table(
    name: str, columns: dict[str, Any], sound: Callable[[Any], bool], key: int = 0, late: int = 0
) -> Table:
    types = msgspec.defstruct(name, list(columns.items()), array_like=True, gc=False)
    return Table(name, tuple(columns), types, sound, key, late)


META = _table("meta", {"key": str, "value": str}, _meta, key=1)
COUNTERS = _table("counters", {"name": str, "n": _Number}, _counter, key=1)
REQUESTS = _table(
    "requests",
    {
        "id": _Number,
        "state": State,
        "attempts": _Number,
        "tries": _Number,
        "sealed": Annotated[int, Meta(ge=0, le=7)],
        "sent": _Flag,
        "line": _Number,
        "method": _Method,
        "url": str,
        "host": str,
        "row": str,
        "spec": str | None,
        "status": _Status | None,
        "kind": FailureKind | None,
        "message": str | None,
        "cause": _Ordinal | None,
        "bytes": _Number | None,
        "elapsed_ms": _Span | None,
        "ended_at": _Moment | None,
        "ended": _Ordinal | None,
    },
    _request,
)
ATTEMPTS = _table(
    "attempts",
    {
        "request": _Number,
        "n": _Ordinal,
        "started": _Moment,
        "elapsed_ms": _Span,
        "ttfb_ms": _Span | None,
        "status": _Status | None,
        "kind": FailureKind | None,
        "message": str | None,
        "hops": str | None,
        "dns_ms": _Span | None,
        "connect_ms": _Span | None,
        "tls_ms": _Span | None,
    },
    _attempt,
    key=2,
    late=3,
)
RESPONSES = _table(
    "responses",
    {
        "request": _Number,
        "headers": bytes,
        "body": bytes | None,
        "body_path": str | None,
        "bytes": _Number,
        "final_url": str | None,
        "unverified": _Flag,
    },
    _response,
)
SESSIONS = _table(
    "sessions",
    {"n": _Ordinal, "pid": _Number, "started": _Moment, "elapsed_s": _Span, "outcome": str | None},
    _always,
)
EVENTS = _table(
    "events",
    {"id": _Ordinal, "session": _Ordinal, "at": _Moment, "kind": str, "text": str},
    _event,
)
EDITS = _table(
    "edits",
    {"request": _Number, "headers": str, "body": bytes | None, "origins": str, "first_url": str},
    _edit,
)
HISTORY = _table(
    "history",
    {
        "id": _Ordinal,
        "session": _Ordinal,
        "at": _Moment,
        "seconds": Annotated[float, Meta(gt=0, le=600)],
        "running_s": Annotated[float, Meta(ge=0, le=600)],
        "succeeded": _Number,
        "failed": _Number,
        "in_flight": _Span,
        "slots": _Number,
        "latencies": str,
    },
    _stretch,
)
