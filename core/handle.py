"""The one boundary between the engine and whatever shows it: a snapshot to pull, commands to give."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from .journal.filter import RowFilter
from .latencies import Latency as Latency
from .model import Counts, EditedRequest, FailureKind, Headers, Phase
from .past import EventKind as EventKind
from .past import PastView


class RunState(StrEnum):
    """What the run as a whole is doing; the values are those of `status --json`."""

    RUNNING = "running"
    PAUSED = "paused"
    DRAINING = "draining"
    INTERRUPTED = "interrupted"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Second:
    """One second of the run's recent history."""

    succeeded: int
    failed: int
    """Attempts that did not succeed, retried ones included."""
    latency: Latency | None
    """None when no attempt ended in this second."""


@dataclass(frozen=True, slots=True)
class Eta:
    """Seconds until the run is done, as a range while the rate is unsure; `low == high` when it is steady."""

    low: float
    high: float


class Asking(StrEnum):
    """What a paused run wants to know of its user; `resume` says yes to any of them."""

    CANARY = "canary"
    """The first requests have ended: is the rest to be sent?"""
    CREDENTIALS = "credentials"
    """A server refuses what it took before: give others with `set_credentials`, or go on with the same."""
    STOP = "stop"
    """A stop condition was met: go on all the same?"""


@dataclass(frozen=True, slots=True)
class Spending:
    """What the attempts that were sent have used up."""

    sent: int
    """Attempts of the current period of the quota; of the whole run where there is none."""
    quota: int | None
    """Attempts a period, or None."""
    period: str
    """Such as `day`; empty without a quota."""
    resets_at: float | None
    """Wall clock, when the period ends; None without a quota."""
    cost: str | None
    """The price of all attempts of the run so far, such as `12.40 USD`; None without `--cost`."""
    projected: str | None
    """What the whole run will have cost, with retries as so far; None while that is unknown."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The run at one moment. Counts are what the journal holds durably, never a promise."""

    name: str
    state: RunState
    reason: str
    """Why the run is paused, draining or interrupted; empty when it runs or a user paused it."""
    counts: Counts
    total_known: bool
    """Whether the whole input has been read; until then the total grows."""
    in_use: int
    """Slots taken; above `limit` while a lowered limit drains."""
    limit: int
    """What may be in flight: as a user set it, or as much as the governed hosts bear."""
    auto: bool
    """Whether the limit is found automatically."""
    saving: int
    """Requests that ended but are not durable yet; they still count as in flight."""
    rate_limit: float | None
    """Requests a second the run may start, or None for no limit."""
    rate_limit_per_host: float | None
    """Requests a second that may start to a host: the least of those with something in flight; None for no limit."""
    received_bytes: int
    elapsed_s: float
    """Time spent running over all sessions, pauses included."""
    rate_per_s: float
    """Requests that reached a terminal state a second, over the last ten seconds."""
    eta: Eta | None
    latency: Latency | None
    """Over the last ten seconds."""
    history: tuple[Second, ...]
    """Finished seconds, oldest first, two minutes at most."""
    asking: Asking | None
    """What the run waits for an answer to; `reason` is the question."""
    spending: Spending | None
    """None without a quota or a price."""
    revision: int
    """Grows with each commit of the journal: unchanged means no row changed."""
    read_only: bool = False
    """Whether the run is only looked at."""


@dataclass(frozen=True, slots=True)
class InFlightRow:
    """One request that holds a slot."""

    id: int
    method: str
    url: str
    """Masked."""
    attempt: int
    phase: Phase
    age_s: float
    received_bytes: int


@dataclass(frozen=True, slots=True)
class HostRow:
    """What one host has had of this session's attempts, retried ones included."""

    id: int
    """Its place in the order in which hosts were first asked."""
    host: str
    """With its port where that is not the scheme's own; empty for all hosts beyond those counted one by one."""
    in_flight: int
    succeeded: int
    failed: int
    p50_ms: float | None
    """Median time of the last 256 attempts that ended, in milliseconds; None before the first."""
    p95_ms: float | None
    last_failure: FailureKind | None
    limit: int | None
    """Requests it may have in flight; None where only the overall limit holds."""
    pace_per_s: float | None
    """Requests that may start a second; None for no limit of its own."""
    rests_s: float
    """Seconds until the next request to it may start, because it asked for a rest or is down; 0 for none."""
    rate_per_s: float = 0.0
    """Attempts that ended a second, over the last ten seconds."""


