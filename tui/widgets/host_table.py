"""The table of hosts, read from the engine's memory."""

from __future__ import annotations

import math

from ...core.handle import EngineHandle, HostRow, Snapshot
from ..figures import milliseconds, pace
from .columns import Cell, Column, Tone
from .engine_table import EngineTable
from .quantities import NONE, latency
from .row_painter import RowPainter
from .virtual_table import VirtualTable

OTHERS = "all other hosts"
"""Stands for the hosts that are not counted one by one."""
_HOST: Column[HostRow] = Column("host", 18, lambda row: Cell(row.host or OTHERS), share=1, middle=True)
_IN_FLIGHT: Column[HostRow] = Column(
    "in flight", 9, lambda row: _number(row.in_flight, Tone.ACCENT), right=True
)
_SUCCEEDED: Column[HostRow] = Column(
    "succeeded", 9, lambda row: _number(row.succeeded, Tone.GOOD), right=True
)
_FAILED: Column[HostRow] = Column("failed", 7, lambda row: _number(row.failed, Tone.BAD), right=True)
_ANSWERS: tuple[Column[HostRow], ...] = (
    Column("failed %", 8, lambda row: _failed_share(row), right=True, drop=3),
    Column("p50", 7, lambda row: Cell(latency(row.p50_ms)), right=True, drop=2),
    Column("p95", 7, lambda row: Cell(latency(row.p95_ms)), right=True, drop=1),
    Column("last failure", 15, lambda row: _last_failure(row), drop=4),
)
_UNLIMITED = (_HOST, _IN_FLIGHT, _SUCCEEDED, _FAILED, *_ANSWERS)
_LIMITED: tuple[Column[HostRow], ...] = (
    _HOST,
    _IN_FLIGHT,
    Column("limit", 5, lambda row: _limit(row), right=True),
    Column("pace", 8, lambda row: Cell(pace(row.pace_per_s)), right=True),
    Column("rest", 14, lambda row: _rest(row)),
    _SUCCEEDED,
    _FAILED,
    *_ANSWERS,
)
"""From the first limit, pace or rest that a host in sight has had: until then they would be columns of dashes."""


class HostTable(EngineTable[HostRow]):
    """Hosts asked in this session, the busiest first; asks the engine for the window in sight alone."""

    MARKABLE = False

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

    def follow(self, snapshot: Snapshot) -> None:
        """Bring the window up to date, the cursor on its host where that is still in sight."""
        selected = self.selected
        self.resize_to(self._engine.host_count)
        self._start, height = self.window()
        self._rows = self._engine.hosts(self._start, height)
        if not self._limited and any(map(_has_limits, self._rows)):
            self._limited = True
            self._painter = RowPainter(_LIMITED, self.get_component_rich_style)
        if selected is not None:
            at = next((at for at, row in enumerate(self._rows) if row.id == selected.id), None)
            if at is not None and self._start + at != self.cursor:
                self._put_cursor(self._start + at)
        self.rows_changed()


def _has_limits(row: HostRow) -> bool:
    return row.limit is not None or row.pace_per_s is not None or row.rests_s > 0


def _tone(n: int, tone: Tone) -> Tone:
    return tone if n else Tone.MUTED


def _number(n: int, tone: Tone) -> Cell:
    return Cell(f"{n:,}", _tone(n, tone))


def _limit(row: HostRow) -> Cell:
    return Cell(NONE if row.limit is None else f"{row.limit:,}")


def _rest(row: HostRow) -> Cell:
    """In whole seconds, because it counts down."""
    if row.rests_s <= 0:
        return Cell(NONE, Tone.MUTED)
    seconds = math.ceil(row.rests_s)
    return Cell(f"cooling {f'{seconds} s' if seconds < 10 else milliseconds(1000 * seconds)}", Tone.WARN)


def _failed_share(row: HostRow) -> Cell:
    ended = row.succeeded + row.failed
    return Cell(f"{row.failed / ended:.1%}" if ended else NONE, _tone(row.failed, Tone.BAD))


def _last_failure(row: HostRow) -> Cell:
    kind = row.last_failure
    return Cell(kind.value.replace("_", " ") if kind else NONE, Tone.BAD if kind else Tone.MUTED)
