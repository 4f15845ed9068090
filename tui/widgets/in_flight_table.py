"""The table of requests that hold a slot, read from the engine's memory."""

from __future__ import annotations

from ...core.handle import EngineHandle
from ...core.model import Phase
from ...core.snapshot import InFlightRow, RunState, Snapshot
from .columns import Cell, Column, Tone
from .engine_table import EngineTable
from .journal_table_columns import host_of, short_url
from .quantities import age, size
from .virtual_table import VirtualTable

_SLOW_FACTOR = 2
"""A request is a straggler when it is this many times as old as the 95th percentile of latency."""
_SPARED = 3
"""Looks without a look at rows that are all others each time: they come once a second."""
_STEP = 64
"""Rows asked for at first to find one that has moved; twice as many each time that it is not among them."""
_PHASES: dict[Phase, tuple[str, Tone]] = {
    Phase.QUEUED: ("· queued", Tone.MUTED),
    Phase.DNS: ("◦ DNS", Tone.PLAIN),
    Phase.CONNECT: ("→ connect", Tone.PLAIN),
    Phase.TLS: ("≡ TLS", Tone.PLAIN),
    Phase.SENT: ("↑ sent", Tone.PLAIN),
    Phase.RECEIVING: ("↓ receiving", Tone.ACCENT),
    Phase.REDIRECTING: ("↷ redirecting", Tone.ACCENT),
}


class InFlightTable(EngineTable[InFlightRow]):
    """Requests in flight, the oldest first; asks the engine for the window in sight alone."""

    NATURAL = "oldest first"

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
            Column("row", 7, lambda row: Cell(str(row.id), Tone.MUTED), right=True, sort=lambda row: row.id),
            Column("try", 3, _attempt, right=True, drop=1, sort=lambda row: row.attempt, largest_first=True),
            Column("phase", 13, lambda row: Cell(*_PHASES[row.phase]), sort=lambda row: _ORDER[row.phase]),
            Column("age", 14, self._age, right=True, sort=lambda row: row.age_s, largest_first=True),
            Column(
                "received",
                8,
                lambda row: Cell(size(row.received_bytes)),
                right=True,
                drop=2,
                sort=lambda row: row.received_bytes,
                largest_first=True,
            ),
            Column(
                "URL",
                20,
                lambda row: Cell(short_url(row.method, row.url)),
                share=3,
                middle=True,
                sort=lambda row: row.url,
            ),
        )
        more: tuple[Column[InFlightRow], ...] = (
            Column("host", 20, lambda row: Cell(_host(row)), share=1, drop=3, sort=_host),
            Column("method", 7, lambda row: Cell(row.method), drop=4, sort=lambda row: row.method),
        )
        super().__init__(
            columns,
            engine,
            empty="Requests under way appear here, the oldest first.",
            more=more,
            id=id,
            classes=classes,
        )
        self._slow_s: float | None = None
        self._spared = 0
        """So many of the next looks are spared."""

    def key_of(self, row: InFlightRow) -> int:
        """The request's number."""
        return row.id

    def ask(self, start: int, count: int) -> tuple[InFlightRow, ...]:
        """The oldest requests from `start` on."""
        return self._engine.in_flight(start, count)

    def count_all(self) -> int:
        """How many requests hold a slot."""
        return self._engine.snapshot().in_use

    def holds(self, request: int) -> bool:
        """Whether a request is in flight at this moment."""
        return self._find(request, self.count_all()) is not None

    async def neighbour(self, request: int, step: int) -> int | None:
        """The request `step` rows further down, or None where there is none or it has ended."""
        if self.sorting is not None:
            position = next((at for at, row in enumerate(self._rows) if row.id == request), None)
            found = () if position is None else self._rows[max(0, position + step) :][:1]
        else:
            position = self._find(request, self.row_count)
            found = () if position is None else self._engine.in_flight(max(0, position + step), 1)
        if position is None or position + step < 0 or not found:
            return None
        self.move_cursor(position + step)
        return found[0].id

    def follow(self, snapshot: Snapshot) -> None:
        """Learn from when on a request is slow, and bring the window up to date."""
        latency = snapshot.latency
        before, now = self._slow_s, latency.p95 * _SLOW_FACTOR / 1000 if latency else None
        self._slow_s = now
        # The percentile is another one at most looks, and seldom makes a row slow, or one no longer so. A sorted table
        # holds all rows, too many to be asked.
        if now != before and (
            self.sorting or any(_is_slow(row, before) != _is_slow(row, now) for row in self._rows)
        ):
            self.repaint_rows()
        super().follow(snapshot)

    def update_window(self, snapshot: Snapshot) -> None:
        """Bring the window up to date, the cursor on its request while that is still there.

        Rows that are all others each time stay for a second: nobody reads them in less, and to draw a screen of them
        takes a third of a frame. Only while the run goes on, and here: else no other look may come.
        """
        goes_on = snapshot.state is RunState.RUNNING and snapshot.in_use and not snapshot.read_only
        if self._spared and goes_on:
            self._spared -= 1
            return
        before = {row.id for row in self._rows}
        selected = self.selected
        position = self._find(selected.id, self.cursor + 1) if selected else None
        self._rows = ()
        self.resize_to(snapshot.in_use)
        if position is not None and position < self.row_count:
            self.shift_cursor(position)
        self.window_changed()
        lasts = any(row.id in before for row in self._rows)
        self._spared = _SPARED if before and self._rows and not lasts else 0

    def on_hide(self) -> None:
        """Spare no look when the table is shown again."""
        self._spared = 0

    def _find(self, request: int, among: int) -> int | None:
        """Where a request stands: there or further up, because requests only ever leave from before it."""
        end, step = among, _STEP
        while end > 0:
            start = max(0, end - step)
            rows = self._engine.in_flight(start, end - start)
            at = next((at for at, row in enumerate(rows, start=start) if row.id == request), None)
            if at is not None:
                return at
            end, step = start, 2 * step
        return None

    def _age(self, row: InFlightRow) -> Cell:
        if _is_slow(row, self._slow_s):
            return Cell(f"▲ slow {age(row.age_s)}", Tone.WARN)
        return Cell(age(row.age_s))


_ORDER = {phase: number for number, phase in enumerate(_PHASES)}


def _is_slow(row: InFlightRow, from_s: float | None) -> bool:
    return from_s is not None and row.age_s > from_s


def _attempt(row: InFlightRow) -> Cell:
    return Cell(str(row.attempt), Tone.WARN if row.attempt > 1 else Tone.MUTED)


def _host(row: InFlightRow) -> str:
    return host_of(row.url)
