"""What the run does about an outage: it pauses, tries to connect until a host is there, charges nothing, goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from msgspec import Struct

from ..journal.writer import Journal
from ..model import Fault, Outcome, State
from ..policies.outage import OutageWatch, reached, unreached
from ..transport.base import Transport
from .ticket import Ticket

_CONNECT_S = 3.0
_PROBE_FIRST_S = 0.5
_PROBE_MOST_S = 15.0
_GIVE_UP_S = 60.0
_MOST_CHARGES = 20_000
_SAMPLE = 4


class OutageListener(Struct, frozen=True):
    """Who is told of outages; called on the event loop."""

    began: Callable[[str], None]
    """No host can be reached, with the reason; nothing should be started."""
    ended: Callable[[float], None]
    """A host can be reached again, after so many seconds."""
    hopeless: Callable[[str], None]
    """A session that has never reached a host has waited long enough for somebody to look at it."""


class _Charge(Struct):
    """What an attempt of a suspected outage was charged with."""

    ticket: Ticket
    attempts: int = 0
    failed: bool = False


class OutageGuard:
    """Sees every attempt that lands; looks at the network itself before it calls anything an outage."""

    def __init__(
        self,
        transport: Transport,
        journal: Journal,
        spawn: Callable[[Coroutine[Any, Any, None]], None],
        listener: OutageListener,
    ) -> None:
        """`spawn` runs a task that ends with the session."""
        self._transport = transport
        self._journal = journal
        self._spawn = spawn
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._watch = OutageWatch()
        self._charges: dict[int, _Charge] = {}
        self._looking = False
        self._over = asyncio.Event()
        self.active = False
        """Whether there is an outage: attempts that reach nothing are not charged."""
        self.undecided = False
        """Whether requests that failed may be queued again, because there may be an outage."""

    def excuses(self, fault: Fault) -> bool:
        """Whether an attempt failed by an outage, not by its server."""
        return self.active and unreached(fault)

    def landed(self, ticket: Ticket, outcome: Outcome, state: State, *, charged: bool) -> None:
        """Take in an attempt and what its request became."""
        sign = reached(outcome)
        if sign:
            self._watch.reached(ticket.host, ticket.url)
            if self._charges:
                self._charges.clear()
            self._over.set()
        elif sign is False:
            now = self._loop.time()
            if not self._watch.unreached(ticket.id, ticket.host, ticket.url, now) or self.active:
                return
            if charged and len(self._charges) < _MOST_CHARGES:
                charge = self._charges.setdefault(ticket.id, _Charge(ticket))
                charge.attempts += 1
                charge.failed = state is State.FAILED
            left = self._journal.counts.pending - self._journal.saving
            if not self._looking and self._watch.due(now, left):
                self._looking = self.undecided = True
                self._spawn(self._look())

    def dismiss(self) -> None:
        """A user goes on whatever is wrong: attempts are charged as ever."""
        if self.active:
            self._watch.dismissed = True
            self._over.set()

    async def _look(self) -> None:
        try:
            self._over.clear()
            reason = await self._unreachable()
            if reason is None:
                self._charges.clear()
                self._watch.cleared(self._loop.time())
            elif not self._over.is_set():
                await self._wait_out(reason)
        finally:
            self._looking = self.undecided = False

    async def _wait_out(self, reason: str) -> None:
        began = self._loop.time()
        self.active = True
        try:
            self._listener.began(reason)
            await self._give_back()
            self.undecided = False
            pause, told = _PROBE_FIRST_S, False
            while not await self._over_within(pause) and await self._unreachable() is not None:
                pause = min(pause * 2, _PROBE_MOST_S)
                if not told and not self._watch.proven and self._loop.time() - began > _GIVE_UP_S:
                    told = True
                    self._listener.hopeless(reason)
        finally:
            self.active = False
            self._watch.over()
        if not self._watch.dismissed:
            self._listener.ended(self._loop.time() - began)

    async def _give_back(self) -> None:
        """Undo what the attempts that led here were charged with; requests that failed by them are queued again."""
        charges, self._charges = self._charges, {}
        for charge in charges.values():
            charge.ticket.tries = max(0, charge.ticket.tries - charge.attempts)
        attempts = {request: charge.attempts for request, charge in charges.items() if not charge.failed}
        failed = [request for request, charge in charges.items() if charge.failed]
        await self._journal.change(lambda store: store.excuse(attempts, failed), urgent=True)

    async def _over_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._over.wait()
        except TimeoutError:
            return False

    async def _unreachable(self) -> str | None:
        """None as soon as one host can be reached, else the first reason why not."""
        urls = dict.fromkeys((*self._watch.suspects(), *await self._sample()))
        probes = [self._loop.create_task(self._transport.probe(url, _CONNECT_S)) for url in urls]
        reason = "no host answers"
        try:
            for number, probe in enumerate(asyncio.as_completed(probes)):
                found = await probe
                if found is None:
                    return None
                reason = found if number == 0 else reason
            return reason
        finally:
            for probe in probes:
                probe.cancel()
            await asyncio.gather(*probes, return_exceptions=True)

    async def _sample(self) -> Iterable[str]:
        """URLs of requests that are still to come: a list may begin with many dead hosts."""
        try:
            async with asyncio.timeout(_CONNECT_S):
                return await self._journal.change(lambda store: store.queued_urls(_SAMPLE))
        except TimeoutError:  # the disk is in trouble too
            return ()
