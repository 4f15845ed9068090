"""The tabs of the main screen: their order, which is that of their keys, and what their labels say."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from ...core.model import Counts, State
from ...core.snapshot import Snapshot
from ..widgets.tab_bar import Tab

PROBLEMS = frozenset({State.FAILED, State.SKIPPED, State.INVALID})
"""What the failed tab lists: all that ended without success. Its label counts failures, as the accounting does."""
_FEW = 99
"""Room is kept for so many causes, hosts and events, so that the labels keep their form from the start."""


class Listed(Struct, frozen=True):
    """How many rows those tabs have of which no snapshot tells."""

    causes: int
    hosts: int
    events: int


def tabs_of(snapshot: Snapshot, listed: Listed, filtered: Collection[str]) -> tuple[Tab, ...]:
    """All tabs in order; `filtered` names those under a filter.

    On narrow screens those counts stay longest that are not in the accounting line too.
    """
    counts = snapshot.counts
    total = counts.total
    slots = max(snapshot.limit, counts.in_flight)
    return (
        Tab("in-flight", "In flight", counts.in_flight, slots, drop=4),
        Tab("succeeded", "Succeeded", counts.succeeded, total, filtered="succeeded" in filtered, drop=2),
        Tab("failed", "Failed", counts.failed, total, filtered="failed" in filtered, drop=1),
        Tab("causes", "Failures by cause", listed.causes, _FEW, short_title="Causes"),
        Tab("hosts", "Hosts", listed.hosts, _FEW, drop=3),
        Tab("events", "Events", listed.events, _FEW, drop=5),
    )


def problems_of(counts: Counts) -> tuple[tuple[State, int], ...]:
    """What the failed tab lists beside failures, with them; empty when it lists failures alone."""
    found = tuple((state, counts.of(state)) for state in (State.FAILED, State.INVALID, State.SKIPPED))
    return found if any(n for state, n in found if state is not State.FAILED) else ()
