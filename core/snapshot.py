"""What a front end gets to see of a run: frozen records, whose cost is bounded by what is visible."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from .latencies import Latency
from .model import Counts, FailureKind, Phase
from .past import EventKind


class RunState(StrEnum):
    """What the run as a whole is doing; the values are those of `status --json`."""

    RUNNING = "running"
    PAUSED = "paused"
    DRAINING = "draining"
    INTERRUPTED = "interrupted"
    FINISHED = "finished"


class Second(Struct, frozen=True):
    """One second of the run's recent history."""

    succeeded: int
    failed: int
    """Attempts that did not succeed, retried ones included."""
    latency: Latency | None
    """None when no attempt ended in this second."""


class Eta(Struct, frozen=True):
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


class Spending(Struct, frozen=True):
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


class WaitCause(StrEnum):
    """What keeps every pending request of a running run from starting."""

    HOST = "host"
    """Hosts rest, because they asked for it or do not answer."""
    RATE = "rate"
    """A low limit on starts."""
    RETRY = "retry"
    """The backoff before another attempt."""


class Wait(Struct, frozen=True):
    """Why nothing is in flight though the run goes on, and until when."""

    cause: WaitCause
    until: float
    """Wall clock, when the first request may start."""
    host: str = ""
    """Whose rest, or limit, ends first; empty for a limit of the whole run, and for retries."""
    hosts: int = 0
    """How many hosts may start nothing now."""


class Snapshot(Struct, frozen=True):
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
    waits: Wait | None = None
    """What all pending requests wait for; None while any is in flight, could start, or will within a second."""


class InFlightRow(Struct, frozen=True):
    """One request that holds a slot."""

    id: int
    method: str
    url: str
    """Masked."""
    attempt: int
    phase: Phase
    age_s: float
    received_bytes: int


class HostRow(Struct, frozen=True):
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


class Event(Struct, frozen=True):
    """One fact, in a sentence."""

    seq: int
    at: float
    """Wall clock, seconds since the epoch."""
    kind: EventKind
    text: str


class EventBatch(Struct, frozen=True):
    """Events from a bounded ring: what is still held from the asked sequence number on."""

    events: tuple[Event, ...]
    next_seq: int
    """Ask with this next time."""
    dropped: int
    """Events that were overwritten before they were asked for."""
