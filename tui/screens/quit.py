"""The dialog between `q` and leaving a run that is not done."""

from __future__ import annotations

from enum import Enum, auto

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ...core.snapshot import RunState, Snapshot
from ..figures import count
from ..following import Follower
from ..widgets.dialog_footer import DialogFooter, dialog_hints


class Leave(Enum):
    """How to leave."""

    DRAIN = auto()
    """Let those in flight end, save, then leave."""
    NOW = auto()
    """Abort those in flight; they are queued again for the next start."""


_LEAVE = Binding("enter", "leave('DRAIN')", "Leave")
_STAY = Binding("escape", "stay", "Stay")


class LeaveScreen(Follower, ModalScreen[Leave | None]):
    """Asks how to leave; dismissed with None to stay. When the run ends meanwhile, it says so and leaves at once."""

    BINDINGS = [  # noqa: RUF012
        Binding("d,enter", "leave('DRAIN')", "Drain and leave"),
        Binding("n", "leave('NOW')", "Leave now"),
        _STAY,
        Binding("q", "again", "Stay, or leave a run that is over", show=False),
    ]

    def compose(self) -> ComposeResult:
        """What is left, and the ways on."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content("Leave the run?")
            yield Static(classes="dialog--hint", markup=False)
            yield Static(classes="dialog--keys", markup=False)
        yield DialogFooter(self.BINDINGS)

    def on_mount(self) -> None:
        """Show the first figures."""
        self.catch_up()

    def follow(self, snapshot: Snapshot) -> None:
        """Show the figures of this moment."""
        super().follow(snapshot)
        self.query_one(".dialog--hint", Static).update(Content(sentence(snapshot)))
        self.query_one(".dialog--keys", Static).update(ways(snapshot))
        keys = (_LEAVE, _STAY) if at_rest(snapshot) else self.BINDINGS
        self.query_one(DialogFooter).hints = dialog_hints(keys)

    def action_leave(self, how: str) -> None:
        """Close with the way chosen."""
        self.dismiss(Leave[how])

    def action_stay(self) -> None:
        """Close and go on."""
        self.dismiss(None)

    def action_again(self) -> None:
        """`q` takes itself back, but leaves a run that is over, as it does everywhere."""
        self.dismiss(Leave.NOW if self.snapshot is not None and over(self.snapshot) else None)


def over(snapshot: Snapshot) -> bool:
    """Whether nothing is left to drain, so that leaving needs no question."""
    return snapshot.state in (RunState.FINISHED, RunState.INTERRUPTED)


def at_rest(snapshot: Snapshot) -> bool:
    """Whether nothing is in flight, nor will be by itself, so that all ways to leave are one."""
    return over(snapshot) or (snapshot.state is RunState.PAUSED and not snapshot.counts.in_flight)


def sentence(snapshot: Snapshot) -> str:
    """What is left to do, or how the run has ended."""
    if snapshot.state is RunState.FINISHED:
        return "The run has just finished: all requests are done and saved."
    if over(snapshot):
        return "The run has just stopped. The same command resumes it; nothing is lost."
    pending = snapshot.counts.pending
    are = "request is" if pending == 1 else "requests are"
    return f"{count(pending)} {are} not done. The same command resumes the run; nothing is lost."


def ways(snapshot: Snapshot) -> Content:
    """The keys and what they do."""
    key = "bold $primary"
    if at_rest(snapshot):
        return Content.assemble(("enter ", key), "  leave\n", ("escape", key), "  stay")
    in_flight = count(snapshot.counts.in_flight)
    return Content.assemble(
        ("d     ", key), f"  drain and leave: wait for {in_flight} in flight\n",
        ("n     ", key), "  leave now: what is in flight runs again next time\n",
        ("escape", key), "  stay",
    )  # fmt: skip
