"""The table of hosts, read from the engine's memory."""

from __future__ import annotations

from collections.abc import Callable
from time import time

from ...core.handle import EngineHandle
from ...core.snapshot import HostRow, Snapshot
from ..figures import pace, short
from .columns import Cell, Column, Tone
from .engine_table import EngineTable
from .quantities import NONE, clock, latency
from .virtual_table import VirtualTable

OTHERS = "all other hosts"
"""Stands for the hosts that are not counted one by one."""
_HOST: Column[HostRow] = Column(
    "host", 16, lambda row: Cell(row.host or OTHERS), share=1, middle=True, sort=lambda row: row.host
)


def _figure(
    title: str,
    width: int,
    cell: Callable[[HostRow], Cell],
    sort: Callable[[HostRow], float | None],
    drop: int = 0,
) -> Column[HostRow]:
    return Column(title, width, cell, right=True, drop=drop, sort=sort, largest_first=True)


_IN_FLIGHT = _figure(
    "in flight", 9, lambda row: _number(row.in_flight, Tone.ACCENT), lambda row: row.in_flight
)
_RATE = _figure("rate/s", 6, lambda row: _rate(row), lambda row: row.rate_per_s)
_P50 = _figure("p50", 7, lambda row: Cell(latency(row.p50_ms)), lambda row: row.p50_ms, drop=2)
_P95 = _figure("p95", 7, lambda row: Cell(latency(row.p95_ms)), lambda row: row.p95_ms)
_FAILED_SHARE = _figure("failed %", 8, lambda row: _failed_share(row), lambda row: _share(row))
_SUCCEEDED = _figure(
    "succeeded", 9, lambda row: _number(row.succeeded, Tone.GOOD), lambda row: row.succeeded, drop=5
)
_FAILED = _figure("failed", 7, lambda row: _number(row.failed, Tone.BAD), lambda row: row.failed, drop=3)
_LAST_FAILURE: Column[HostRow] = Column(
    "last failure", 15, lambda row: _last_failure(row), drop=6, sort=lambda row: row.last_failure
)
_LIMIT = _figure("limit", 5, lambda row: _limit(row), lambda row: row.limit, drop=1)
_PACE = _figure("pace", 7, lambda row: Cell(pace(row.pace_per_s)), lambda row: row.pace_per_s, drop=1)
_COOLING: Column[HostRow] = Column(
    "cools until", 11, lambda row: _cooling(row), sort=lambda row: row.rests_s, largest_first=True
)
_ANSWERS = (_P50, _P95, _FAILED_SHARE, _SUCCEEDED, _FAILED, _LAST_FAILURE)
_UNLIMITED = (_HOST, _IN_FLIGHT, _RATE, *_ANSWERS)
_LIMITED = (_HOST, _IN_FLIGHT, _RATE, _LIMIT, _PACE, _COOLING, *_ANSWERS)
"""From the first limit, pace or rest that a host in sight has had: until then they would be columns of dashes."""


class HostTable(EngineTable[HostRow]):
    """Hosts asked in this session, the busiest first; asks the engine for the window in sight alone."""

    MARKABLE = False
    NATURAL = "busiest first"

    class Opened(VirtualTable.Opened[HostRow]):
        """The user opened a host."""

    def __init__(
        self,
        engine: EngineHandle,
        *,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(
            _UNLIMITED,
            engine,
            empty="Hosts appear here with the first attempt of this session.",
            more=(_LIMIT, _PACE, _COOLING),
            id=id,
            classes=classes,
        )
        self._limited = False

    def key_of(self, row: HostRow) -> int:
        """The host's number."""
        return row.id

    def ask(self, start: int, count: int) -> tuple[HostRow, ...]:
        """The busiest hosts from `start` on."""
        return self._engine.hosts(start, count)

    def count_all(self) -> int:
        """How many hosts there are."""
        return self._engine.host_count

    def update_window(self, snapshot: Snapshot) -> None:
        """Bring the window up to date, the cursor on its host where that is still in sight."""
        selected = self.selected
        self.resize_to(self.count_all())
        self._start, height = self.window()
        self._rows = self.ask(self._start, height)
        if not self._limited and any(map(_has_limits, self._rows)):
            self._show_limits()
        if selected is not None:
            at = next((at for at, row in enumerate(self._rows) if row.id == selected.id), None)
            if at is not None and self._start + at != self.cursor:
                self._put_cursor(self._start + at)
        self.rows_changed()

    def _show_limits(self) -> None:
        """The usual columns are others from now on; those that were chosen stay."""
        self._limited = True
        unchosen = self.shown_columns == self.usual
        self.usual = tuple(column.title for column in _LIMITED)
        if unchosen:
            self.show_columns(self.usual)


def _has_limits(row: HostRow) -> bool:
    return row.limit is not None or row.pace_per_s is not None or row.rests_s > 0


def _tone(n: int, tone: Tone) -> Tone:
    return tone if n else Tone.MUTED


def _number(n: int, tone: Tone) -> Cell:
    return Cell(f"{n:,}", _tone(n, tone))


def _limit(row: HostRow) -> Cell:
    return Cell(NONE if row.limit is None else f"{row.limit:,}")


def _cooling(row: HostRow) -> Cell:
    """Until when, because a countdown would have to be read again and again."""
    if row.rests_s <= 0:
        return Cell(NONE, Tone.MUTED)
    return Cell(f"◷ {clock(time() + row.rests_s)}", Tone.WARN)


def _rate(row: HostRow) -> Cell:
    return Cell(short(round(row.rate_per_s, 1)), _tone(row.rate_per_s > 0, Tone.PLAIN))


def _share(row: HostRow) -> float | None:
    ended = row.succeeded + row.failed
    return row.failed / ended if ended else None


def _failed_share(row: HostRow) -> Cell:
    share = _share(row)
    return Cell(NONE if share is None else f"{share:.1%}", _tone(row.failed, Tone.BAD))


def _last_failure(row: HostRow) -> Cell:
    kind = row.last_failure
    return Cell(kind.value.replace("_", " ") if kind else NONE, Tone.BAD if kind else Tone.MUTED)
