"""From attempts to figures: share of the allowed rate, share refused, when it locked in; pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from .cases import Case, Kind
from .clients import Attempt

SETTLED_S = 10.0
"""Refusals count from here on, and locked in is to be who is so by then."""
WITHIN = 0.15
MOST_OUTSIDE = 0.05
LEAST_SHARE, MOST_REFUSED, MOST_LATENCY = 0.95, 0.02, 1.5
_OK, _TOO_MANY = 200, 429


@dataclass(frozen=True, slots=True)
class Figures:
    """What one client came to against one server; None where it does not apply."""

    attempts: int
    accepted: int
    share: float
    """Accepted of what the server allows over the whole run, from the first attempt on."""
    refused: float
    """Share of the attempts answered 429 that started later than 10 s after the first one, and not within the 10 s
    after the limit was halved."""
    locked_s: float | None
    """First second from which on requests sent and accepted a second both stay within 15 % of the allowed ones."""
    settled_s: float | None
    """The same for the halved limit, counted from the moment it was halved."""
    refused_halved: float | None
    """Share refused from 10 s after the halving on."""
    latency: float | None
    """Median latency after 10 s over that at rest, where the server queues."""


@dataclass(frozen=True, slots=True)
class Check:
    """One goal and whether it was reached."""

    name: str
    passed: bool
    detail: str


def figures_of(case: Case, attempts: Sequence[Attempt], seconds: float, halved_at: float | None) -> Figures:
    """`attempts` in the order of their starts; `halved_at` is in seconds since the epoch."""
    if not attempts:
        return Figures(0, 0, 0.0, 0.0, None, None, None, None)
    began = attempts[0].started
    ends = began + seconds
    attempts = [one for one in attempts if one.started < ends]
    good = [one.started for one in attempts if one.status == _OK]
    change = min(halved_at, ends) if halved_at is not None else ends
    allowed = case.rate * (change - began) + case.rate / 2 * (ends - change)
    late = [
        one
        for one in attempts
        if one.started >= began + SETTLED_S and not change <= one.started < change + SETTLED_S
    ]
    after = [one for one in attempts if one.started >= change + SETTLED_S]
    sent = [one.started for one in attempts]
    settled_s = _locked(good, sent, case.rate / 2, change, ends) if halved_at is not None else None
    latencies = [one.elapsed_s for one in late if one.status == _OK]
    return Figures(
        attempts=len(attempts),
        accepted=len(good),
        share=len(good) / allowed,
        refused=_refused(late),
        locked_s=_locked(good, sent, case.rate, began, change),
        settled_s=settled_s,
        refused_halved=_refused(after) if halved_at is not None else None,
        latency=median(latencies) * 1000 / case.latency_ms
        if case.kind is Kind.WORKERS and latencies
        else None,
    )


def window_s(rate: float) -> float:
    """Length of the windows in which accepted requests are counted: a second, or what 20 requests take."""
    return max(1.0, 20 / rate)


def _locked(
    good: Sequence[float], sent: Sequence[float], rate: float, start: float, end: float
) -> float | None:
    """Seconds from `start` to the first whole second from which on the rate is kept; None where there is none.

    A window is kept when what was accepted in it and what was sent are both within 15 % of the rate. The five windows
    that begin at that second and the next ones are kept, and of all windows from there to the end (one begins each
    second) all but one in twenty.
    """
    length = window_s(rate)
    most = int(end - start - length)
    kept = [
        all(_near(moments, start + second, length, rate) for moments in (good, sent))
        for second in range(most + 1)
    ]
    for second in range(len(kept) - 4):
        rest = kept[second:]
        if all(rest[:5]) and rest.count(False) <= MOST_OUTSIDE * len(rest):
            return float(second)
    return None


def _near(moments: Sequence[float], begins: float, length: float, rate: float) -> bool:
    count = bisect_left(moments, begins + length) - bisect_left(moments, begins)
    return abs(count / length / rate - 1) <= WITHIN


def _refused(attempts: Sequence[Attempt]) -> float:
    return sum(one.status == _TOO_MANY for one in attempts) / max(1, len(attempts))


def checks(case: Case, figures: Figures) -> list[Check]:
    """The goals that hold for a case."""
    found = [
        Check("share of the allowed rate", figures.share >= LEAST_SHARE, f"{figures.share:.1%}"),
        Check("refused after the first 10 s", figures.refused < MOST_REFUSED, f"{figures.refused:.2%}"),
    ]
    if case.kind is not Kind.WINDOW:
        found.append(_in_time("locked in", figures.locked_s))
    if case.halved:
        found.append(_in_time("settled after halving", figures.settled_s))
    if figures.latency is not None:
        slow = f"{figures.latency:.2f} times that at rest"
        found.append(Check("median latency", figures.latency <= MOST_LATENCY, slow))
    return found


def _in_time(name: str, seconds: float | None) -> Check:
    told = "never" if seconds is None else f"after {seconds:.0f} s"
    return Check(name, seconds is not None and seconds <= SETTLED_S, told)
