"""One line that names the tabs, their keys and how many rows each has."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace
from textual import events
from textual.message import Message
from textual.reactive import var

from ..figures import count, short
from ..spans import Line, Span, width_of
from .columns import Tone
from .lines import Lines

_LONGEST_SHORT = 99_999


class Tab(Struct, frozen=True):
    """One tab: what a label shows."""

    id: str
    title: str
    rows: int | None = None
    """None where a count says nothing."""
    most: int = 0
    """What `rows` may become: labels keep room for it, so that they do not change their form as it grows."""
    filtered: bool = False
    """A filter hides some of its rows; a word says so in the count's place."""
    short_title: str = ""
    """Its title where not all fit; empty where it is the same."""
    drop: int = 0
    """Where there is no room for all counts, those of the lowest are shown first."""


def labels(tabs: tuple[Tab, ...], active: str, width: int) -> tuple[Line, ...]:
    """One label a tab in the longest form in which all fit: titles shrink first, then counts, then some have none.

    The form depends on what counts may become. Labels have a cell of air on both sides, so that they may touch.
    """
    everyone = frozenset(tab.id for tab in tabs)
    forms = (_Form(count, everyone), _Form(count, everyone, short=True), _Form(short, everyone, short=True))
    form = next((form for form in forms if _room(tabs, form) <= width), None) or _counting_some(tabs, width)
    return tuple(_label(number, tab, tab.id == active, form) for number, tab in enumerate(tabs, start=1))


class _Form(Struct, frozen=True):
    figure: Callable[[int], str]
    counted: frozenset[str]
    """The tabs whose labels have a count."""
    short: bool = False
    """Short titles."""
    filtered: str = "filtered"
    """What stands in the place of a count under a filter."""


def _counting_some(tabs: tuple[Tab, ...], width: int) -> _Form:
    """The form for narrow screens: every count for which there is room, the most important first."""
    form = _Form(short, frozenset(), short=True)
    if _room(tabs, form) > width:
        form = replace(form, filtered="/")
    for tab in sorted(tabs, key=lambda tab: tab.drop):
        more = replace(form, counted=form.counted | {tab.id})
        if _room(tabs, more) <= width:
            form = more
    return form


def _room(tabs: tuple[Tab, ...], form: _Form) -> int:
    """Cells that the labels take when each count is as long as it may become."""
    return sum(len(_title(tab, form)) + 4 + _counted_room(tab, form) for tab in tabs)


def _counted_room(tab: Tab, form: _Form) -> int:
    if tab.filtered:
        return len(form.filtered) + 1
    if tab.rows is None or tab.id not in form.counted:
        return 0
    most = max(tab.rows, tab.most)
    # A short figure is longest just below the number from which it has a unit.
    return max(len(form.figure(n)) for n in (most, min(most, _LONGEST_SHORT))) + 1


def _title(tab: Tab, form: _Form) -> str:
    return (form.short and tab.short_title) or tab.title


def _label(number: int, tab: Tab, active: bool, form: _Form) -> Line:
    title = _title(tab, form)
    rows = form.figure(tab.rows) if tab.rows is not None and tab.id in form.counted else ""
    if tab.filtered:
        rows = form.filtered
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

    class Selected(Message):
        """The user clicked a tab."""

        def __init__(self, tab: str) -> None:
            super().__init__()
            self.tab = tab

    def watch_tabs(self) -> None:
        """Paint the new counts."""
        self.update_lines()

    def watch_active(self) -> None:
        """Paint the new choice."""
        self.update_lines()

    def composed(self, width: int, height: int) -> tuple[Line, ...]:
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
