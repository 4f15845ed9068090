"""Taking requests out of the journal, durably marked as in flight, ahead of need."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec import Struct

from ..journal.entries import Ended, Leased
from ..journal.store import Store
from ..journal.writer import Journal
from ..limits.gate import Gate
from ..limits.ready import ReadyQueue
from .feed import Feed
from .ticket import Ticket

_LEAST_AHEAD = 16
_MOST_AHEAD = 5000
_MOST_READY = 20_000
"""Leased requests in memory, those of hosts without room included."""
_CROWDS = ((15_000, 10), (10_000, 100), (0, 1000))
"""With so many leased requests in memory, hosts that may start nothing get no more beyond so many each."""


class LeaseParts(Struct, frozen=True):
    """What leasing works with."""

    journal: Journal
    feed: Feed
    gate: Gate
    limit: Callable[[], int]
    """How many may be in flight just now, as far as is known."""
    rate_per_s: Callable[[], float]
    """How many requests end a second just now."""
    failed: Callable[[Ended], None]
    """A leased row cannot be made into a request; it has failed for good."""
    stuck: Callable[[str], None]
    """Leased rows cannot be made into requests for now, with the reason; they have been given back."""


class Leasing:
    """Keeps the ready queue filled. A lease is durable before its request may be sent."""

    def __init__(self, parts: LeaseParts, ready: ReadyQueue[Ticket], pump: Callable[[], None]) -> None:
        """`pump` is called when there is more in the ready queue."""
        self._parts = parts
        self._ready = ready
        self._pump = pump
        self._loop = asyncio.get_running_loop()
        self._leasing: asyncio.Task[None] | None = None
        self._urged = False
        """Whether the lease under way has been asked to be durable at once."""
        self._again: set[asyncio.Task[None]] = set()
        self._dry_at: int | None = None
        """The horizon below which nothing was queued when it was last looked for."""
        self._crowd: frozenset[str] = frozenset()
        self._crowd_from = 0
        """Below this id only hosts of the crowd have queued requests."""
        self._only_crowd: tuple[frozenset[str], int] | None = None
        """The crowd, and how many requests were queued, when there were none of other hosts."""
        self._plenty = _MOST_READY
        """While more than this are ready, nobody need ask how many are wanted: that costs as much as a start."""
        self._made = 0
        """Grows when requests are to be made anew; tickets made before are given back."""
        self.reserve: int | None = None
        """How many more requests may be leased for the first time; None for all. May be set at any time."""

    @property
    def busy(self) -> bool:
        """Whether requests are on their way out of the journal."""
        return self._leasing is not None or bool(self._again)

    def ahead(self, pace: float | None) -> None:
        """Lease more where less is ready than will be wanted soon; `pace` is that of the starts a second."""
        parts, ready = self._parts, self._ready
        if self._leasing is not None:
            if not (ready.available or self._urged):
                self._urged = True
                parts.journal.urge()
            return
        if ready.available > self._plenty:
            return
        if parts.gate.paused or parts.journal.congested or self.reserve == 0:
            return
        if not parts.journal.leasable or (self._dry_at is not None and parts.feed.horizon == self._dry_at):
            return
        if self._only_crowd is not None and self._only_crowd == (
            self._crowded(),
            parts.journal.counts.queued,
        ):
            return
        limit = parts.limit()
        # Where requests wait for nothing but latency, all slots become free at nearly the same time, again and again:
        # with fewer tickets than slots the last of them would stand empty until a lease is durable.
        ahead = max(_LEAST_AHEAD, limit, int(parts.rate_per_s() * 0.3))
        target = max(0, limit - parts.gate.in_use) + ahead
        if pace is not None:
            target = min(target, max(_LEAST_AHEAD, int(pace * 2)))
        target = min(target, _MOST_AHEAD)
        ahead = min(ahead, target)
        # Tickets of hosts without room do not count, so that they delay no other host.
        missing = min(target - ready.available, _MOST_READY - len(ready))
        if self.reserve is not None:
            missing = min(missing, self.reserve)
        if missing > 0 and (ready.available == 0 or missing * 2 >= ahead):
            self._plenty = _MOST_READY
            self._urged = ready.available == 0
            self._lease(missing)
        else:
            self._plenty = max(0, ready.available - max(1, ahead // 8))

    def again(self, tickets: list[Ticket]) -> None:
        """Lease these for their next attempt; those that are outdated are queued, to be made anew."""
        outdated = [ticket.id for ticket in tickets if ticket.outdated]
        if outdated:
            self._more_in_reserve(len(outdated))
            self._parts.journal.post(lambda store: store.wait_no_more(outdated))
            tickets = [ticket for ticket in tickets if not ticket.outdated]
        if tickets:
            task = self._loop.create_task(self._lease_again(tickets, self._made))
            self._again.add(task)
            task.add_done_callback(self._again.discard)

    def rebuild(self, waiting: list[int]) -> None:
        """Give back what is ready, and what waits, so that all requests are made anew."""
        self._made += 1
        ready = [ticket.id for ticket in self._ready.clear()]
        self._more_in_reserve(len(ready) + len(waiting))
        self._parts.journal.post(lambda store: _return(store, ready, waiting))

    def returned(self) -> None:
        """A request that had been begun is queued again, as if it had not been."""
        self._more_in_reserve(1)
        self._dry_at = self._only_crowd = None

    async def stop(self) -> None:
        """Return when nothing is being leased any more."""
        for task in (self._leasing, *self._again):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def _lease_again(self, tickets: list[Ticket], made: int) -> None:
        leased, number = await self._parts.journal.lease_again([ticket.id for ticket in tickets])
        if made != self._made:
            self._more_in_reserve(len(leased))
            self._give_back(list(leased))
            return
        for ticket in tickets:
            if ticket.id in leased:
                ticket.lease = number
                self._ready.push(ticket)
        self._pump()

    def _lease(self, count: int) -> None:
        horizon, crowd = self._parts.feed.horizon, self._crowded()
        if crowd != self._crowd:
            self._crowd, self._crowd_from = crowd, 0
        coming = self._parts.journal.lease(
            count, horizon, start=self._crowd_from, without=crowd, urgent=self._urged
        )
        self._leasing = self._loop.create_task(self._make_ready(coming, horizon, crowd, self._made))

    async def _make_ready(
        self, coming: asyncio.Future[list[Leased]], horizon: int | None, crowd: frozenset[str], made: int
    ) -> None:
        feed = self._parts.feed
        leased: list[Leased] = []
        try:
            leased = await coming
            self._dry_at = horizon if not leased and not crowd else None
            self._pass_over(crowd, leased)
            tickets, failed = await feed.tickets(leased)
        except Exception as error:
            # Whatever it is, the rows go back into the queue, and the run says why it waits.
            self._give_back([one.id for one in leased])
            self._parts.stuck(str(error) or type(error).__name__)
            return
        finally:
            self._leasing = None
        if made != self._made:
            self._give_back([ticket.id for ticket in tickets])
            tickets = []
        elif self.reserve is not None:
            self.reserve -= len(leased)
        for ended in failed:
            self._parts.failed(ended)
        for ticket in tickets:
            self._ready.push(ticket)
        self._pump()

    def _crowded(self) -> frozenset[str]:
        size = len(self._ready)
        return self._ready.crowded(next(most for full, most in _CROWDS if size >= full))

    def _pass_over(self, crowd: frozenset[str], leased: list[Leased]) -> None:
        """Remember where hosts of the crowd need not be passed over again."""
        self._only_crowd = None
        if crowd and leased:
            self._crowd_from = leased[-1].id
        elif crowd and self._crowd_from:
            self._crowd_from = 0  # others may have been queued again before it
        elif crowd:
            self._only_crowd = (crowd, self._parts.journal.counts.queued)

    def _more_in_reserve(self, count: int) -> None:
        """So many that have been begun are queued, and will be leased as if for the first time."""
        if self.reserve is not None:
            self.reserve += count

    def _give_back(self, ids: list[int]) -> None:
        self._parts.journal.post(lambda store: store.give_back(ids))


def _return(store: Store, ready: list[int], waiting: list[int]) -> None:
    store.give_back(ready)
    store.wait_no_more(waiting)
