"""What readers of a journal get: rows of a table, one request in full, failure causes, the run's facts."""

from __future__ import annotations

from msgspec import Struct

from ..model import FailureKind, State
from ..policies.trend import NO_TREND, Trend


class TableRow(Struct, frozen=True):
    """One request as a table shows it. Texts come from servers and inputs: sanitise them before display."""

    id: int
    line: int
    state: State
    method: str
    url: str
    attempts: int
    status: int | None
    kind: FailureKind | None
    message: str | None
    bytes: int | None
    elapsed_ms: float | None
    ended_at: float | None


class AttemptRecord(Struct, frozen=True):
    """One journalled attempt."""

    n: int
    started: float
    elapsed_ms: float
    ttfb_ms: float | None
    status: int | None
    kind: FailureKind | None
    message: str | None
    hops: tuple[tuple[str, int], ...]
    dns_ms: float | None = None
    """None, as the two below, where a connection was reused, where it did not come to it, and in old journals.

    They add up over redirects, and are part of `ttfb_ms`.
    """
    connect_ms: float | None = None
    """TCP; with a proxy to the proxy, and until it has opened the tunnel where one is needed."""
    tls_ms: float | None = None


class ResponseRecord(Struct, frozen=True):
    """The last response that was kept, whatever its status."""

    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    """None when the body stands in `body_path`."""
    body_path: str | None
    """Relative to the run folder."""
    bytes: int
    final_url: str | None
    unverified: bool


class RequestDetail(Struct, frozen=True):
    """Everything the journal knows of one request."""

    row: TableRow
    columns: dict[str, object]
    """The input's own columns, secrets masked."""
    headers: tuple[tuple[str, str], ...]
    """Request headers, secrets masked."""
    body: bytes | None
    """Request body, secrets masked."""
    attempts: tuple[AttemptRecord, ...]
    response: ResponseRecord | None
    edited: bool = False
    """Whether a user has edited it, so that it is no longer what its row makes."""


class Cause(Struct, frozen=True):
    """A cluster of failures that share a normalised signature; `count` is how many have it now."""

    id: int
    signature: str
    kind: FailureKind
    status: int | None
    count: int
    first_at: float
    """Wall clock, seconds since the epoch; of a failure that may have been retried since."""
    last_at: float
    sample: int
    """A request that has failed by it."""
    trend: Trend = NO_TREND
    """How often it struck lately, retried failures included."""


class EventRecord(Struct, frozen=True):
    """Something that happened to the run as a whole."""

    id: int
    """Grows with each event, over all sessions."""
    session: int
    at: float
    """Wall clock, seconds since the epoch."""
    kind: str
    """A value of core/past.py EventKind, or of that of a newer fetchdeck."""
    text: str
    """Printable, secrets masked."""
