"""The line in which a filter is typed."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static

from ...core.errors import OptionError
from ...core.journal.filter import SYNTAX, RowFilter
from ...core.printable import printable
from .field import Field

DEBOUNCE_S = 0.15
"""A filter takes effect when typing has stopped for this long."""


class FilterBar(Vertical):
    """Hidden until `open`; tells of each filter that can be understood, and says what is wrong with others."""

    DEFAULT_CSS = """
    FilterBar { height: auto; display: none; background: $panel; padding: 0 1; }
    FilterBar.-open { display: block; }
    FilterBar Input { border: none; height: 1; padding: 0; background: $panel; }
    FilterBar Input:focus { border: none; }
    FilterBar Horizontal { height: 1; }
    FilterBar .filter--prompt { width: 2; color: $text-accent; text-style: bold; }
    FilterBar .filter--hint { color: $text-muted; height: auto; max-height: 3; }
    FilterBar.-wrong .filter--hint { color: $text-error; }
    """
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

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._told = ""
        self._debounce: Timer | None = None

    def compose(self) -> ComposeResult:
        """The line, and a hint or an error below it."""
        with Horizontal():
            yield Static("/", classes="filter--prompt", markup=False)
            yield Field(placeholder="filter, such as  status:5xx slow>2s berlin", select_on_focus=False)
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

    def set_text(self, text: str) -> None:
        """Type a filter for the user, in effect at once."""
        self.query_one(Input).value = text
        self._tell()

    def action_clear(self) -> None:
        """Take the filter away and hide."""
        self.set_text("")
        self._close()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Try the filter once typing pauses."""
        event.stop()
        self._stop_debounce()
        self._debounce = self.set_timer(DEBOUNCE_S, self._tell)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter and hide, unless it cannot be understood."""
        event.stop()
        if self._tell():
            self._close()

    def _tell(self) -> bool:
        self._stop_debounce()
        text = self.text.strip()
        hint = self.query_one(".filter--hint", Static)
        try:
            rows = RowFilter.parse(text)
        except OptionError as error:
            self.add_class("-wrong")
            hint.update(Content(f"! {printable(str(error))}"))
            return False
        self.remove_class("-wrong")
        hint.update(_HINT)
        if text != self._told:
            self._told = text
            self.post_message(self.Changed(rows, text))
        return True

    def _close(self) -> None:
        self.remove_class("-open")
        self.post_message(self.Closed())

    def _stop_debounce(self) -> None:
        if self._debounce is not None:
            self._debounce.stop()
            self._debounce = None


_HINT = Content(f"{SYNTAX} · enter keeps · escape clears")
