"""An app around one table, and an engine that holds what a test gives it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fetchdeck.core.latencies import Latency
from fetchdeck.core.model import Counts
from fetchdeck.core.printable import printable
from fetchdeck.core.snapshot import Event, EventBatch, HostRow, InFlightRow, RunState, Snapshot
from fetchdeck.tui.following import hand_on
from msgspec.structs import replace
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.message import Message
from textual.reactive import var
from textual.widget import Widget

SNAPSHOT = Snapshot(
    name="test",
    state=RunState.RUNNING,
    reason="",
    counts=Counts(),
    total_known=True,
    in_use=0,
    limit=50,
    auto=False,
    saving=0,
    rate_limit=None,
    rate_limit_per_host=None,
    received_bytes=0,
    elapsed_s=1.0,
    rate_per_s=1.0,
    eta=None,
    latency=None,
    history=(),
    asking=None,
    spending=None,
    revision=0,
)
HOSTILE = (
    "http://h/\x1b[31mred",
    "http://h/\x1b]52;c;aGk=\x07",
    "http://h/[@click=app.quit]quit[/]",
    "http://h/[/x]",
    "http://h/\u202egnp.exe",
    "http://h/\ud800\udfff",
    "http://例え.jp/日本語/とても長いパスがここにあります/終わり",
    "http://h/👩\u200d👩\u200d👧❤\ufe0f\ufe0fe\u0301\u0301\u200b\ufeff",
    "\x00\x07\x08\x0b\x0c\r\n\t\x7f\x80\x9b",
)
"""Texts as a hostile server or input may send them."""


class ScriptedTables:
    """The part of an engine that tables ask: set `rows` and `events`."""

    def __init__(self) -> None:
        self.rows: list[InFlightRow] = []
        self.events: list[Event] = []
        self.known_hosts: list[HostRow] = []
        self.first_event = 0
        """Events before this one were overwritten."""
        self.asked: list[tuple[int, int]] = []
        """The windows of in-flight rows that were asked for."""

    @property
    def journal_path(self) -> Path:
        raise AssertionError("a table reads through the reader it was given")

    def snapshot(self) -> Snapshot:
        return replace(SNAPSHOT, in_use=len(self.rows), latency=Latency(100.0, 500.0, 900.0))

    def in_flight(self, start: int, count: int) -> tuple[InFlightRow, ...]:
        self.asked.append((start, count))
        return tuple(self.rows[start : start + count])

    @property
    def host_count(self) -> int:
        return len(self.known_hosts)

    def hosts(self, start: int, count: int) -> tuple[HostRow, ...]:
        self.asked.append((start, count))
        return tuple(self.known_hosts[start : start + count])

    def events_since(self, seq: int) -> EventBatch:
        first = max(seq, self.first_event)
        return EventBatch(
            tuple(self.events[first:]), len(self.events), max(0, self.first_event - max(0, seq))
        )


class TableApp(App[None]):
    """Shows the given widgets, hands them its snapshot, and keeps the messages they post."""

    snapshot: var[Snapshot | None] = var(None)

    def __init__(self, *widgets: Widget) -> None:
        super().__init__()
        self.widgets = widgets
        self.heard: list[Message] = []

    def compose(self) -> ComposeResult:
        yield from self.widgets

    def watch_snapshot(self, snapshot: Snapshot | None) -> None:
        if snapshot is not None:
            hand_on(snapshot, self.widgets)

    def on_mount(self) -> None:
        self.screen.set_focus(next((widget for widget in self.widgets if widget.can_focus), None))

    def on_journal_table_opened(self, message: Message) -> None:
        self.heard.append(message)

    on_in_flight_table_opened = on_journal_table_opened
    on_cause_table_opened = on_journal_table_opened
    on_event_log_opened = on_journal_table_opened
    on_filter_bar_changed = on_journal_table_opened
    on_filter_bar_closed = on_journal_table_opened


def screen_text(widget: Widget) -> list[str]:
    """The widget's lines as text, after checking that each is harmless and as wide as what no scroll bar paints."""
    width = widget.scrollable_content_region.width
    lines: list[str] = []
    for y in range(widget.size.height):
        strip = widget.render_line(y)
        assert strip.cell_length == width
        assert sum(cell_len(segment.text) for segment in strip) == width
        assert all(segment.control is None for segment in strip)
        lines.append(strip.text)
    harmless(lines)
    return lines


def harmless(lines: Sequence[str]) -> None:
    """Fail where a line holds a character that acts on a terminal."""
    for line in lines:
        assert printable(line) == line
