"""What a run has spent, in words: of a quota and in money. For every front end; loads neither Textual nor Rich."""

from __future__ import annotations

from datetime import UTC, datetime

from ..core.printable import printable
from ..core.snapshot import Snapshot, Spending
from .figures import count, span

_PERIODS = {"minute": "this minute", "hour": "this hour", "day": "today", "month": "this month"}


def spending_words(spending: Spending, now: float) -> str:
    """Quota and cost in one line; `now` is the wall clock, in seconds since the epoch."""
    return ", ".join(filter(None, (quota_words(spending, now), cost_words(spending))))


def quota_words(spending: Spending, now: float) -> str:
    """`12,345 of 100,000 today, resets 00:00 UTC (in 5 h)`; empty without a quota."""
    if spending.quota is None:
        return ""
    resets = "" if spending.resets_at is None else f", resets {moment_words(spending.resets_at, now)}"
    return f"{share_words(spending)}{resets}"


def share_words(spending: Spending) -> str:
    """`12,345 of 100,000 today`; empty without a quota."""
    if spending.quota is None:
        return ""
    period = _PERIODS.get(spending.period, f"this {printable(spending.period)}")
    return f"{count(spending.sent)} of {count(spending.quota)} {period}"


def cost_words(spending: Spending) -> str:
    """`cost 12.40 USD, about 33.10 in all`: the currency once where both have it; empty without a price."""
    if spending.cost is None:
        return ""
    if spending.projected is None:
        return f"cost {printable(spending.cost)}"
    _, space, currency = spending.cost.partition(" ")
    projected = spending.projected.removesuffix(space + currency)
    return f"cost {printable(spending.cost)}, about {printable(projected)} in all"


def moment_words(moment: float, now: float) -> str:
    """`00:00 UTC (in 5 h)`, with the date where it is more than a day away. Both on the wall clock."""
    left = moment - now
    there = datetime.fromtimestamp(moment, UTC)
    day = f"{there.day} {there:%b} " if left > 86_400 else ""
    return f"{day}{there:%H:%M} UTC ({'now' if left < 1 else f'in {span(left)}'})"


def quota_wait(snapshot: Snapshot, now: float) -> str:
    """Until when the run waits because its quota is spent; empty while it does not."""
    spending = snapshot.spending
    if spending is None or spending.quota is None or spending.resets_at is None:
        return ""
    waits = spending.sent >= spending.quota and snapshot.counts.pending > snapshot.counts.in_flight
    return f"quota spent, goes on at {moment_words(spending.resets_at, now)}" if waits else ""
