"""The table of requests that hold a slot, read from the engine's memory."""

from __future__ import annotations

from ...core.handle import EngineHandle, InFlightRow, Snapshot
from ...core.model import Phase
from .columns import Cell, Column, Tone
from .engine_table import EngineTable
from .journal_table_columns import short_url
from .quantities import age, size
from .virtual_table import VirtualTable

_SLOW_FACTOR = 2
"""A request is a straggler when it is this many times as old as the 95th percentile of latency."""
_PHASES: dict[Phase, tuple[str, Tone]] = {
    Phase.QUEUED: ("· queued", Tone.MUTED),
    Phase.DNS: ("? dns", Tone.PLAIN),
    Phase.CONNECT: ("→ connect", Tone.PLAIN),
    Phase.TLS: ("⚿ tls", Tone.PLAIN),
    Phase.SENT: ("↑ sent", Tone.PLAIN),
    Phase.RECEIVING: ("↓ receiving", Tone.ACCENT),
    Phase.REDIRECTING: ("↷ redirected", Tone.ACCENT),
}


class InFlightTable(EngineTable[InFlightRow]):
    """Requests in flight, the oldest first; asks the engine for the window in sight alone."""

    class Opened(VirtualTable.Opened[InFlightRow]):
        """The user opened a request."""

    def __init__(
        self,
        engine: EngineHandle,
        *,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        columns: tuple[Column[InFlightRow], ...] = (
            Column("row", 7, lambda row: Cell(str(row.id), Tone.MUTED), right=True),
            Column("try", 3, _attempt, right=True, drop=1),
            Column("phase", 12, lambda row: Cell(*_PHASES[row.phase])),
            Column("age", 14, self._age, right=True),
            Column("received", 8, lambda row: Cell(size(row.received_bytes)), right=True, drop=2),
            Column("URL", 20, lambda row: Cell(short_url(row.method, row.url)), share=1, middle=True),
        )
        super().__init__(
            columns, engine, empty="Requests under way appear here, the oldest first.", id=id, classes=classes
        )
        self._slow_s: float | None = None

    def key_of(self, row: InFlightRow) -> int:
        """The request's number."""
        return row.id

    def ask(self, start: int, count: int) -> tuple[InFlightRow, ...]:
        """The oldest requests from `start` on."""
        return self._engine.in_flight(start, count)

    def holds(self, request: int) -> bool:
        """Whether a request is in flight at this moment."""
        return self._find(request, self._engine.snapshot().in_use) is not None

    async def neighbour(self, request: int, step: int) -> int | None:
        """The request `step` rows further down, or None where there is none or it has ended."""
        position = self._find(request, self.row_count)
        rows = () if position is None else self._engine.in_flight(max(0, position + step), 1)
        if position is None or position + step < 0 or not rows:
            return None
        self.move_cursor(position + step)
        return rows[0].id

    def follow(self, snapshot: Snapshot) -> None:
        """Bring the window up to date, the cursor on its request while that is still there."""
        latency = snapshot.latency
        slow_s = latency.p95 * _SLOW_FACTOR / 1000 if latency else None
        if slow_s != self._slow_s:
            self._slow_s = slow_s
            self.repaint_rows()
        selected = self.selected
        position = self._find(selected.id, self.cursor + 1) if selected else None
        self._rows = ()
        self.resize_to(snapshot.in_use)
        if position is not None and position < self.row_count:
            self.shift_cursor(position)
        self.window_changed()

    def _find(self, request: int, among: int) -> int | None:
        # Requests only ever leave from before it, so it stands where it was or further up.
        rows = self._engine.in_flight(0, among)
        return next((at for at, row in enumerate(rows) if row.id == request), None)

    def _age(self, row: InFlightRow) -> Cell:
        if self._slow_s is not None and row.age_s > self._slow_s:
            return Cell(f"▲ slow {age(row.age_s)}", Tone.WARN)
        return Cell(age(row.age_s))


def _attempt(row: InFlightRow) -> Cell:
    return Cell(str(row.attempt), Tone.WARN if row.attempt > 1 else Tone.MUTED)
