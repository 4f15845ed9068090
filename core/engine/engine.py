"""The run as a front end sees it: what is going on, and commands that take effect at once."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from itertools import islice
from pathlib import Path

from msgspec.structs import replace

from ..errors import EditError
from ..journal.filter import RowFilter
from ..journal.folder import RunFolder
from ..model import Counts, EditedRequest, Headers
from ..past import EventKind, PastView
from ..policies.eta import estimate
from ..snapshot import Eta, EventBatch, HostRow, InFlightRow, RunState, Snapshot
from .equipment import Equipment
from .session import Session

_LONGER_WINDOW_S = 60


class Engine:
    """One session of a run as its front end has it. Made by `open_run`; implements `EngineHandle`."""

    def __init__(self, folder: RunFolder, session: Session, equipment: Equipment) -> None:
        """The session is started and closed by `open_run`."""
        self._folder = folder
        self._session = session
        self._with = equipment
        self._loop = asyncio.get_running_loop()

    @property
    def journal_path(self) -> Path:
        """The journal, for a read-only connection of the front end's own."""
        return self._folder.journal

    @property
    def read_only(self) -> bool:
        """Whether the run is only looked at: never here."""
        return False

    @property
    def stopped_by(self) -> str | None:
        """The stop condition that paused the run, in a sentence; None when none did."""
        return self._session.stopped_by

    async def finished(self) -> None:
        """Return when the run is finished, drained, abandoned, or paused by a stop condition."""
        await self._session.over.wait()

    def snapshot(self) -> Snapshot:
        """The run now; the cost does not grow with the run."""
        now = self._loop.time()
        journal, gate, meter = self._with.journal, self._with.gate, self._with.meter
        meter.roll(now)
        unsent = max(0, journal.counts.in_flight - self._session.under_way)
        counts = replace(
            journal.counts, queued=journal.counts.queued + unsent, in_flight=journal.counts.in_flight - unsent
        )
        recent = meter.rate_per_s(now)
        return Snapshot(
            name=self._folder.path.name.removesuffix(".run"),
            state=self._session.state,
            reason=self._session.reason,
            counts=counts,
            total_known=self._session.input_known,
            in_use=gate.in_use,
            limit=self._with.controls.limit,
            auto=self._with.controls.auto,
            saving=journal.saving,
            rate_limit=self._with.scheduler.rate,
            rate_limit_per_host=gate.hosts.pace,
            received_bytes=journal.received_bytes,
            elapsed_s=self._with.clock.total_s(now),
            rate_per_s=recent,
            eta=self._eta(counts, recent, now),
            latency=meter.latency(),
            history=meter.history,
            asking=self._session.asking,
            spending=self._with.purse.shown(counts, journal.saving) if self._with.purse is not None else None,
            revision=journal.revision,
            waits=self._with.scheduler.waits() if self._session.state is RunState.RUNNING else None,
        )

    def in_flight(self, start: int, count: int) -> tuple[InFlightRow, ...]:
        """A window of the requests that hold a slot, oldest first."""
        now = self._loop.time()
        return tuple(
            InFlightRow(
                id=flight.ticket.id,
                method=flight.ticket.request.method,
                url=flight.ticket.url,
                attempt=flight.ticket.attempt,
                phase=flight.progress.phase,
                age_s=now - flight.started,
                received_bytes=flight.progress.received,
            )
            for flight in islice(self._with.scheduler.flights.values(), start, start + count)
        )

    @property
    def host_count(self) -> int:
        """How many rows `hosts` has."""
        return len(self._with.scheduler.hosts)

    def hosts(self, start: int, count: int) -> tuple[HostRow, ...]:
        """A window of the hosts asked in this session, busiest (most attempts) first."""
        return self._with.scheduler.hosts.rows(start, count)

    def events_since(self, seq: int) -> EventBatch:
        """Lifecycle facts from `seq` on; 0 asks for all that is held."""
        return self._with.events.since(seq)

    def past(self, span_s: float | None, columns: int) -> PastView:
        """The last `span_s` seconds in so many columns, the whole run for None, earlier sessions included."""
        return self._with.recorder.view(span_s, columns)

    def pause(self) -> None:
        """Admit no request; those in flight go on to their end."""
        if self._session.state is RunState.RUNNING:
            self._session.enter(RunState.PAUSED)
            in_use = self._with.gate.in_use
            self._with.events.say(EventKind.PAUSED, f"Paused by hand; {in_use} in flight go on to their end.")

    def resume(self) -> None:
        """Admit requests again."""
        if self._session.state is RunState.PAUSED:
            self._with.events.say(EventKind.RESUMED, "Resumed by hand.")
            self._session.resume()

    def set_concurrency(self, limit: int) -> None:
        """Set the limit (1 at least): a lower one drains, a higher one takes effect at once."""
        self._with.controls.set_concurrency(limit)

    def set_auto(self, on: bool) -> None:
        """Let each host's limits be found automatically, or keep the limit as it is."""
        self._with.controls.set_auto(on)

    def set_rate(self, per_second: float | None) -> None:
        """Limit how many requests start a second; None lifts the limit."""
        self._with.controls.set_rate(per_second)

    def set_rate_per_host(self, per_second: float | None) -> None:
        """Limit how many requests to each host start a second; None lifts the limit."""
        self._with.controls.set_rate_per_host(per_second)

    def set_credentials(self, headers: Headers, environ: Mapping[str, str]) -> None:
        """Send these header fields in place of those of the same names, and these values of `env.`, from now on.

        Raises TemplateError for a header that cannot be sent.
        """
        self._with.renewal.renew(headers, environ)
        names = ", ".join([*(name for name, _ in headers), *environ])
        self._with.events.say(EventKind.CREDENTIALS, f"New credentials were given by hand: {names}.")

    def retry(self, ids: Collection[int]) -> None:
        """Queue these again if they failed or were skipped, with a fresh retry budget."""
        self._session.spawn(self._with.by_hand.requeue(tuple(ids)))

    def retry_matching(self, rows: RowFilter) -> None:
        """Queue again every failed or skipped request that the filter selects."""
        self._session.spawn(self._with.by_hand.requeue_matching(rows))

    def resend(self, request: int, edited: EditedRequest) -> None:
        """Send an ended request again as edited, as a new attempt; `***` stands for what was masked at its place.

        Raises EditError where it is no request, or has not ended; what is found out later stands in an event.
        """
        if self._with.scheduler.stopping:
            raise EditError(
                "The run is being left, and sends nothing more. Edit the request when it goes on."
            )
        if request in self._with.scheduler.flights:
            raise EditError(f"Request {request} is in flight. Wait for its end, or cancel it first.")
        checked = self._with.resending.check(edited)
        self._session.spawn(self._with.resending.resend(request, checked))

    def cancel(self, ids: Collection[int]) -> None:
        """Cancel those in flight and skip those queued or waiting; they end as `skipped`."""
        others = [request for request in ids if not self._with.scheduler.cancel(request)]
        cancelled = len(ids) - len(others)
        self._with.events.say(
            EventKind.CANCELLED, f"Cancelled {cancelled} in flight, skipping {len(others)} others."
        )
        if others:
            self._with.scheduler.skip(others)
            self._session.spawn(self._with.by_hand.skip(others))

    def skip_matching(self, rows: RowFilter) -> None:
        """Make skipped ones of the failed requests that the filter selects; `retry` takes them back."""
        self._session.spawn(self._with.by_hand.skip_failed(rows))

    def abort_in_flight(self) -> None:
        """Break off what is in flight and queue it again, charging nobody; the run goes on, or stays paused."""
        count = self._with.scheduler.break_off()
        if count:
            text = f"Aborted {count:,} in flight by hand; they are queued again and charged nothing."
            self._with.events.say(EventKind.CANCELLED, text)

    def give_way(self) -> None:
        """Let little in at once for a moment, because a key was pressed."""
        self._with.courtesy.give_way()

    def drain(self) -> None:
        """Admit nothing more and let those in flight finish; the run can be resumed later."""
        self._with.scheduler.stop()
        if self._session.state in (RunState.RUNNING, RunState.PAUSED):
            self._session.over.clear()
            self._session.enter(RunState.DRAINING)
            in_use = self._with.gate.in_use
            self._with.events.say(EventKind.DRAINING, f"Draining: {in_use} in flight go on to their end.")
        self._session.settle()

    def abandon(self) -> None:
        """Leave at once: abort what is in flight (queued again for the next start) and save."""
        self._with.scheduler.abandon()
        if self._session.state is not RunState.FINISHED:
            self._session.enter(RunState.DRAINING)
        self._session.over.set()

    def _eta(self, counts: Counts, recent: float, now: float) -> Eta | None:
        if self._session.state is not RunState.RUNNING or not self._session.input_known:
            return None
        purse = self._with.purse
        if purse is not None and purse.falls_short(counts.pending):
            return None
        longer = self._with.meter.rate_per_s(now, _LONGER_WINDOW_S)
        found = estimate(counts.pending, recent, longer, self._with.scheduler.rate)
        return Eta(*found) if found is not None else None
