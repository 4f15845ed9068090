"""What changes while a run is only looked at: which commands there are, and what is said instead of the others."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ..core.snapshot import RunState, Snapshot
from .commands.catalogue import COMMANDS
from .commands.declaration import Command
from .commands.keymap import Keymap
from .shell_words import quote_path

_RETRIES = frozenset({"rows.retry", "rows.retry_all"})


def changes_run(action: str) -> bool:
    """Whether the command with this action changes the run."""
    return action in _changing()


def instead(key: str, run: Path, keymap: Keymap, *, over: bool) -> str:
    """A sentence for the key of a command that changes the run in folder `run`; empty for any other key.

    `over` tells whether the run is free to be worked on.
    """
    command = next((one for one in COMMANDS if one.changes_run and key in keymap.keys_of(one.id)), None)
    return f"This run is only looked at: {_way(command, run, over=over)}." if command is not None else ""


def first_tab(snapshot: Snapshot) -> str:
    """What a run that nobody works on is most likely opened for: what went wrong, or what it fetched."""
    if snapshot.state not in (RunState.FINISHED, RunState.INTERRUPTED):
        return "in-flight"
    return "failed" if snapshot.counts.failed + snapshot.counts.invalid else "succeeded"


def _way(command: Command, run: Path, *, over: bool) -> str:
    if not over:
        return "control it where it runs"
    name = quote_path(str(run.relative_to(Path.cwd()) if run.is_relative_to(Path.cwd()) else run))
    if command.id in _RETRIES:
        return f"fetchdeck retry {name} sends its failures again"
    return f"fetchdeck resume {name} goes on with it"


@cache
def _changing() -> frozenset[str]:
    return frozenset(command.action.partition("(")[0] for command in COMMANDS if command.changes_run)
