"""The line above a table: which filter it is under while the filter bar is closed, or which states it mixes."""

from __future__ import annotations

from msgspec import Struct
from textual import events
from textual.message import Message
from textual.reactive import var

from ...core.model import State
from ...core.printable import printable
from ..figures import STATE_GLYPHS, count
from ..spans import Line, Span, cut, join, width_of
from .accounting import STATE_TONES
from .columns import Tone
from .lines import Lines


class Filtered(Struct, frozen=True):
    """A filter in force."""

    text: str
    """As it was typed."""
    shown: int
    total: int
    """Rows that the tab would have without it."""


Mixed = tuple[tuple[State, int], ...]
"""How many rows of each state a table has that lists several."""


def filter_line(filtered: Filtered, width: int) -> Line:
    """`filter status:5xx · 700 of 9,710 · / edits · esc clears`; a long filter is cut, what follows is not."""
    tail = (
        Span(f" · {count(filtered.shown)} of {count(filtered.total)}"),
        Span(" · / edits · esc clears", Tone.MUTED),
    )
    text = printable(filtered.text[: 4 * width])
    head = cut((Span("filter ", Tone.MUTED), Span(text, Tone.WARN)), max(8, width - width_of(tail)))
    return (*head, *tail)


def mixed_line(mixed: Mixed) -> Line:
    """`✗ 12 failed · ! 6 invalid · ⊘ 2 skipped`."""
    parts = (
        (Span(f"{STATE_GLYPHS[state]} {count(n)} {state.label}", STATE_TONES[state]),)
        for state, n in mixed
        if n
    )
    return join(parts, " · ")


class FilterLine(Lines):
    """Takes a line only while there is something to tell; a click opens the filter bar."""

    DEFAULT_CSS = """
    FilterLine { height: 1; display: none; background: $panel; }
    FilterLine.-shown { display: block; }
    """
    filtered: var[Filtered | None] = var(None)
    mixed: var[Mixed] = var(())
    """Told only where there is no filter."""

    class Clicked(Message):
        """The user wants to edit the filter."""

    def watch_filtered(self) -> None:
        """Come, go, or paint other figures."""
        self.set_class(bool(self.filtered or self.mixed), "-shown")
        self.update_lines()

    def watch_mixed(self) -> None:
        """The same."""
        self.watch_filtered()

    def composed(self, width: int, height: int) -> tuple[Line, ...]:
        """The filter and what it leaves, or how many rows there are of each state."""
        if self.filtered is not None:
            return (filter_line(self.filtered, width),)
        return (mixed_line(self.mixed),) if self.mixed else ()

    def on_click(self, event: events.Click) -> None:
        """Pass it on."""
        self.post_message(self.Clicked())
