"""Which request starts when: leases ahead, fills free slots, and brings retries back when they are due."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from ..journal.entries import Ended, Leased
from ..journal.folder import body_name
from ..journal.writer import Journal
from ..limits.gate import Gate
from ..limits.ready import ReadyQueue
from ..model import FailureKind, Fault, Outcome, State
from ..policies.rate import Pacer
from ..transport.base import Transport
from .feed import Feed
from .hosts import Hosts
from .landing import Landing
from .ticket import Flight, Ticket

_STARTS_A_TICK = 16
"""Requests started in one iteration of the loop, so that a raised limit does not freeze the dashboard."""
_LEAST_AHEAD = 16
_MOST_AHEAD = 5000
_MOST_READY = 20_000
"""Leased requests in memory, those of hosts without room included."""
_MOST_WAITING = 10_000
"""Retries in the waiting room; beyond that nothing new is started, so that an outage does not fill memory."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a scheduler works with."""

    journal: Journal
    transport: Transport
    feed: Feed
    gate: Gate
    landing: Landing
    limit: Callable[[], int]
    """How many may be in flight just now, as far as is known."""
    rate_per_s: Callable[[], float]
    """How many requests end a second just now."""
    on_feed_error: Callable[[str], None]
    """Leased rows cannot be made into requests, with the reason; they have been given back."""


