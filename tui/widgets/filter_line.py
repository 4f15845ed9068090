"""The line that says which filter a table is under while the filter bar is closed."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.message import Message
from textual.reactive import var

from ...core.handle import Snapshot
from ...core.printable import printable
from ..figures import count
from ..spans import Line, Span, cut, width_of
from .columns import Tone
from .lines import Lines


@dataclass(frozen=True, slots=True)
class Filtered:
    """A filter in force."""

    text: str
    """As it was typed."""
    shown: int
    total: int
    """Rows that the tab would have without it."""


def filter_line(filtered: Filtered, width: int) -> Line:
    """`filter status:5xx · 700 of 9,710 · / edits · esc clears`; a long filter is cut, what follows is not."""
    tail = (
        Span(f" · {count(filtered.shown)} of {count(filtered.total)}"),
        Span(" · / edits · esc clears", Tone.MUTED),
    )
    text = printable(filtered.text[: 4 * width])
    head = cut((Span("filter ", Tone.MUTED), Span(text, Tone.WARN)), max(8, width - width_of(tail)))
    return (*head, *tail)


class FilterLine(Lines):
    """Takes a line only while there is a filter to tell of; a click opens the filter bar."""

    DEFAULT_CSS = """
    FilterLine { height: 1; display: none; background: $panel; }
    FilterLine.-shown { display: block; }
    """
    filtered: var[Filtered | None] = var(None)

    class Clicked(Message):
        """The user wants to edit the filter."""

    def watch_filtered(self, filtered: Filtered | None) -> None:
        """Come, go, or paint other figures."""
        self.set_class(filtered is not None, "-shown")
        self.update_lines()

    def lines(self, snapshot: Snapshot, width: int, height: int) -> tuple[Line, ...]:
        """The filter and what it leaves."""
        return (filter_line(self.filtered, width),) if self.filtered is not None else ()

    def on_click(self, event: events.Click) -> None:
        """Pass it on."""
        self.post_message(self.Clicked())
