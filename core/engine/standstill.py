"""Why nothing is in flight while a run goes on: every request waits for a resting host, a rate, or its retry."""

from __future__ import annotations

import time

from ..limits.hosts import HostLimits
from ..limits.ready import ReadyQueue
from ..policies.rate import Pacer
from ..snapshot import Wait, WaitCause
from .ticket import Ticket
from .waiting_room import WaitingRoom

_TOLD_S = 1.0
"""A shorter wait is over before anybody has read of it."""
_SLOW_PER_S = 0.5
"""Between the starts of a faster pace nothing is told, else it would come and go with each of them."""


def standstill(
    ready: ReadyQueue[Ticket], waiting: WaitingRoom, pacer: Pacer, hosts: HostLimits, now: float
) -> Wait | None:
    """What those wait for who might start, else those who wait for a retry; None for nothing worth telling.

    Asked while nothing is in flight nor on its way out of the journal; `now` is on the loop's clock.
    """
    if not len(ready):
        due = waiting.next_due
        return _told(WaitCause.RETRY, due, now) if due is not None and len(waiting) else None
    if ready.available:
        return _told(WaitCause.RATE, now + pacer.wait_s(now), now) if _slow(pacer) else None
    found = ready.next_host()
    if found is None:
        return None
    when, host = found
    limit = hosts.of(host)
    if limit is None or limit.rests(now):
        return _told(WaitCause.HOST, when, now, host, ready.hosts_aside)
    return _told(WaitCause.RATE, when, now, host, ready.hosts_aside) if _slow(limit.pacer) else None


def _slow(pacer: Pacer) -> bool:
    return pacer.per_second is not None and pacer.per_second <= _SLOW_PER_S


def _told(cause: WaitCause, when: float, now: float, host: str = "", hosts: int = 0) -> Wait | None:
    return Wait(cause, time.time() + when - now, host, hosts) if when - now >= _TOLD_S else None
