"""The dialog between `q` and leaving a run that is not done."""

from __future__ import annotations

from enum import Enum, auto

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ...core.handle import Snapshot
from ..figures import count


class Leave(Enum):
    """How to leave."""

    DRAIN = auto()
    """Let those in flight end, save, then leave."""
    NOW = auto()
    """Abort those in flight; they are queued again for the next start."""


class LeaveScreen(ModalScreen[Leave | None]):
    """Asks how to leave; dismissed with None to stay."""

    BINDINGS = [  # noqa: RUF012
        Binding("d,enter", "leave('DRAIN')", "Drain and leave"),
        Binding("n", "leave('NOW')", "Leave now"),
        Binding("escape,q", "stay", "Stay"),
    ]

    def __init__(self, snapshot: Snapshot) -> None:
        """`snapshot` says what there is to wait for."""
        super().__init__()
        self._in_flight = snapshot.counts.in_flight
        self._pending = snapshot.counts.pending

    def compose(self) -> ComposeResult:
        """What is left, and the three ways on."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content("Leave the run?")
            yield Static(Content(self._sentence()), classes="dialog--hint", markup=False)
            yield Static(
                Content.assemble(
                    ("d     ", "bold $primary"), f"  drain and leave: wait for {count(self._in_flight)} in flight\n",
                    ("n     ", "bold $primary"), "  leave now: what is in flight runs again next time\n",
                    ("escape", "bold $primary"), "  stay",
                ),
                classes="dialog--keys",
                markup=False,
            )  # fmt: skip

    def _sentence(self) -> str:
        return f"{count(self._pending)} requests are not done. The same command resumes the run; nothing is lost."

    def action_leave(self, how: str) -> None:
        """Close with the way chosen."""
        self.dismiss(Leave[how])

    def action_stay(self) -> None:
        """Close and go on."""
        self.dismiss(None)
