"""The log of what happened to the run as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.handle import EngineHandle
from ...core.past import EventKind
from ...core.snapshot import Event, Snapshot
from .columns import Cell, Column, Tone
from .quantities import clock
from .virtual_table import VirtualTable

MOST = 1_000
"""Events held; older ones are forgotten."""
_KINDS: dict[EventKind, tuple[str, Tone]] = {
    EventKind.STARTED: ("▶ started", Tone.GOOD),
    EventKind.OPTIONS: ("± options", Tone.ACCENT),
    EventKind.PAUSED: ("‖ paused", Tone.WARN),
    EventKind.RESUMED: ("▶ resumed", Tone.GOOD),
    EventKind.CONCURRENCY: ("± concurrency", Tone.ACCENT),
    EventKind.RATE: ("± rate", Tone.ACCENT),
    EventKind.GOVERNOR: ("◆ governor", Tone.ACCENT),
    EventKind.COOLING: ("◷ cooling", Tone.WARN),
    EventKind.CREDENTIALS: ("◈ credentials", Tone.ACCENT),
    EventKind.RETRIED: ("↻ retried", Tone.ACCENT),
    EventKind.EDITED: ("✎ edited", Tone.ACCENT),
    EventKind.CANCELLED: ("- cancelled", Tone.WARN),
    EventKind.SKIPPED: ("- skipped", Tone.WARN),
    EventKind.TROUBLE: ("! trouble", Tone.BAD),
    EventKind.DRAINING: ("▽ draining", Tone.WARN),
    EventKind.FINISHED: ("■ finished", Tone.GOOD),
}


class EventLog(VirtualTable[Event]):
    """Lifecycle facts, the newest last, of earlier sessions too, pulled from the engine's ring with each snapshot."""

    FOLLOWS = True
    MARKABLE = False
    NATURAL = "newest last"
    COUNTS_UNSEEN = True

    class Opened(VirtualTable.Opened[Event]):
        """The user opened an event."""

    def __init__(
        self,
        engine: EngineHandle,
        *,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        columns: tuple[Column[Event], ...] = (
            Column("time", 8, lambda event: Cell(clock(event.at), Tone.MUTED), sort=lambda event: event.at),
            Column("event", 13, lambda event: Cell(*_KINDS[event.kind]), sort=lambda event: event.kind),
            Column(
                "what happened", 20, lambda event: Cell(event.text), share=1, sort=lambda event: event.text
            ),
        )
        super().__init__(
            columns, empty="What happens to the run as a whole is told here.", id=id, classes=classes
        )
        self._engine = engine
        self._next = -MOST
        self._events: list[Event] = []
        """As they happened."""
        self._shown: Sequence[Event] = self._events

    def row_at(self, position: int) -> Event | None:
        """The event at a position."""
        return self._shown[position] if 0 <= position < len(self._shown) else None

    def key_of(self, row: Event) -> int:
        """The event's sequence number."""
        return row.seq

    def follow(self, snapshot: Snapshot) -> None:
        """Pull what is new."""
        super().follow(snapshot)
        batch = self._engine.events_since(self._next)
        if not batch.events:
            return
        self._next = batch.next_seq
        if batch.dropped:
            first = batch.events[0]
            text = f"{batch.dropped} earlier events were overwritten before they could be shown."
            self._events.append(Event(first.seq - 1, first.at, EventKind.TROUBLE, text))
        self._events.extend(batch.events)
        if (over := len(self._events) - MOST) > 0:
            del self._events[:over]
            if not self.following and self.sorting is None:
                self.shift_cursor(self.cursor - over)
        self.order_changed()

    def order_changed(self) -> None:
        """Show the events as they happened, or in the order of a column, the cursor on its event."""
        selected = self.selected
        self._shown = self._events if self.sorting is None else self.in_order(self._events)
        self.resize_to(len(self._shown), now=True)
        if self.sorting is not None and selected is not None and selected in self._shown:
            self.shift_cursor(self._shown.index(selected))
        self.rows_changed()
