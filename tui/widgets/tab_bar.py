"""One line that names the tabs, their keys and how many rows each has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual import events
from textual.message import Message
from textual.reactive import var

from ...core.handle import Snapshot
from ..figures import count, short
from ..spans import Line, Span, width_of
from .columns import Tone
from .lines import Lines

_FILTERED = "filtered"


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab: what a label shows."""

    id: str
    title: str
    rows: int | None = None
    """None where a count says nothing."""
    filtered: bool = False
    """A filter hides some of its rows; a word says so in the count's place."""
    short_title: str = ""
    """Its title where not all fit; empty where it is the same."""
    drop: int = 0
    """Its count is left out on narrow screens, the highest first; 0 is left out last."""


def labels(tabs: tuple[Tab, ...], active: str, width: int) -> tuple[Line, ...]:
    """One label a tab in the longest form in which all fit: titles shrink first, then counts, then these go one by one.

    Labels have a cell of air on both sides, so that they may touch.
    """
    drops = sorted({tab.drop for tab in tabs}, reverse=True)
    made: tuple[Line, ...] = ()
    for form in (
        _Form(count),
        _Form(count, short=True),
        *(_Form(short, short=True, below=drop) for drop in (drops[0] + 1 if drops else 1, *drops)),
    ):
        made = tuple(_label(number, tab, tab.id == active, form) for number, tab in enumerate(tabs, start=1))
        if sum(width_of(label) for label in made) <= width:
            break
    return made


@dataclass(frozen=True, slots=True)
class _Form:
    figure: Callable[[int], str]
    short: bool = False
    below: int | None = None
    """Only tabs with a lower `drop` have a count; None: all have."""


def _label(number: int, tab: Tab, active: bool, form: _Form) -> Line:
    title = (form.short and tab.short_title) or tab.title
    counted = tab.rows is not None and (form.below is None or tab.drop < form.below)
    rows = _FILTERED if tab.filtered else form.figure(tab.rows) if tab.rows is not None and counted else ""
    if active:
        return (Span(f"▌{number} {title}{f' {rows}' if rows else ''}▐", Tone.TITLE),)
    tail = Span(f" {rows}", Tone.WARN if tab.filtered else Tone.MUTED)
    return (Span(f" {number} ", Tone.MUTED), Span(title), tail if rows else Span(""), Span(" "))


class TabBar(Lines):
    """The tabs of the main screen; a click selects one."""

    DEFAULT_CSS = """
    TabBar { height: 1; padding: 0; background: $panel; }
    """
    tabs: var[tuple[Tab, ...]] = var(())
    active: var[str] = var("")

    @dataclass
    class Selected(Message):
        """The user clicked a tab."""

        tab: str

    def watch_tabs(self) -> None:
        """Paint the new counts."""
        self.update_lines()

    def watch_active(self) -> None:
        """Paint the new choice."""
        self.update_lines()

    def lines(self, snapshot: Snapshot, width: int, height: int) -> tuple[Line, ...]:
        """All labels in one line."""
        return (tuple(span for label in labels(self.tabs, self.active, width) for span in label),)

    def on_click(self, event: events.Click) -> None:
        """Find the tab under the pointer."""
        end = 0
        for tab, label in zip(self.tabs, labels(self.tabs, self.active, self.size.width), strict=True):
            end += width_of(label)
            if event.x < end:
                self.post_message(self.Selected(tab.id))
                return
