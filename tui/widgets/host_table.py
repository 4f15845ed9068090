"""The table of hosts, read from the engine's memory."""

from __future__ import annotations

from ...core.handle import EngineHandle, HostRow, Snapshot
from .columns import Cell, Column, Tone
from .engine_table import EngineTable
from .quantities import NONE, latency
from .virtual_table import VirtualTable

OTHERS = "all other hosts"
"""Stands for the hosts that are not counted one by one."""


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
        columns: tuple[Column[HostRow], ...] = (
            Column("host", 24, lambda row: Cell(row.host or OTHERS), share=1, middle=True),
            Column("in flight", 9, _in_flight, right=True),
            Column(
                "succeeded",
                10,
                lambda row: Cell(f"{row.succeeded:,}", _tone(row.succeeded, Tone.GOOD)),
                right=True,
            ),
            Column("failed", 9, lambda row: Cell(f"{row.failed:,}", _tone(row.failed, Tone.BAD)), right=True),
            Column("failed %", 8, _failed_share, right=True, drop=3),
            Column("p50", 7, lambda row: Cell(latency(row.p50_ms)), right=True, drop=2),
            Column("p95", 7, lambda row: Cell(latency(row.p95_ms)), right=True, drop=1),
            Column("last failure", 15, _last_failure, drop=4),
        )
        super().__init__(
            columns,
            engine,
            empty="Hosts appear here with the first attempt of this session.",
            id=id,
            classes=classes,
        )

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
        if selected is not None:
            at = next((at for at, row in enumerate(self._rows) if row.id == selected.id), None)
            if at is not None and self._start + at != self.cursor:
                self._put_cursor(self._start + at)
        self.rows_changed()


def _tone(n: int, tone: Tone) -> Tone:
    return tone if n else Tone.MUTED


def _in_flight(row: HostRow) -> Cell:
    return Cell(f"{row.in_flight:,}", _tone(row.in_flight, Tone.ACCENT))


def _failed_share(row: HostRow) -> Cell:
    ended = row.succeeded + row.failed
    return Cell(f"{row.failed / ended:.1%}" if ended else NONE, _tone(row.failed, Tone.BAD))


def _last_failure(row: HostRow) -> Cell:
    kind = row.last_failure
    return Cell(kind.value.replace("_", " ") if kind else NONE, Tone.BAD if kind else Tone.MUTED)
