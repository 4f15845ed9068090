"""All keys with what they do; what is typed searches them."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ..commands.keymap import Keymap
from ..help_text import drawn, matching, sections
from ..widgets.dialog_footer import DialogFooter
from ..widgets.field import Field
from ..widgets.virtual_table import VirtualTable
from .inspect import InspectScreen


class SearchField(Field):
    """Takes what is typed, except the keys that opened the help while nothing is typed."""

    def __init__(self, opened_by: tuple[str, ...]) -> None:
        super().__init__(placeholder="type to search: retry, tab, ctrl", compact=True)
        self._opened_by = opened_by

    async def on_key(self, event: events.Key) -> None:
        """Close the help by what opened it."""
        if event.key in self._opened_by and not self.value:
            event.stop()
            event.prevent_default()
            await self.run_action("screen.back")


class HelpScreen(ModalScreen[None]):
    """The help, derived from the commands; the key that opened it closes it too while nothing is typed."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Close"),
        Binding("up", "scroll_by(-1)", "Scroll up"),
        Binding("down", "scroll_by(1)", "Scroll down"),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
    ]

    def __init__(self, keymap: Keymap, *, read_only: bool = False) -> None:
        """With `read_only`, commands that change the run are left out."""
        super().__init__()
        self._keymap = keymap
        self._sections = sections(keymap, VirtualTable.BINDINGS, InspectScreen.BINDINGS, read_only=read_only)

    def compose(self) -> ComposeResult:
        """The search above one scrolling text."""
        with Vertical(classes="dialog", id="help") as dialog:
            dialog.border_title = Content("Keys")
            yield SearchField(self._keymap.keys_of("run.help"))
            with VerticalScroll(can_focus=False):
                yield Static(markup=False)
        yield DialogFooter(self.BINDINGS)

    def on_input_submitted(self) -> None:
        """Close by enter."""
        self.dismiss(None)

    def on_input_changed(self) -> None:
        """Show what is found."""
        self._draw()
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def on_resize(self) -> None:
        """Break the lines anew."""
        self.call_after_refresh(self._draw)

    def action_back(self) -> None:
        """Clear the search, or go back to the run."""
        if self._field.value:
            self._field.clear()
        else:
            self.dismiss(None)

    def action_scroll_by(self, lines: int) -> None:
        """Scroll by lines."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_page(self, pages: int) -> None:
        """Scroll by what is in sight."""
        scroll = self.query_one(VerticalScroll)
        scroll.scroll_relative(y=pages * scroll.size.height, animate=False)

    def _draw(self) -> None:
        width = self.query_one(VerticalScroll).scrollable_content_region.width
        self.query_one(Static).update(drawn(matching(self._sections, self._field.value), width))

    @property
    def _field(self) -> Field:
        return self.query_one(Field)
