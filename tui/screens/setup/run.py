"""What to do with a run that is here: look at it, go on with it, or send its failures again."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from ....core.printable import printable, printable_lines
from ...figures import count
from ...setup.choice import Choice, go_on
from ...setup.found import FoundRun
from ...summary import summary_lines


class RunScreen(ModalScreen[Choice | None]):
    """Shows how a run stands; dismissed with what to do, or None to choose something else."""

    AUTO_FOCUS = "Button"
    BINDINGS = [  # noqa: RUF012
        Binding("o", "choose('open')", "look"),
        Binding("r", "choose('resume')", "resume"),
        Binding("R", "choose('retry')", "retry"),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
        Binding("escape,q", "back", "back"),
    ]

    def __init__(self, run: FoundRun) -> None:
        """Buttons for what makes no sense are left out."""
        super().__init__()
        self._run = run

    def compose(self) -> ComposeResult:
        """How it stands, and what can be done."""
        status = self._run.status
        with Vertical(classes="dialog", id="run") as dialog:
            dialog.border_title = Content(printable(self._run.path.name))
            told = "\n".join(summary_lines(status)) if status is not None else self._run.trouble
            yield Static(Content(printable_lines(told)), markup=False)
            with Horizontal(classes="buttons"):
                if status is not None:
                    yield Button("Look at it (o)", id="open", compact=True)
                    yield Button("Resume (r)", id="resume", compact=True)
                    if status.counts.failed:
                        label = f"Retry {count(status.counts.failed)} (R)"
                        yield Button(Content(label), id="retry", compact=True)
                yield Button("Back", id="back", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Take the button's choice."""
        self.action_choose(event.button.id or "back")

    def action_choose(self, command: str) -> None:
        """Close with a command, where its button is there."""
        if command == "back":
            self.dismiss(None)
        elif self.query(f"#{command}"):
            self.dismiss(go_on(command, self._run.path))

    def action_back(self) -> None:
        """Close without a choice."""
        self.dismiss(None)
