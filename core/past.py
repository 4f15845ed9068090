"""What a run has been through: stretches of time with what was counted in them, and the moments of its changes."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from .latencies import Latencies, Latency, merged


class EventKind(StrEnum):
    """The kinds of facts in the life of a run."""

    STARTED = "started"
    OPTIONS = "options"
    """Options that differ from those of the session before."""
    PAUSED = "paused"
    RESUMED = "resumed"
    CONCURRENCY = "concurrency"
    RATE = "rate"
    GOVERNOR = "governor"
    COOLING = "cooling"
    CREDENTIALS = "credentials"
    RETRIED = "retried"
    EDITED = "edited"
    """A request was edited and is sent again."""
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    """Failures that a user wants no more of."""
    TROUBLE = "trouble"
    DRAINING = "draining"
    FINISHED = "finished"


class Stretch(Struct, frozen=True):
    """A second or more of a run."""

    at: float
    """Wall clock, when it began, in seconds since the epoch."""
    seconds: float
    """How long it was."""
    running_s: float
    """How much of it the run might start requests."""
    succeeded: int
    failed: int
    """Attempts that did not succeed, retried ones included."""
    in_flight: float
    """Slots taken, on average."""
    limit: int
    """Slots there were at its end."""
    latencies: Latencies

    def then(self, *later: Stretch) -> Stretch:
        """This one and those that followed it, as one."""
        parts = (self, *later)
        seconds = sum(part.seconds for part in parts)
        return Stretch(
            at=self.at,
            seconds=seconds,
            running_s=sum(part.running_s for part in parts),
            succeeded=sum(part.succeeded for part in parts),
            failed=sum(part.failed for part in parts),
            in_flight=sum(part.in_flight * part.seconds for part in parts) / seconds,
            limit=parts[-1].limit,
            latencies=merged(part.latencies for part in parts),
        )

    @property
    def idle(self) -> bool:
        """Whether nothing went on."""
        return not (self.running_s or self.succeeded or self.failed or self.in_flight)

    @property
    def latency(self) -> Latency | None:
        """None when no attempt ended in it."""
        return self.latencies.percentiles

    @property
    def error_share(self) -> float | None:
        """Attempts that failed, from 0 to 1 of all; None when none ended."""
        attempts = self.succeeded + self.failed
        return self.failed / attempts if attempts else None


def together(parts: Iterable[Stretch]) -> Stretch | None:
    """Stretches that follow one another, as one; None of none."""
    found = list(parts)
    if not found:
        return None
    return found[0].then(*found[1:]) if len(found) > 1 else found[0]


class Mark(Struct, frozen=True):
    """The moment of a change."""

    column: int
    """Of the view it stands in."""
    at: float
    """Wall clock."""
    kind: EventKind
    text: str
    """Printable, in a sentence."""


class PastView(Struct, frozen=True):
    """The last part of a run's past in so many columns, the newest at the right."""

    columns: tuple[Stretch | None, ...]
    """None where the run had not begun, or stood still; neighbours may be the same where time is drawn wide."""
    span_s: float
    """Seconds over all columns, those before the beginning included."""
    marks: tuple[Mark, ...] = ()
    """Oldest first."""

    @property
    def latencies(self) -> Latencies:
        """Of all columns together."""
        distinct = {id(column): column for column in self.columns if column is not None}
        return merged(column.latencies for column in distinct.values())


NOTHING = PastView((), 0.0)
"""Of a run whose past nobody knows."""
