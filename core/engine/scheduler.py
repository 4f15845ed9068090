"""Which request starts when: fills free slots as fast as all limits allow, and brings retries back in time."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Collection

from msgspec import Struct

from ..courtesy import Courtesy
from ..journal.entries import Ended
from ..journal.writer import Journal
from ..limits.gate import Gate
from ..limits.ready import ReadyQueue
from ..model import UNSENT_KINDS, Fault, Outcome, State
from ..policies.rate import Pacer
from ..snapshot import Wait
from ..transport.base import Transport
from .attempts import Attempts
from .feed import Feed
from .hosts import Hosts
from .judging import Judging
from .landing import Landing
from .leasing import LeaseParts, Leasing
from .spending import Purse
from .standstill import standstill
from .ticket import Flight, Ticket
from .waiting_room import WaitingRoom

_STARTS_A_TICK = 64
"""Requests started at once, so that a raised limit does not freeze the dashboard."""
_STARTS_AT_FIRST = 8
"""And so many at first, then twice as many: the first request leaves before others have been made."""
_SOONEST_S = 0.001
"""The least that a timer is set to. uvloop takes less than half of it for none at all: the loop would turn, and this be
asked, until the moment has come; at 500 requests a second that took half of the processor."""
_MOST_WAITING = 10_000
"""Retries in the waiting room; beyond that nothing new is leased, so that an outage does not fill memory."""


class Parts(Struct, frozen=True):
    """What a scheduler works with."""

    journal: Journal
    transport: Transport
    courtesy: Courtesy
    feed: Feed
    gate: Gate
    landing: Landing
    judging: Judging | None
    """None where the status alone decides."""
    purse: Purse | None
    """None where attempts are neither limited nor priced."""
    limit: Callable[[], int]
    """How many may be in flight just now, as far as is known."""
    rate_per_s: Callable[[], float]
    """How many requests end a second just now."""
    on_feed_error: Callable[[str], None]
    """Leased rows cannot be made into requests, with the reason; they have been given back."""


class Scheduler:
    """Starts attempts while the gate, the pacer, the purse and the disk allow it; never waits inside a decision."""

    def __init__(self, parts: Parts, pacer: Pacer) -> None:
        """Nothing starts before the first `pump`; `pacer` spaces all starts."""
        self._parts = parts
        self._loop = asyncio.get_running_loop()
        self._ready: ReadyQueue[Ticket] = ReadyQueue()
        self._pacer = pacer
        self._waiting = WaitingRoom()
        self._leasing = Leasing(
            LeaseParts(
                journal=parts.journal,
                feed=parts.feed,
                gate=parts.gate,
                limit=parts.limit,
                rate_per_s=parts.rate_per_s,
                failed=self._fail,
                stuck=parts.on_feed_error,
            ),
            self._ready,
            self.pump,
        )
        self._skipping: set[int] = set()
        self._stale: dict[int, int] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_at = 0.0
        self._again: asyncio.Handle | None = None
        self._starts = _STARTS_AT_FIRST
        """Requests that may be started at once by now."""
        self._attempts = Attempts(
            parts.transport, parts.journal, parts.courtesy, parts.judging, self._land, self._handed_back
        )
        self._empty = asyncio.Event()
        """Set when nothing is in flight any more, after `stop`."""
        self.stopping = False
        """Whether nothing more is started, because the run is being left."""
        self.flights: dict[int, Flight] = {}
        """Attempts that hold a slot, by request, the oldest first."""
        self.hosts = Hosts(parts.gate.hosts)
        """What each host has had of the attempts."""

    @property
    def rate(self) -> float | None:
        """Requests that may start a second, or None; may be set at any time."""
        return self._pacer.per_second

    @rate.setter
    def rate(self, per_second: float | None) -> None:
        self._pacer = self._pacer.at_rate(per_second, self._loop.time())
        self.pump()

    @property
    def reserve(self) -> int | None:
        """How many more requests may be begun; None for all. May be set at any time."""
        return self._leasing.reserve

    @reserve.setter
    def reserve(self, count: int | None) -> None:
        self._leasing.reserve = count

    def pump(self) -> None:
        """Start what may start now, and see to it that more is leased; cheap when there is nothing to do."""
        if self.stopping:
            return
        now = self._loop.time()
        most = self._parts.courtesy.at_once(self._starts)
        starting: list[Flight] = []
        while len(starting) < most and (flight := self._admitted(now)) is not None:
            starting.append(flight)
        for flight in starting:
            self._attempts.start(flight)
        if len(starting) == most:
            self._starts = min(2 * self._starts, _STARTS_A_TICK)
            if self._again is None:
                self._again = self._loop.call_soon(self._pump_again)
        if len(self._waiting) <= _MOST_WAITING:
            self._leasing.ahead(self._pacer.per_second)

    def waits(self) -> Wait | None:
        """What keeps every request from starting; None while one is in flight, or may be at any moment."""
        gate = self._parts.gate
        if (
            self.flights
            or self.stopping
            or gate.paused
            or self._leasing.busy
            or self._parts.journal.congested
        ):
            return None
        return standstill(self._ready, self._waiting, self._pacer, gate.hosts, self._loop.time())

    def reconsider(self, host: str) -> None:
        """A host may have more, or less, than before."""
        self._ready.reconsider(host)
        if self._again is None and not self.stopping:
            self._again = self._loop.call_soon(self._pump_again)

    def rebuild(self) -> None:
        """Make all requests anew: those under way when they are sent again."""
        for flight in self.flights.values():
            flight.ticket.outdated = True
        self._leasing.rebuild(self._waiting.clear())
        self.pump()

    def skip(self, ids: Collection[int]) -> None:
        """Keep these from starting; the caller has them skipped in the journal, then calls `skipped`."""
        self._waiting.drop(ids)
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

    def break_off(self) -> int:
        """The same without leaving the run; returns how many attempts were under way."""
        under_way = [flight for flight in self.flights.values() if not flight.cancelled]
        for flight in under_way:
            flight.cancel(abandoned=True, broken_off=True)
        return len(under_way)

    async def landed(self) -> None:
        """Return when nothing is in flight and nothing is being leased; after `stop`."""
        await self._leasing.stop()
        if self.flights:
            await self._empty.wait()

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

    def _admitted(self, now: float) -> Flight | None:
        """The next attempt, which has its slot from now on; else the scheduler wakes when there may be one."""
        gate, purse, ready = self._parts.gate, self._parts.purse, self._ready
        while gate.free and ready and not self._parts.journal.congested:
            wait = self._pacer.wait_s(now)
            if wait > 0:
                self._wake_at(now + wait)
                return None
            if purse is not None and not purse.left:
                return None
            ticket = ready.pop(gate, now)
            if ticket is None:
                wake = ready.next_wake()
                if wake is not None:
                    self._wake_at(wake)
                return None
            if ticket.id in self._skipping or self._stale.get(ticket.id, -1) >= ticket.lease:
                gate.release(ticket.host)
                ready.unblock(ticket.host)
                continue
            self._pacer = self._pacer.taken(now)
            if purse is not None:
                purse.sent()
            flight = self.flights[ticket.id] = Flight(ticket, now, time.time())
            self.hosts.started(ticket.host)
            return flight
        return None

    def _handed_back(self) -> None:
        """Attempts have landed: their slots are free."""
        self.pump()
        if self.flights:
            return
        if self._parts.gate.paused or not self._ready:
            # It may be the run's end, or a pause, that somebody waits for.
            self._parts.journal.hurry()
        if self.stopping:
            self._empty.set()

    def _land(self, flight: Flight, outcome: Outcome | None) -> None:
        ticket, now = flight.ticket, self._loop.time()
        # Where a user wanted the request gone when the attempt had just failed, it is not sent again.
        if flight.cancelled and not flight.abandoned and isinstance(outcome, Fault):
            outcome = None
        del self.flights[ticket.id]
        self._parts.gate.release(ticket.host)
        self._ready.unblock(ticket.host)
        if self._parts.purse is not None:
            unsent = outcome is None and not flight.sent
            unsent = unsent or (
                isinstance(outcome, Fault) and outcome.kind in UNSENT_KINDS and not outcome.hops
            )
            self._parts.purse.landed(flight.started_at, unsent=unsent)
        ended, delay_s = self._parts.landing.land(flight, outcome, now, random.random())
        self.hosts.ended(ticket.host, ended.elapsed_ms if outcome is not None else None, ended.kind)
        self._parts.journal.end(ended)
        if ended.state is State.WAITING:
            self._wait(ticket, ended, now + delay_s)
        elif ended.state is State.QUEUED:
            self._leasing.returned()

    def _fail(self, ended: Ended) -> None:
        self._parts.landing.fail(ended)
        self._parts.journal.end(ended)

    def _wait(self, ticket: Ticket, ended: Ended, due: float) -> None:
        ticket.attempt = ended.attempt + 1
        ticket.tries = ended.tries
        self._waiting.add(ticket, due)
        self._wake_at(due)

    def _wake_at(self, when: float) -> None:
        when = max(when, self._loop.time() + _SOONEST_S)
        if self.stopping or (self._timer is not None and self._wakes_at <= when):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._wakes_at = when
        self._timer = self._loop.call_at(when, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        ripe = self._waiting.ripe(self._loop.time())
        if ripe:
            self._leasing.again(ripe)
        due = self._waiting.next_due
        if due is not None:
            self._wake_at(due)
        self.pump()
