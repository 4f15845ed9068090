"""The columns of the tables of finished requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from ...core.journal.order import SortColumn
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


def host_of(url: str) -> str:
    """The host of a URL, with its port where it has one; empty where the URL is broken."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return ""


def _began(row: TableRow) -> float | None:
    """When the last attempt began."""
    return None if row.ended_at is None else row.ended_at - (row.elapsed_ms or 0.0) / 1000


def _muted(title: str, width: int, text: Callable[[TableRow], str], **more: Any) -> Column[TableRow]:
    return Column(title, width, lambda row: Cell(text(row), Tone.MUTED), **more)


_NUMBER = _muted("row", 7, lambda row: str(row.id), right=True, sort=SortColumn.ROW)
_STATUS: Column[TableRow] = Column(
    "status",
    6,
    lambda row: Cell(str(row.status or NONE), status_tone(row.status)),
    right=True,
    sort=SortColumn.STATUS,
)
_ATTEMPTS: Column[TableRow] = Column(
    "tries",
    5,
    lambda row: Cell(str(row.attempts), Tone.WARN if row.attempts > 1 else Tone.MUTED),
    right=True,
    drop=2,
    sort=SortColumn.TRIES,
    largest_first=True,
)
_LATENCY: Column[TableRow] = Column(
    "latency",
    7,
    lambda row: Cell(latency(row.elapsed_ms)),
    right=True,
    drop=3,
    sort=SortColumn.LATENCY,
    largest_first=True,
)
_SIZE: Column[TableRow] = Column(
    "size",
    8,
    lambda row: Cell(size(row.bytes)),
    right=True,
    drop=4,
    sort=SortColumn.SIZE,
    largest_first=True,
)
_ENDED = _muted(
    "ended", 8, lambda row: clock(row.ended_at), right=True, drop=5, sort=SortColumn.ENDED, largest_first=True
)
_STATE: Column[TableRow] = Column("state", 11, lambda row: state_cell(row.state), sort=SortColumn.STATE)
_WHY: Column[TableRow] = Column("why", 22, _problem, share=2, sort=SortColumn.WHY)
_MORE: tuple[Column[TableRow], ...] = (
    _muted("line", 7, lambda row: str(row.line), right=True, drop=6, sort=SortColumn.ROW),
    Column("method", 7, lambda row: Cell(row.method), drop=7, sort=SortColumn.METHOD),
    Column("host", 20, lambda row: Cell(host_of(row.url)), share=1, drop=8, sort=SortColumn.HOST),
    _muted("started", 8, lambda row: clock(_began(row)), right=True, drop=9, sort=SortColumn.STARTED),
)


def _url(width: int, share: int) -> Column[TableRow]:
    return Column(
        "URL",
        width,
        lambda row: Cell(short_url(row.method, row.url)),
        share=share,
        middle=True,
        sort=SortColumn.URL,
    )


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
SUCCESS_MORE = (_STATE, *_MORE)
"""What such a table shows besides where it is chosen."""

PROBLEM_COLUMNS: tuple[Column[TableRow], ...] = (
    _NUMBER,
    _STATE,
    _STATUS,
    _WHY,
    _url(22, 2),
    _ATTEMPTS,
    _LATENCY,
    _SIZE,
    _ENDED,
)
"""For a table that may hold any state."""
PROBLEM_MORE = _MORE
