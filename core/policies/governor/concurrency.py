"""How many requests in flight are enough, told by latency alone: regime A of the governor.

The run is a closed loop: as long as it uses its limit, throughput is limit over latency (Little's law), so that
"throughput follows the limit" and "latency stays" are one statement. Phases:

GROWING   the limit is multiplied a window long, while it is used and latency stays near that at rest (TCP's slow
          start, RFC 5681); when latency says that requests queue, it settles.
SETTLING  the limit is throughput × latency at rest × headroom; look whether the latency fell as it should. If it did
          not fall although much less is in flight, the server is not queueing but slower: that is the new rest.
RESTING   once, where rest was measured with as much in flight as the server bears at all: half the limit, for
          as long as that lowers the latency (the idea of ProbeRTT in BBR).
HOLDING   nothing changes, except when latency rises (capacity dropped: settle again) or a probe is due.
PROBING   a tenth more; where latency stays, grow again, else return and wait twice as long.

Sources: Netflix concurrency-limits (Gradient2, Vegas: ratio of latency at rest to latency now); Cardwell et al., BBR
(draft-ietf-ccwg-bbr: model of bandwidth and round trip, startup, ProbeRTT). Trimmed means instead of their means and
minima, because the latency of web servers has heavy tails.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from math import exp, hypot, sqrt

from .sample import Summary, Usage, Window, told_s
from .signals import Bounds, per_s

_HEADROOM = 1.1
_QUEUES = 1.4
"""Latency over that at rest from which requests are held to queue at the server."""
_BEGINS_TO_QUEUE = 1.25
_NO_QUEUE = 1.12
_STAYED = 1.05
_SURE = 0.05
_BIAS = 1.2
"""How far the first estimate of rest may be too low, because the quickest answers come first."""
_USED = 0.75
_LEAST_WINDOW_S = 0.25
_MOST_WINDOW_S = 4.0
_FIRST_PROBE_S = 15.0
_MOST_PROBE_S = 60.0
_CUT = 0.7
_LEAST_CUT = 3
"""A limit that is not used is not lowered by less: a probe of the pace would raise it again."""


class _Phase(Enum):
    GROWING = auto()
    SETTLING = auto()
    RESTING = auto()
    HOLDING = auto()
    PROBING = auto()


_PRECISION = {
    _Phase.GROWING: 0.15,
    _Phase.SETTLING: 0.08,
    _Phase.RESTING: 0.1,
    _Phase.HOLDING: 0.1,
    _Phase.PROBING: 0.04,
}


class Concurrency:
    """The limit of requests in flight to one host. Every method that may change it returns the reason, or None."""

    def __init__(self, now: float, bounds: Bounds, limit: int) -> None:
        self._bounds = bounds
        self.limit = bounds.clamp(limit)
        self.throughput: float | None = None
        """Requests a second the server bore when it began to queue."""
        self._floor = self.limit
        self._phase = _Phase.GROWING
        self._step = 2.0
        self._rest_s = 0.0
        """Latency with nothing queueing; 0 while unknown."""
        self._rest_error = 0.0
        self._first_rest_s = 0.0
        self._rested = False
        self._held_s = 0.0
        self._slow = 0
        self._returns_to = self.limit
        self._uncut: tuple[float, int] | None = None
        self._refined = 0
        self._probed_from = 0
        """The limit from which a probe set out that seemed to succeed; 0 where none did."""
        self._probe_every_s = _FIRST_PROBE_S
        self._probe_at = now + _FIRST_PROBE_S
        self._late_s = _LEAST_WINDOW_S
        self._cut_at = now
        self._usage = Usage(now)
        self._judges: dict[_Phase, Callable[[float, Summary], str | None]] = {
            _Phase.GROWING: self._grown,
            _Phase.SETTLING: self._settled,
            _Phase.RESTING: self._rest_seen,
            _Phase.HOLDING: self._held,
            _Phase.PROBING: self._probed,
        }
        self._window = self._open(now, 0.0)

    def follow(self, now: float, needed: float) -> None:
        """Make room for what a new pace needs, with headroom, where latency has set no ceiling; then look anew."""
        if self.throughput is None and self._phase is _Phase.GROWING:
            self.limit = self._bounds.clamp(max(self.limit, 1.25 * needed + 3 * sqrt(needed) + 2))
        self.look_again(now)

    def look_again(self, now: float) -> None:
        """Forget the window under way: something else has changed what is sent."""
        if self._phase is _Phase.PROBING:
            self.limit = self._returns_to
            self._phase = _Phase.HOLDING
        self._window = self._open(now, self._late_s)

    def answered(self, now: float, elapsed_s: float, in_flight: int) -> str | None:
        """An answer came; `in_flight` counts it still."""
        self._usage.add(in_flight)
        summary = self._window.add(now, elapsed_s, in_flight)
        if summary is None:
            return None
        self._late_s = summary.late_s
        if not self._rest_s:
            self._rest_s, self._rest_error = summary.typical_s, summary.error
            self._first_rest_s = summary.typical_s
        elif summary.typical_s < self._rest_s * exp(-2 * summary.error):
            self._rest_s = (self._rest_s + summary.typical_s) / 2
            self._first_rest_s = min(self._first_rest_s, self._rest_s)
        reason = self._judges[self._phase](now, summary)
        if reason is None:
            self._window = self._open(now, 0.0)
        return reason

    def timed_out(self, now: float) -> str | None:
        """A request timed out; a few of them within a window cut the limit."""
        window = self._window
        window.timed_out += 1
        if window.timed_out < 3 or window.timed_out < 0.1 * window.ended or now < self._cut_at:
            return None
        self._cut_at = now + max(1.0, 2 * self._late_s)
        reason = f"{window.timed_out} requests timed out"
        self._phase = _Phase.HOLDING
        self._later(now, _FIRST_PROBE_S)
        return self._set(now, self._bounds.clamp(self.limit * _CUT), f"{reason}, {self._next_probe()}")

    def unused(self, now: float) -> str | None:
        """Lower a limit of which less than half has been used for some seconds; never while nothing ends."""
        peak = self._usage.peak(now)
        limit = self.limit if peak is None else self._bounds.clamp(max(self._floor, 2 * peak))
        if self.limit - limit < _LEAST_CUT:
            return None
        self._phase, self._step = _Phase.GROWING, 2.0
        return self._set(now, limit, f"at most {peak} in flight are needed")

    def _grown(self, now: float, seen: Summary) -> str | None:
        ratio = seen.typical_s / self._rest_s
        if not self._uses(seen):
            return None
        if ratio > _BEGINS_TO_QUEUE * self._doubt(seen):
            self._slow += 1
            # Where latency is noisy, one slow window may be chance.
            return self._settle(now, seen) if self._slow > 1 or seen.error < _SURE else None
        self._slow = 0
        if self.limit >= self._bounds.most:
            return None
        if ratio < _NO_QUEUE and self.throughput is None:
            self._learn_rest(seen)
        grown = self._bounds.clamp(max(self.limit + 1, self.limit * self._step))
        self._step = min(2.0 if self.throughput is None else 1.5, self._step * 1.25)
        return self._set(now, grown, f"more in flight bring more, answers take {told_s(seen.typical_s)}")

    def _settle(self, now: float, seen: Summary) -> str | None:
        self.throughput = seen.per_s
        # Only a limit that held for a while can show a server that has become slower.
        self._uncut = (seen.typical_s, self.limit) if self._phase is _Phase.HOLDING else None
        self._refined = self._slow = 0
        self._phase = _Phase.SETTLING
        target = self._by_little(seen)
        if self._probed_from and target <= 1.15 * self._probed_from:
            target = self._probed_from
            self._later(now, min(_MOST_PROBE_S, 2 * self._probe_every_s))
        else:
            self._later(now, _FIRST_PROBE_S)
        self._probed_from = 0
        why = f"answers take {told_s(seen.typical_s)} instead of {told_s(self._rest_s)}"
        return self._set(now, min(self.limit, target), f"{why}, {self._bears()}")

    def _settled(self, now: float, seen: Summary) -> str | None:
        ratio = seen.typical_s / self._rest_s
        if self._uncut is not None:
            before_s, before = self._uncut
            far = self.limit <= max(0.6 * before, self._bounds.least)
            if ratio > 1.3 and far and seen.typical_s > 0.85 * before_s:
                return self._slower(now, seen, before)
            self._uncut = (max(before_s, seen.typical_s), before)
        target = self._by_little(seen) if ratio > _STAYED else self._bounds.clamp(self.limit * _HEADROOM)
        if self._uses(seen) and self._refined < 3 and abs(target - self.limit) > max(1.0, 0.06 * self.limit):
            self._refined += 1
            return self._set(now, target, self._bears())
        self._held_s = seen.typical_s
        if not self._rested and self.limit <= 2 * self._floor and self.limit > self._bounds.least:
            return self._rest(now)
        self._phase = _Phase.HOLDING
        return None

    def _slower(self, now: float, seen: Summary, before: int) -> str | None:
        self._rest_s, self._rest_error = seen.typical_s, seen.error
        self._first_rest_s = seen.typical_s
        self._phase, self._step = _Phase.GROWING, 1.25
        return self._set(now, before, f"answers take {told_s(seen.typical_s)} however few are in flight")

    def _rest(self, now: float) -> str | None:
        self._phase, self._returns_to = _Phase.RESTING, self.limit
        limit = self._bounds.clamp(self.limit // 2)
        return self._set(now, limit, "a look at the latency with less in flight")

    def _rest_seen(self, now: float, seen: Summary) -> str | None:
        if seen.typical_s <= 0.75 * self._held_s:
            self._rest_s, self._rest_error, self._held_s = seen.typical_s, seen.error, seen.typical_s
            if self.limit > self._bounds.least:
                return self._rest(now)
            self._returns_to = self._by_little(seen)
        self._rested = True
        self._phase = _Phase.HOLDING
        self._later(now, _FIRST_PROBE_S)
        return self._set(now, self._returns_to, f"{self._bears()}, {self._next_probe()}")

    def _held(self, now: float, seen: Summary) -> str | None:
        if self._uses(seen) and seen.typical_s > self._rest_s * _QUEUES * self._doubt(seen):
            self._slow += 1
            return self._settle(now, seen) if self._slow > 1 else None
        self._slow = 0
        self._held_s += 0.3 * (seen.typical_s - self._held_s)
        if now < self._probe_at or not self._uses(seen) or self.limit >= self._bounds.most:
            return None
        self._phase, self._returns_to = _Phase.PROBING, self.limit
        return self._set(now, self._bounds.clamp(max(self.limit + 1, self.limit * 1.1)), "a probe for more")

    def _probed(self, now: float, seen: Summary) -> str | None:
        stayed = seen.typical_s <= self._held_s * _STAYED * (1 + seen.error)
        if self._uses(seen) and (stayed or seen.typical_s <= self._rest_s * _NO_QUEUE):
            if seen.typical_s <= self._held_s:
                # Throughput followed the limit, so nothing queues: this is what rest looks like. Chance may say so
                # too, so that it must not add up.
                self._rest_s = max(self._rest_s, min(seen.typical_s, _BIAS * self._first_rest_s))
            self._phase, self._step, self._probed_from = _Phase.GROWING, 1.25, self._returns_to
            return self._grown(now, seen)
        self._phase = _Phase.HOLDING
        self._later(now, min(_MOST_PROBE_S, self._probe_every_s * 2))
        return self._set(now, self._returns_to, f"more brings nothing, {self._next_probe()}")

    def _by_little(self, seen: Summary) -> int:
        """What is in flight without what queues: throughput times the time spent waiting."""
        waiting = seen.per_s * max(0.0, seen.typical_s - self._rest_s)
        unsure = 1 + min(0.15, hypot(seen.error, self._rest_error))
        return self._bounds.clamp((seen.in_flight - waiting) * _HEADROOM * unsure + 0.1)

    def _learn_rest(self, seen: Summary) -> None:
        """Average two estimates by their precision."""
        mine, theirs = 1 / (self._rest_error**2 + 1e-6), 1 / (seen.error**2 + 1e-6)
        self._rest_s = (self._rest_s * mine + seen.typical_s * theirs) / (mine + theirs)
        self._rest_error = (mine + theirs) ** -0.5

    def _doubt(self, seen: Summary) -> float:
        return exp(hypot(seen.error, self._rest_error))

    def _uses(self, seen: Summary) -> bool:
        return seen.in_flight >= _USED * self.limit

    def _set(self, now: float, limit: int, reason: str) -> str | None:
        """Change the limit and look anew, after what was in flight has ended."""
        changed = limit != self.limit
        self.limit = limit
        self._window = self._open(now, self._late_s)
        return reason if changed else None

    def _open(self, now: float, skip_s: float) -> Window:
        # A little before the first answer of what was sent last, because answers come in clumps.
        skip_s *= 0.9
        least_s = max(0.0, _LEAST_WINDOW_S - skip_s)
        most_s = 10.0 if self._phase is _Phase.PROBING else _MOST_WINDOW_S
        return Window(now, skip_s, least_s, most_s, _PRECISION[self._phase])

    def _later(self, now: float, every_s: float) -> None:
        self._probe_every_s = every_s
        self._probe_at = now + every_s

    def _next_probe(self) -> str:
        return f"next probe in {self._probe_every_s:.0f} s"

    def _bears(self) -> str:
        return "the server queues" if self.throughput is None else f"ceiling about {per_s(self.throughput)}"
