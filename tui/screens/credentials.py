"""The question after a server has refused the run's credentials: are there new ones?"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from ...core.errors import FetchdeckError, OptionError
from ...core.journal.job_names import JobNames, job_names
from ...core.journal.reader import JournalReader
from ...core.printable import printable
from ...core.snapshot import Asking, Snapshot
from ..credentials import Credentials, described, parse_credentials
from ..widgets.field import SecretField
from .question import Decision, QuestionScreen

_LONGEST = 16_384
"""Characters: longer than any token in use."""
_CHOICES = (
    ("new", "enter", "go on with what is typed"),
    ("same", "tab p", "go on with the same as before"),
    ("leave", "tab q", "leave: drain and save"),
    ("later", "escape", "decide later; o asks again"),
)


class CredentialsScreen(QuestionScreen):
    """Takes a header or a variable, and gives it to `use`.

    What is typed is masked, and leaves this screen through `use` alone.
    """

    ASKING = Asking.CREDENTIALS

    CSS_PATH = "credentials.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "later", "Decide later"),
        Binding("down", "focus_choices", "To the choices", show=False),
        Binding("p", "decide('GO')", "Go on with the same"),
        Binding("q", "decide('LEAVE')", "Drain and leave"),
    ]

    def __init__(self, reader: JournalReader, use: Callable[[Credentials], None]) -> None:
        """`reader` is open; `use` may raise FetchdeckError for credentials that cannot be sent."""
        super().__init__()
        self._reader = reader
        self._use = use
        self._names: JobNames | None = None

    def compose(self) -> ComposeResult:
        """The reason, the field, what is being typed, and the choices."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content("New credentials?")
            yield Static(id="credentials-reason", markup=False)
            yield SecretField(max_length=_LONGEST)
            yield Static(Content(described("", None)), classes="dialog--hint -steady", markup=False)
            yield OptionList(*(_option(*choice) for choice in _CHOICES), compact=True)

    async def on_mount(self) -> None:
        """Say why, and learn the names that may be typed."""
        self.catch_up()
        try:
            self._names = await job_names(self._reader)
        except (sqlite3.Error, FetchdeckError):
            # Without the names any variable is taken; the engine has the last word.
            self._names = None

    def ask(self, snapshot: Snapshot) -> None:
        """Say which host refused what."""
        self.query_one("#credentials-reason", Static).update(Content(printable(snapshot.reason)))

    def close(self, decision: Decision | None) -> None:
        """Keep nothing of what was typed."""
        if self.is_active:
            self.query_one(SecretField).clear()
        super().close(decision)

    def action_focus_choices(self) -> None:
        """From the field to the choices."""
        self.query_one(OptionList).focus()

    @on(Input.Changed)
    def _describe(self, event: Input.Changed) -> None:
        event.stop()
        self._say(described(event.value, self._names))

    @on(Input.Submitted)
    def _take(self, event: Input.Submitted) -> None:
        event.stop()
        self._go_on_with_new()

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        match event.option_id:
            case "new":
                self._go_on_with_new()
            case "same":
                self.close(Decision.GO)
            case "leave":
                self.close(Decision.LEAVE)
            case _:
                self.close(None)

    def _go_on_with_new(self) -> None:
        try:
            self._use(parse_credentials(self.query_one(SecretField).value, self._names))
        except OptionError as error:
            self._say(str(error), wrong=True)
        except FetchdeckError:
            # Its sentence may quote what was typed.
            self._say("These cannot be sent: no request can be made with them.", wrong=True)
        else:
            self.close(Decision.GO)
            return
        self.query_one(SecretField).focus()

    def _say(self, sentence: str, *, wrong: bool = False) -> None:
        hint = self.query_one(".dialog--hint", Static)
        hint.update(Content(sentence))
        hint.set_class(wrong, "-error")


def _option(id_: str, key: str, label: str) -> Option:
    return Option(Content.assemble((f"{key:<8}", "bold $primary"), label), id=id_)
