"""How a snapshot comes to all that shows it: handed down by calls, from the app to its screens and their widgets."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.snapshot import Snapshot


class Follower:
    """A screen or widget that whoever stands above it shows each snapshot that is pulled.

    Textual's own data binding, which looks for watchers each time, made a pull at full load a fourth longer.
    """

    snapshot: Snapshot | None = None
    """The run as it was last pulled; None before it was handed down for the first time."""

    def follow(self, snapshot: Snapshot) -> None:
        """Take it in; each one is an occasion to look again, also at what no snapshot tells."""
        self.snapshot = snapshot

    def catch_up(self) -> None:
        """Take in what was handed down while there was nothing to show it by."""
        if self.snapshot is not None:
            self.follow(self.snapshot)


def hand_on(snapshot: Snapshot, nodes: Iterable[object]) -> None:
    """Let those of the nodes that follow the run have it."""
    for node in nodes:
        if isinstance(node, Follower):
            node.follow(snapshot)
