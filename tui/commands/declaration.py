"""What a command is, and how one is declared."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from ...core.snapshot import RunState


class Scope(StrEnum):
    """Whose method `action_…` carries a command out."""

    RUN = "app"
    """The app: works on every screen that is no dialog."""
    ROWS = "screen"
    """The main screen: needs its tables."""
    TABLE = "screen.on_table"
    """The table of the active tab: any that has the method; the main screen passes the command on to it."""


class Group(StrEnum):
    """Headings of the help."""

    RUN = "The run"
    SPEED = "Speed"
    ROWS = "Rows"
    VIEW = "View"


class Command(Struct, frozen=True):
    """One thing a user can do."""

    id: str
    """Stable name of its binding, for keymaps."""
    keys: str
    """Keys as Textual's bindings write them, the one to show first; empty for the palette alone."""
    title: str
    """Palette entry."""
    help: str
    """What it does, for the help and the palette."""
    group: Group
    scope: Scope
    action: str
    """A Textual action: `name` or `name(argument)`."""
    hint: str = ""
    """Label in the footer; empty where it has none."""
    rank: int = 0
    """Place in the footer, the lowest first; what does not fit is left out."""
    paused_hint: str = ""
    """Label in the footer while the run is paused, where it differs."""
    pinned: bool = False
    """Always in the footer, at its right end."""
    priority: bool = False
    """Works in dialogs and text fields too."""
    harmless: bool = False
    """Leaves the run as it is, although its group is one of those that change it."""

    @property
    def changes_run(self) -> bool:
        """Whether it is of no use where a run is only looked at."""
        return self.group in (Group.RUN, Group.SPEED) and not self.harmless

    @property
    def scoped_action(self) -> str:
        """The action with its namespace, as Textual runs it from anywhere."""
        if self.scope is Scope.TABLE:
            return f"{self.scope.value}({self.action!r})"
        return f"{self.scope.value}.{self.action}"

    @property
    def default_keys(self) -> tuple[str, ...]:
        """Its keys as Textual names them, before any user has given it others."""
        return tuple(self.keys.split(",")) if self.keys else ()

    @property
    def no_key(self) -> str:
        """What stands for its key where it has none: a binding wants one, and a keymap finds it by its binding."""
        return f"no-key-{self.id}"

    def hint_in(self, state: RunState) -> str:
        """The footer's label while the run is in this state."""
        return self.paused_hint if self.paused_hint and state is RunState.PAUSED else self.hint