@dataclass(frozen=True, slots=True)
class Event:
    """One fact, in a sentence."""

    seq: int
    at: float
    """Wall clock, seconds since the epoch."""
    kind: EventKind
    text: str


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Events from a bounded ring: what is still held from the asked sequence number on."""

    events: tuple[Event, ...]
    next_seq: int
    """Ask with this next time."""
    dropped: int
    """Events that were overwritten before they were asked for."""


class EngineHandle(Protocol):
    """What a front end may see and do. Commands return at once; the next snapshot shows their effect."""

    @property
    def journal_path(self) -> Path:
        """The journal, for a read-only connection of the front end's own."""
        ...

    @property
    def read_only(self) -> bool:
        """Whether the run is only looked at: commands that would change it then raise, and are not to be offered."""
        ...

    def snapshot(self) -> Snapshot:
        """The run now; the cost does not grow with the run."""
        ...

    def in_flight(self, start: int, count: int) -> tuple[InFlightRow, ...]:
        """A window of the requests that hold a slot, oldest first."""
        ...

    @property
    def host_count(self) -> int:
        """How many rows `hosts` has."""
        ...

    def hosts(self, start: int, count: int) -> tuple[HostRow, ...]:
        """A window of the hosts asked in this session, busiest (most attempts) first."""
        ...

    def events_since(self, seq: int) -> EventBatch:
        """Lifecycle facts from `seq` on; 0 asks for all that is held."""
        ...

    def past(self, span_s: float | None, columns: int) -> PastView:
        """The last `span_s` seconds in so many columns, the whole run for None, earlier sessions included."""
        ...

    def pause(self) -> None:
        """Admit no request; those in flight go on to their end."""
        ...

    def resume(self) -> None:
        """Admit requests again."""
        ...

    def set_concurrency(self, limit: int) -> None:
        """Set the limit (1 at least): a lower one drains, a higher one takes effect at once."""
        ...

    def set_auto(self, on: bool) -> None:
        """Let each host's limits be found automatically, or keep the limit as it is."""
        ...

    def set_rate(self, per_second: float | None) -> None:
        """Limit how many requests start a second; None lifts the limit."""
        ...

    def set_rate_per_host(self, per_second: float | None) -> None:
        """Limit how many requests to each host start a second; None lifts the limit."""
        ...

    def set_credentials(self, headers: Headers, environ: Mapping[str, str]) -> None:
        """Send these header fields in place of those of the same names, and these values of `env.`, from now on.

        Raises TemplateError for a header that cannot be sent.
        """
        ...

    def retry(self, ids: Collection[int]) -> None:
        """Queue these again if they failed or were skipped, with a fresh retry budget."""
        ...

    def retry_matching(self, rows: RowFilter) -> None:
        """Queue again every failed or skipped request that the filter selects."""
        ...

    def resend(self, request: int, edited: EditedRequest) -> None:
        """Send an ended request again as edited, as a new attempt; `***` stands for what was masked at its place.

        Raises FetchdeckError where it cannot be sent; what is found out later stands in an event.
        """
        ...

    def cancel(self, ids: Collection[int]) -> None:
        """Cancel those in flight and skip those queued or waiting; they end as `skipped`."""
        ...

    def skip_matching(self, rows: RowFilter) -> None:
        """Make skipped ones of the failed requests that the filter selects; `retry` takes them back."""
        ...

    def abort_in_flight(self) -> None:
        """Break off what is in flight and queue it again, charging nobody; the run goes on, or stays paused.

        Requests that may have reached their server and must not be sent twice end as `outcome_unknown` instead.
        """
        ...

    def drain(self) -> None:
        """Admit nothing more and let those in flight finish; the run can be resumed later."""
        ...

    def abandon(self) -> None:
        """Leave at once: abort what is in flight (queued again for the next start) and save."""
        ...