class Scheduler:
    """Starts attempts while the gate, the pacer and the disk allow it; never waits inside a decision."""

    def __init__(self, parts: Parts, rate: float | None) -> None:
        """Nothing starts before the first `pump`."""
        self._parts = parts
        self._loop = asyncio.get_running_loop()
        self._ready: ReadyQueue[Ticket] = ReadyQueue()
        self._pacer = Pacer().at_rate(rate, self._loop.time())
        self._due: list[tuple[float, int, Ticket]] = []
        self._waiting: dict[int, Ticket] = {}
        self._order = itertools.count()
        self._skipping: set[int] = set()
        self._stale: dict[int, int] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_at = 0.0
        self._again: asyncio.Handle | None = None
        self._leasing: asyncio.Task[None] | None = None
        self._dry_at: int | None = None
        """The horizon below which nothing was queued when it was last looked for."""
        self._releasing: set[asyncio.Task[None]] = set()
        self.stopping = False
        """Whether nothing more is started, because the run is being left."""
        self.flights: dict[int, Flight] = {}
        """Attempts that hold a slot, by request, the oldest first."""
        self.hosts = Hosts()
        """What each host has had of the attempts."""

    @property
    def rate(self) -> float | None:
        """Requests that may start a second, or None; may be set at any time."""
        return self._pacer.per_second

    @rate.setter
    def rate(self, per_second: float | None) -> None:
        self._pacer = self._pacer.at_rate(per_second, self._loop.time())
        self.pump()

    def pump(self) -> None:
        """Start what may start now, and see to it that more is leased; cheap when there is nothing to do."""
        if self.stopping:
            return
        gate, journal, now = self._parts.gate, self._parts.journal, self._loop.time()
        for _ in range(_STARTS_A_TICK):
            if not self._ready or gate.free == 0 or journal.congested:
                break
            wait = self._pacer.wait_s(now)
            if wait > 0:
                self._wake_at(now + wait)
                break
            ticket = self._ready.pop(gate, now)
            if ticket is None:
                wake = self._ready.next_wake()
                if wake is not None:
                    self._wake_at(wake)
                break
            self._start(ticket, now)
        else:
            if self._again is None:
                self._again = self._loop.call_soon(self._pump_again)
        self._lease_ahead()

    def reconsider(self, host: str) -> None:
        """A host may have more, or less, than before."""
        self._ready.reconsider(host)
        if self._again is None and not self.stopping:
            self._again = self._loop.call_soon(self._pump_again)

    def skip(self, ids: Collection[int]) -> None:
        """Keep these from starting; the caller has them skipped in the journal, then calls `skipped`."""
        for request in ids:
            self._waiting.pop(request, None)
        self._skipping.update(ids)

    def skipped(self, ids: Collection[int], leased: Collection[int], lease: int) -> None:
        """The journal has skipped `ids`; tickets of `leased` up to this lease may still turn up here."""
        self._skipping.difference_update(ids)
        for request in ids:
            if request in leased or request in self._stale:
                self._stale[request] = lease

    def stop(self) -> None:
        """Start nothing more; what is in flight goes on to its end."""
        self.stopping = True
        for handle in (self._timer, self._again):
            if handle is not None:
                handle.cancel()

    def abandon(self) -> None:
        """Abort all attempts under way; they are queued again, or failed where that is not safe."""
        self.stop()
        for flight in self.flights.values():
            flight.cancel(abandoned=True)

    async def landed(self) -> None:
        """Return when nothing is in flight and nothing is being leased; after `stop`."""
        for task in (self._leasing, *self._releasing):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        while self.flights:
            await asyncio.wait([flight.task for flight in self.flights.values() if flight.task])

    def cancel(self, request: int) -> bool:
        """Abort the attempt of one request because a user wants it gone; False if none is under way."""
        flight = self.flights.get(request)
        if flight is None:
            return False
        flight.cancel(abandoned=False)
        return True

    def _pump_again(self) -> None:
        self._again = None
        self.pump()

    def _start(self, ticket: Ticket, now: float) -> None:
        if ticket.id in self._skipping or self._stale.get(ticket.id, -1) >= ticket.lease:
            self._parts.gate.release(ticket.host)
            self._ready.unblock(ticket.host)
            return
        self._pacer = self._pacer.taken(now)
        flight = Flight(ticket, now, time.time())
        self.flights[ticket.id] = flight
        self.hosts.started(ticket.host)
        flight.task = self._loop.create_task(self._fly(flight))

    async def _fly(self, flight: Flight) -> None:
        ticket = flight.ticket
        outcome: Outcome | None
        try:
            flight.begun = True
            outcome = None if flight.cancelled else await self._send(flight)
        except asyncio.CancelledError:
            outcome = None
        except Exception as error:  # whatever comes is recorded: one request never ends the run
            outcome = Fault(FailureKind.UNEXPECTED, type(error).__name__)
        now = self._loop.time()
        del self.flights[ticket.id]
        self._parts.gate.release(ticket.host)
        self._ready.unblock(ticket.host)
        ended, delay_s = self._parts.landing.land(flight, outcome, now, random.random())
        self.hosts.ended(ticket.host, ended.elapsed_ms if outcome is not None else None, ended.kind)
        self._parts.journal.end(ended)
        if ended.state is State.WAITING:
            self._wait(ticket, ended, now + delay_s)
        self.pump()

    async def _send(self, flight: Flight) -> Outcome:
        ticket = flight.ticket
        if not ticket.request.idempotent:
            await self._parts.journal.mark_sent(ticket.id)
        flight.sent = True
        name = body_name(ticket.id, ticket.attempt)
        began = time.monotonic()
        try:
            return await self._parts.transport.fetch(ticket.request, name, flight.progress)
        finally:
            flight.elapsed_s = time.monotonic() - began

    def _wait(self, ticket: Ticket, ended: Ended, due: float) -> None:
        ticket.attempt = ended.attempt + 1
        ticket.tries = ended.tries
        self._waiting[ticket.id] = ticket
        heapq.heappush(self._due, (due, next(self._order), ticket))
        self._wake_at(due)

    def _wake_at(self, when: float) -> None:
        if self.stopping or (self._timer is not None and self._wakes_at <= when):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._wakes_at = when
        self._timer = self._loop.call_at(when, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        now = self._loop.time()
        ripe: list[Ticket] = []
        while self._due and self._due[0][0] <= now:
            ticket = heapq.heappop(self._due)[2]
            if self._waiting.get(ticket.id) is ticket:
                del self._waiting[ticket.id]
                ripe.append(ticket)
        if ripe:
            task = self._loop.create_task(self._lease_again(ripe))
            self._releasing.add(task)
            task.add_done_callback(self._releasing.discard)
        if self._due:
            self._wake_at(self._due[0][0])
        self.pump()

    async def _lease_again(self, tickets: list[Ticket]) -> None:
        leased, number = await self._parts.journal.lease_again([ticket.id for ticket in tickets])
        for ticket in tickets:
            if ticket.id in leased:
                ticket.lease = number
                self._ready.push(ticket)
        self.pump()

    def _lease_ahead(self) -> None:
        parts = self._parts
        if self._leasing is not None or parts.gate.paused or parts.journal.congested:
            return
        if parts.journal.counts.queued == 0 or len(self._waiting) > _MOST_WAITING:
            return
        if self._dry_at is not None and parts.feed.horizon == self._dry_at:
            return
        limit = parts.limit()
        ahead = max(_LEAST_AHEAD, limit // 2, int(parts.rate_per_s() * 0.3))
        target = max(0, limit - parts.gate.in_use) + ahead
        if self._pacer.per_second is not None:
            target = min(target, max(_LEAST_AHEAD, int(self._pacer.per_second * 2)))
        target = min(target, _MOST_AHEAD)
        # Tickets of hosts without room do not count, so that they delay no other host.
        missing = min(target - self._ready.available, _MOST_READY - len(self._ready))
        if missing > 0 and (self._ready.available == 0 or missing * 2 >= min(ahead, target)):
            self._leasing = self._loop.create_task(self._lease(missing))

    async def _lease(self, count: int) -> None:
        feed, journal = self._parts.feed, self._parts.journal
        horizon = feed.horizon
        leased: list[Leased] = []
        try:
            leased = await journal.lease(count, horizon, urgent=self._ready.available == 0)
            self._dry_at = horizon if not leased else None
            tickets, failed = await feed.tickets(leased)
        except (
            Exception
        ) as error:  # whatever it is, the rows go back into the queue and the run says why it waits
            journal.post(lambda store: store.give_back([one.id for one in leased]))
            self._parts.on_feed_error(str(error) or type(error).__name__)
            return
        finally:
            self._leasing = None
        for ended in failed:
            self._parts.landing.fail(ended)
            journal.end(ended)
        for ticket in tickets:
            self._ready.push(ticket)
        self.pump()
