"""The tabs of the main screen: their order, which is that of their keys, and what their labels say."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ...core.handle import Snapshot
from ...core.model import State
from ..widgets.tab_bar import Tab

PROBLEMS = frozenset({State.FAILED, State.SKIPPED, State.INVALID})
"""What the failed tab lists: all that ended without success."""


@dataclass(frozen=True, slots=True)
class Listed:
    """How many rows those tabs have of which no snapshot tells."""

    causes: int
    hosts: int
    events: int


def tabs_of(snapshot: Snapshot, listed: Listed, filtered: Collection[str]) -> tuple[Tab, ...]:
    """All tabs in order; `filtered` names those under a filter.

    On narrow screens those counts stay longest that are not in the accounting line too.
    """
    counts = snapshot.counts
    problems = sum(counts.of(state) for state in PROBLEMS)
    return (
        Tab("in-flight", "In flight", counts.in_flight, drop=4),
        Tab("succeeded", "Succeeded", counts.succeeded, "succeeded" in filtered, drop=2),
        Tab("failed", "Failed", problems, "failed" in filtered, drop=1),
        Tab("causes", "Failures by cause", listed.causes, short_title="Causes"),
        Tab("hosts", "Hosts", listed.hosts, drop=3),
        Tab("events", "Events", listed.events, drop=5),
    )
