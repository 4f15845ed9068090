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

_GAP = 1


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab: what a label shows."""

    id: str
    title: str
    rows: int | None = None
    """None where a count says nothing."""
    filtered: bool = False
    """A filter hides some of its rows."""


def labels(tabs: tuple[Tab, ...], active: str, width: int) -> tuple[Line, ...]:
    """One label a tab, with whole counts where all fit, else with short ones, else without."""
    for figure in (count, short, None):
        made = tuple(
            _label(number, tab, tab.id == active, figure) for number, tab in enumerate(tabs, start=1)
        )
        if sum(width_of(label) for label in made) + _GAP * (len(tabs) - 1) <= width:
            return made
    return tuple(_label(number, tab, tab.id == active, None) for number, tab in enumerate(tabs, start=1))


def _label(number: int, tab: Tab, active: bool, figure: Callable[[int], str] | None) -> Line:
    rows = figure(tab.rows) if figure is not None and tab.rows is not None else ""
    mark = "/" if tab.filtered else ""
    if active:
        return (Span(f"▌{number} {tab.title}{f' {rows}' if rows else ''}{mark}▐", Tone.TITLE),)
    tail = (Span(f" {rows}{mark}", Tone.MUTED),) if rows or mark else ()
    return (Span(f" {number} ", Tone.MUTED), Span(tab.title), *tail, Span(" "))


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
        spaced: list[Span] = []
        for label in labels(self.tabs, self.active, width):
            spaced += [*label, Span(" " * _GAP)]
        return (tuple(spaced[:-1]),)

    def on_click(self, event: events.Click) -> None:
        """Find the tab under the pointer."""
        end = 0
        for tab, label in zip(self.tabs, labels(self.tabs, self.active, self.size.width), strict=True):
            end += width_of(label) + _GAP
            if event.x < end:
                self.post_message(self.Selected(tab.id))
                return
