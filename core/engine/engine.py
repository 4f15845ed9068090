"""The run as a front end sees it: what is going on, and commands that take effect at once."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Collection, Coroutine
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from ..handle import Eta, EventBatch, EventKind, InFlightRow, RunState, Snapshot
from ..journal.batch import Ended
from ..journal.filter import RowFilter
from ..journal.store import Store
from ..journal.writer import Journal
from ..limits.gate import Gate
from ..model import Counts
from ..policies.eta import estimate
from ..policies.stop import FailureWatch
from .events import EventLog
from .feed import HeldRows
from .ingest import Ingest
from .meter import Meter
from .run_clock import RunClock
from .scheduler import Scheduler
from .watch import GapWatch

TICK_S = 0.25
_NOTE_EVERY_S = 1.0
_LONGER_WINDOW_S = 60
_LOCAL_CUT_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Identity:
    """What stays the same for one session of a run."""

    name: str
    journal_path: Path
    session: int


class Engine:
    """One session of a run. Made by `open_run`; implements `EngineHandle`."""

    def __init__(
        self,
        identity: Identity,
        journal: Journal,
        scheduler: Scheduler,
        gate: Gate,
        meter: Meter,
        *,
        clock: RunClock,
        gaps: GapWatch,
        events: EventLog,
        failures: FailureWatch,
        ingest: Ingest | None,
        held: HeldRows,
        input_done: bool,
    ) -> None:
        """`ingest` is None when the input need not, or cannot, be read; `input_done` says which."""
        self._identity = identity
        self._journal = journal
        self._scheduler = scheduler
        self._gate = gate
        self._meter = meter
        self._clock = clock
        self._gaps = gaps
        self._events = events
        self._failures = failures
        self._ingest = ingest
        self._held = held
        self._input_done = input_done
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._state = RunState.RUNNING
        self._reason = ""
        self._trouble: str | None = None
        self._local_cut_at = float("-inf")
        self._noted_at = float("-inf")
        self._noted_state: RunState | None = None
        self._over = asyncio.Event()
        self.stopped_by: str | None = None
        """The stop condition that paused the run, in a sentence; None when none did."""

    # What is going on

    @property
    def journal_path(self) -> Path:
        """The journal, for a read-only connection of the front end's own."""
        return self._identity.journal_path

    def snapshot(self) -> Snapshot:
        """The run now; the cost does not grow with the run."""
        now = self._loop.time()
        self._meter.roll(now)
        counts = self._counts()
        recent = self._meter.rate_per_s(now)
        return Snapshot(
            name=self._identity.name,
            state=self._state,
            reason=self._reason,
            counts=counts,
            total_known=self._input_known,
            in_use=self._gate.in_use,
            limit=self._gate.limit,
            saving=self._journal.saving,
            rate_limit=self._scheduler.rate,
            received_bytes=self._journal.received_bytes,
            elapsed_s=self._clock.total_s(now),
            rate_per_s=recent,
            eta=self._eta(counts, recent, now),
            latency=self._meter.latency(),
            history=self._meter.history,
            revision=self._journal.revision,
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
            for flight in islice(self._scheduler.flights.values(), start, start + count)
        )

    def events_since(self, seq: int) -> EventBatch:
        """Lifecycle facts from `seq` on; 0 asks for all that is held."""
        return self._events.since(seq)

    async def finished(self) -> None:
        """Return when the run is finished, drained, abandoned, or paused by a stop condition."""
        await self._over.wait()

    # Commands

    def pause(self) -> None:
        """Admit no request; those in flight go on to their end."""
        if self._state is RunState.RUNNING:
            self._enter(RunState.PAUSED, "")
            self._events.say(
                EventKind.PAUSED, f"Paused by hand, {self._gate.in_use} in flight go on to their end."
            )

    def resume(self) -> None:
        """Admit requests again."""
        if self._state is RunState.PAUSED:
            self.stopped_by = None
            self._failures.reset()
            self._over.clear()
            self._enter(RunState.RUNNING, "")
            self._events.say(EventKind.RESUMED, "Resumed.")
            self._scheduler.pump()

    def set_concurrency(self, limit: int) -> None:
        """Set the limit (1 at least): a lower one drains, a higher one takes effect at once."""
        before, self._gate.limit = self._gate.limit, limit
        if self._gate.limit != before:
            draining = self._gate.in_use - self._gate.limit
            rest = f", {draining} in flight above it drain" if draining > 0 else ""
            self._events.say(EventKind.CONCURRENCY, f"Concurrency {before}→{self._gate.limit} by hand{rest}.")
            self._scheduler.pump()

    def set_rate(self, per_second: float | None) -> None:
        """Limit how many requests start a second; None lifts the limit."""
        self._scheduler.rate = per_second
        text = f"Rate limit {per_second:g} requests/s." if per_second else "Rate limit lifted."
        self._events.say(EventKind.RATE, text)

    def retry(self, ids: Collection[int]) -> None:
        """Queue these again if they failed or were skipped, with a fresh retry budget."""
        chosen = tuple(ids)
        self._spawn(self._requeue(RowFilter(), chosen))

    def retry_matching(self, rows: RowFilter) -> None:
        """Queue again every failed or skipped request that the filter selects."""
        self._spawn(self._requeue(rows, None))

    def cancel(self, ids: Collection[int]) -> None:
        """Cancel those in flight and skip those queued or waiting; they end as `skipped`."""
        others = [request for request in ids if not self._scheduler.cancel(request)]
        self._events.say(
            EventKind.CANCELLED, f"Cancelled {len(ids) - len(others)} in flight, skipping {len(others)}."
        )
        if others:
            self._scheduler.skip(others)
            self._spawn(self._skip(others))

    def drain(self) -> None:
        """Admit nothing more and let those in flight finish; the run can be resumed later."""
        if self._state in (RunState.DRAINING, RunState.INTERRUPTED):
            return
        finished = self._state is RunState.FINISHED
        self._scheduler.stop()
        if not finished:
            self._enter(RunState.DRAINING, "")
            self._events.say(
                EventKind.DRAINING, f"Draining: {self._gate.in_use} in flight go on to their end."
            )
        self._settle()

    def abandon(self) -> None:
        """Leave at once: abort what is in flight (queued again for the next start) and save."""
        self._scheduler.abandon()
        if self._state is not RunState.FINISHED:
            self._enter(RunState.DRAINING, "")
        self._over.set()

    # The session's life, for open_run

    def start(self) -> None:
        """Begin to read and to fetch."""
        self._events.say(EventKind.STARTED, f"Started with concurrency {self._gate.limit}.")
        if self._ingest is not None:
            self._spawn(
                self._ingest.run(self._journal, lambda text: self._events.say(EventKind.TROUBLE, text))
            )
        self._spawn(self._tick())
        self._settle()
        self._scheduler.pump()

    def warn(self, text: str) -> None:
        """Note something a user should know of."""
        self._events.say(EventKind.TROUBLE, text)

    async def close(self) -> None:
        """Stop, wait for what is in flight, and make everything durable."""
        self._scheduler.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._scheduler.landed()
        self._clock.stop(self._loop.time())
        outcome = "finished" if self._state is RunState.FINISHED else "interrupted"
        elapsed = self._clock.session_s(self._loop.time())
        self._journal.post(Store.give_back)
        self._journal.post(lambda store: store.save_session(self._identity.session, elapsed, outcome))
        await self._journal.close()

    # What the parts report

    def committed(self, ended: list[Ended]) -> None:
        """A batch is durable."""
        self._held.drop(one.id for one in ended if one.state.terminal)
        self._settle()
        self._scheduler.pump()

    def troubled(self, trouble: str | None) -> None:
        """The disk refuses to write, or writes again (None)."""
        before, self._trouble = self._trouble, trouble
        if trouble is not None and before is None:
            self._events.say(
                EventKind.TROUBLE, f"The journal cannot be written ({trouble}); waiting for the disk."
            )
            if self._state is RunState.RUNNING:
                self._enter(
                    RunState.PAUSED,
                    f"the journal cannot be written: {trouble}; goes on by itself when it can",
                )
        if trouble is None and before is not None:
            self._events.say(EventKind.RESUMED, "The journal can be written again.")
            if self._state is RunState.PAUSED and self._reason:
                self._enter(RunState.RUNNING, "")

    def local_fault(self, message: str) -> None:
        """This machine ran out of something: halve the concurrency, once a second at most."""
        now = self._loop.time()
        if now - self._local_cut_at < _LOCAL_CUT_EVERY_S:
            return
        self._local_cut_at = now
        before, self._gate.limit = self._gate.limit, max(1, self._gate.in_use // 2)
        self._events.say(
            EventKind.TROUBLE, f"Concurrency {before}→{self._gate.limit}: {message}; no attempt is charged."
        )

    def request_ended(self, failed: bool) -> None:
        """A request succeeded or failed for good."""
        stop = self._failures.ended(failed=failed)
        if stop is not None and self.stopped_by is None:
            self.stopped_by = stop
            self._events.say(EventKind.PAUSED, f"Stopped: {stop}.")
            if self._state is RunState.RUNNING:
                self._enter(RunState.PAUSED, stop)
            self._over.set()

    # Inside

    @property
    def _input_known(self) -> bool:
        return self._input_done if self._ingest is None else self._ingest.done

    def _enter(self, state: RunState, reason: str) -> None:
        self._state = state
        self._reason = reason
        self._gate.paused = state in (RunState.PAUSED, RunState.DRAINING)

    def _counts(self) -> Counts:
        counts = self._journal.counts
        under_way = len(self._scheduler.flights) + self._journal.saving
        unsent = max(0, counts.in_flight - under_way)
        return replace(counts, queued=counts.queued + unsent, in_flight=counts.in_flight - unsent)

    def _eta(self, counts: Counts, recent: float, now: float) -> Eta | None:
        if self._state is not RunState.RUNNING or not self._input_known:
            return None
        found = estimate(counts.pending, recent, self._meter.rate_per_s(now, _LONGER_WINDOW_S))
        return Eta(*found) if found is not None else None

    def _settle(self) -> None:
        """See whether the run has come to an end, or goes on after one."""
        idle = not self._scheduler.flights and self._journal.saving == 0
        pending = self._journal.counts.pending
        if self._state is RunState.FINISHED:
            if pending:
                self._clock.run(self._loop.time())
                self._over.clear()
                self._enter(RunState.RUNNING, "")
        elif self._state is RunState.DRAINING:
            if idle:
                self._end(RunState.INTERRUPTED if pending or not self._input_known else RunState.FINISHED)
        elif idle and not pending and self._journal.idle and (self._ingest is None or self._ingest.done):
            self._end(RunState.FINISHED if self._input_known else RunState.INTERRUPTED)

    def _end(self, state: RunState) -> None:
        self._enter(state, "" if self._input_known else "the input has not been read to its end")
        self._clock.stop(self._loop.time())
        counts = self._journal.counts
        word = "Finished" if state is RunState.FINISHED else "Interrupted, resumable"
        self._events.say(
            EventKind.FINISHED,
            f"{word}: {counts.succeeded:,} succeeded, {counts.failed:,} failed of {counts.total:,}.",
        )
        self._over.set()

    async def _requeue(self, rows: RowFilter, ids: tuple[int, ...] | None) -> None:
        count = await self._journal.change(lambda store: store.requeue(rows, ids), urgent=True)
        self._events.say(EventKind.RETRIED, f"Queued {count:,} again by hand.")

    async def _skip(self, ids: list[int]) -> None:
        leased = await self._journal.change(lambda store: store.skip(ids), urgent=True)
        self._scheduler.skipped(ids, leased)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            now = self._loop.time()
            gap = self._gaps.tick(now)
            if gap:
                self._events.say(
                    EventKind.TROUBLE,
                    f"This machine stood still for {gap:.0f} s; attempts it broke are not charged.",
                )
            self._meter.roll(now)
            self._settle()
            quiet = self._state is RunState.FINISHED and self._noted_state is RunState.FINISHED
            if now - self._noted_at >= _NOTE_EVERY_S and self._trouble is None and not quiet:
                self._note(now)

    def _note(self, now: float) -> None:
        self._noted_at, self._noted_state = now, self._state
        counts = self._journal.counts
        live = {
            "at": time.time(),
            "state": self._state.value,
            "unsent": max(0, counts.in_flight - len(self._scheduler.flights) - self._journal.saving),
            "concurrency": self._gate.limit,
            "rate_per_s": round(self._meter.rate_per_s(now), 2),
            "elapsed_s": round(self._clock.total_s(now), 3),
        }
        elapsed = self._clock.session_s(now)
        text = json.dumps(live)
        self._journal.post(lambda store: store.save_live(self._identity.session, elapsed, text))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._reap)

    def _reap(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._events.say(EventKind.TROUBLE, f"Internal error: {type(error).__name__}: {error}")
        self._settle()
