"""The line in which a filter is typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static

from ...core.errors import OptionError
from ...core.journal.filter import TERMS, RowFilter
from ...core.printable import printable
from ..filter_completion import Completion, Known, completions
from ..filter_words import in_words
from .field import Field

DEBOUNCE_S = 0.15
"""A filter takes effect when typing has stopped for this long."""
_HINT_LINES = 3
"""At most."""
_MOST_SHOWN = 12
"""Choices named below the line; the tab key reaches the others."""


class FilterField(Field):
    """Hands the tab key on at once: of a burst of keys, it acts before those that follow it."""

    def __init__(self, complete: Callable[[int], None]) -> None:
        """`complete` gets the step through the choices: 1, or -1 backwards."""
        super().__init__(placeholder="filter, such as  status:5xx slow>2s berlin", select_on_focus=False)
        self._complete = complete

    def on_key(self, event: events.Key) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Complete, rather than leave the field; Textual asks the class this one is made of for other keys."""
        if event.key in ("tab", "shift+tab"):
            event.stop()
            event.prevent_default()
            self._complete(1 if event.key == "tab" else -1)


class FilterBar(Vertical):
    """Hidden until `open`; tells of each filter that can be understood, and says what is wrong with others."""

    DEFAULT_CSS = (
        """
    FilterBar { height: auto; display: none; background: $panel; padding: 0 1; }
    FilterBar.-open { display: block; }
    FilterBar Input { border: none; height: 1; padding: 0; background: $panel; }
    FilterBar Input:focus { border: none; }
    FilterBar Horizontal { height: 1; }
    FilterBar .filter--prompt { width: 2; color: $text-accent; text-style: bold; }
    FilterBar .filter--hint { color: $text-muted; height: auto; }
    FilterBar.-wrong .filter--hint { color: $text-error; }
    """
        + f"FilterBar .filter--hint {{ max-height: {_HINT_LINES}; }}"
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "Clear filter", show=False),
    ]

    class Changed(Message):
        """Another filter was typed; `filter` is empty when the line is."""

        def __init__(self, rows: RowFilter, text: str) -> None:
            super().__init__()
            self.filter = rows
            self.text = text

    class Closed(Message):
        """The bar is hidden; the filter stays as it was told last."""

    class Opened(Message):
        """The bar is shown: an occasion to tell it the values that this run has, as `known`."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.known = Known()
        """What the tab key may complete, besides the language's own words."""
        self._told = ""
        self._debounce: Timer | None = None
        self._choices: tuple[Completion, ...] = ()
        """What the tab key goes through, until something else is typed."""
        self._chosen = -1

    def compose(self) -> ComposeResult:
        """The line, and a hint or an error below it."""
        with Horizontal():
            yield Static("/", classes="filter--prompt", markup=False)
            yield FilterField(self._complete)
        yield Static(_HINT, classes="filter--hint", markup=False)

    @property
    def text(self) -> str:
        """The filter as it is typed."""
        return self.query_one(Input).value

    @property
    def is_open(self) -> bool:
        """Whether the bar is shown."""
        return self.has_class("-open")

    def open(self) -> None:
        """Show the bar with what was typed last, and take the keys."""
        self.add_class("-open")
        self.query_one(Input).focus()
        self.post_message(self.Opened())

    def set_text(self, text: str) -> None:
        """Type a filter for the user, in effect at once."""
        self.query_one(Input).value = text
        self._tell()

    def action_clear(self) -> None:
        """Take the filter away and hide."""
        self.set_text("")
        self._close()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what it means, and try the filter once typing pauses."""
        event.stop()
        if not self._choices or self.text != self._choices[self._chosen].text:
            self._choices, self._chosen = (), -1
        self._stop_debounce()
        self._debounce = self.set_timer(DEBOUNCE_S, self._tell)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter and hide, unless it cannot be understood."""
        event.stop()
        if self._tell():
            self._close()

    def _complete(self, step: int) -> None:
        field = self.query_one(Input)
        if not self._choices:
            self._choices = completions(field.value, self.known)
            self._chosen = -1 if step > 0 else 0
        if not self._choices:
            return
        self._chosen = (self._chosen + step) % len(self._choices)
        field.value = self._choices[self._chosen].text
        field.cursor_position = len(field.value)
        self._hint(self._offers(self._choices, self._chosen))

    def _tell(self) -> bool:
        self._stop_debounce()
        text = self.text.strip()
        choices = self._choices or completions(self.text, self.known)
        offers = self._offers(choices, self._chosen) if choices and self.text[-1:].strip() else Content("")
        try:
            rows = RowFilter.parse(text)
        except OptionError as error:
            self.add_class("-wrong")
            self._hint(Content(f"! {printable(str(error))}"), offers)
            return False
        self.remove_class("-wrong")
        if text:
            self._hint(Content(f"→ {printable(in_words(rows, states=True))}"), offers)
        else:
            self._hint(_HINT)
        if text != self._told:
            self._told = text
            self.post_message(self.Changed(rows, text))
        return True

    def _hint(self, *lines: Content) -> None:
        shown = Content("\n").join([line for line in lines if line.plain])
        hint = self.query_one(".filter--hint", Static)
        width, height = hint.size
        # Another height moves the table; anything else need not lay the whole screen out anew, 5 ms of each letter.
        same = width > 0 and min(shown.get_height({}, width), _HINT_LINES) == height
        hint.update(shown, layout=not same)

    def _offers(self, choices: tuple[Completion, ...], chosen: int) -> Content:
        """`tab: status:  state:`, from the chosen one on, which stands out."""
        first = max(0, chosen - _MOST_SHOWN + 1)
        shown = [
            (f" {printable(choice.shown)} ", "reverse" if at == chosen else "")
            for at, choice in enumerate(choices[first : first + _MOST_SHOWN], first)
        ]
        more = len(choices) - first - len(shown)
        return Content.assemble("tab", *shown, f" and {more} more" if more > 0 else "")

    def _close(self) -> None:
        self.remove_class("-open")
        self.post_message(self.Closed())

    def _stop_debounce(self) -> None:
        if self._debounce is not None:
            self._debounce.stop()
            self._debounce = None


_EXAMPLES = " ".join(term.example for term in TERMS if term.name not in ("before", "row", "attempts"))
_HINT = Content(f"{_EXAMPLES} word -word · tab completes · enter keeps · escape clears")
