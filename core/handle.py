"""The one boundary between the engine and whatever shows it: a snapshot to pull, commands to give."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Protocol

from .journal.filter import RowFilter
from .model import EditedRequest, Headers
from .past import PastView
from .snapshot import EventBatch, HostRow, InFlightRow, Snapshot


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
        """Lifecycle facts from `seq` on: 0 asks for all of this session, a number below 0 for earlier ones too."""
        ...

    def past(self, span_s: float | None, columns: int) -> PastView:
        """The last `span_s` seconds in so many columns, the whole run for None, earlier sessions included."""
        ...

    def give_way(self) -> None:
        """A key was pressed: leave the loop to the front end for a moment. May be called on any thread."""
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
