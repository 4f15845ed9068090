"""All keys with what they do."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ...core.journal.filter import SYNTAX
from ...core.model import State
from ..commands.catalogue import by_group
from ..figures import STATE_GLYPHS

_NAMES = {"equals_sign": "="}
_KEY_CELLS = 10
_SAVING = (
    "Requests whose answers are being saved are in flight but hold no slot: 119 beside 100/100 +19 saving."
)


class HelpScreen(ModalScreen[None]):
    """The help, derived from the commands."""

    BINDINGS = [Binding("escape,question_mark,q,enter", "close", "Close")]  # noqa: RUF012

    def __init__(self, *, read_only: bool = False) -> None:
        """With `read_only`, commands that change the run are left out."""
        super().__init__()
        self._read_only = read_only

    def compose(self) -> ComposeResult:
        """One scrolling text."""
        with Vertical(classes="dialog", id="help") as dialog:
            dialog.border_title = Content("Keys")
            dialog.border_subtitle = Content("escape closes · ctrl+p searches commands")
            with VerticalScroll():
                yield Static(help_text(read_only=self._read_only), markup=False)

    def action_close(self) -> None:
        """Back to the run."""
        self.dismiss(None)


def help_text(*, read_only: bool = False) -> Content:
    """Commands under their headings, the filter language, and the glyphs of states."""
    lines: list[Content] = []
    for group, commands in by_group(read_only=read_only):
        lines.append(Content.styled(group.value, "bold $primary"))
        for command in commands:
            first, *others = command.keys.split(",")
            keys = " ".join([command.shown_key or first, *(_NAMES.get(key, key) for key in others)])
            if keys:
                lines.append(Content.assemble((f"{keys:<{_KEY_CELLS}}", "$text-accent"), command.help))
        lines.append(Content(""))
    lines.append(Content.styled("Filter", "bold $primary"))
    lines.append(Content(SYNTAX))
    lines.append(Content(""))
    lines.append(Content.styled("States", "bold $primary"))
    lines.append(
        Content("  ".join(f"{STATE_GLYPHS[state]} {state.label.replace('_', ' ')}" for state in State))
    )
    lines.append(Content(_SAVING))
    return Content("\n").join(lines)
