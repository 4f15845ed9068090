"""The columns of the tables of finished requests."""

from __future__ import annotations

from ...core.journal.records import TableRow
from ...core.model import FailureKind, State
from ..figures import STATE_GLYPHS
from .accounting import STATE_TONES
from .columns import Cell, Column, Tone
from .quantities import NONE, clock, latency, size


def state_cell(state: State) -> Cell:
    """Glyph and word of a state, as in the accounting line."""
    return Cell(f"{STATE_GLYPHS[state]} {state.label.replace('_', ' ')}", STATE_TONES[state])


def status_tone(status: int | None) -> Tone:
    """The tone of an HTTP status by its class."""
    if status is None:
        return Tone.MUTED
    return Tone.GOOD if status < 300 else Tone.ACCENT if status < 400 else Tone.BAD


def short_url(method: str, url: str) -> str:
    """The URL without its scheme, the method before it where it is not GET."""
    rest = url.partition("://")[2] or url
    return rest if method == "GET" else f"{method} {rest}"


def failure_text(kind: FailureKind | None, message: str | None) -> str:
    """Kind and message; the kind is left out where a status says the same."""
    if kind is FailureKind.HTTP_STATUS and message:
        return message
    return ": ".join(part for part in (kind.value.replace("_", " ") if kind else "", message) if part)


def _problem(row: TableRow) -> Cell:
    return Cell(failure_text(row.kind, row.message) or NONE)


_NUMBER: Column[TableRow] = Column("row", 7, lambda row: Cell(str(row.id), Tone.MUTED), right=True)
_STATUS: Column[TableRow] = Column(
    "status", 6, lambda row: Cell(str(row.status or NONE), status_tone(row.status)), right=True
)
_ATTEMPTS: Column[TableRow] = Column(
    "tries",
    5,
    lambda row: Cell(str(row.attempts), Tone.WARN if row.attempts > 1 else Tone.MUTED),
    right=True,
    drop=2,
)
_LATENCY: Column[TableRow] = Column(
    "latency", 7, lambda row: Cell(latency(row.elapsed_ms)), right=True, drop=3
)
_SIZE: Column[TableRow] = Column("size", 8, lambda row: Cell(size(row.bytes)), right=True, drop=4)
_ENDED: Column[TableRow] = Column(
    "ended", 8, lambda row: Cell(clock(row.ended_at), Tone.MUTED), right=True, drop=5
)


def _url(width: int, share: int) -> Column[TableRow]:
    return Column("URL", width, lambda row: Cell(short_url(row.method, row.url)), share=share, middle=True)


SUCCESS_COLUMNS: tuple[Column[TableRow], ...] = (
    _NUMBER,
    _STATUS,
    _url(24, 1),
    _ATTEMPTS,
    _LATENCY,
    _SIZE,
    _ENDED,
)
"""For a table of succeeded requests alone."""

PROBLEM_COLUMNS: tuple[Column[TableRow], ...] = (
    _NUMBER,
    Column("state", 11, lambda row: state_cell(row.state)),
    _STATUS,
    Column("why", 22, _problem, share=2),
    _url(22, 2),
    _ATTEMPTS,
    _LATENCY,
    _SIZE,
    _ENDED,
)
"""For a table that may hold any state."""
