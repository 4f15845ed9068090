"""How many requests a second a server accepts, told by what it refuses: regime B of the governor.

A server with a rate limit and an answer in 5 ms is over its limit with one request in flight, so concurrency cannot
express the limit; a pace (requests started a second) can. Phases:

FREE       no pace, until a few refusals come together.
MEASURING  the server is kept just over its limit, and what it accepts from the first refusal on is counted: a token
           bucket's saved-up burst is gone by then. The pace falls as the count says less.
TUNING     the pace starts just below the measured rate and climbs while nothing is refused; then it is bisected
           between the best good and the least bad pace. A bucket without burst needs this: paced a little over its
           limit it refuses every second request, so that measuring says half to all of what it allows.
HOLDING    locked. Few refusals trim the pace by their share, many mean that the limit fell: measure again.
PROBING    rarely, a little faster, then faster still while it succeeds; back when it does not, and the next probe
           waits twice as long.

An attempt belongs to the pace under which it started (its end minus its duration), so a change is judged by what it
brought, however slow the answers. Time without attempts counts nowhere.

Sources: the client-side rate limiting of the AWS SDKs (botocore `retries/throttling.py`) and RFC 9438 (CUBIC): remember
the maximum, return to it carefully, probe beyond it with growing steps; nginx `limit_req` for what servers do.
"""

from __future__ import annotations

from enum import Enum, auto
from math import inf

from .probes import TELLING, Probes
from .signals import per_s
from .tally import Tally

_LEAST_PACE = 0.02
_STARVING_PACE = 0.2
_FED_PACE = 1.0
_FIRST_PACE = 4.0
_BELOW = 0.97
_TOLERATED = 0.01
_OVER = 2.0
_CLOSE = 1.02
_MARGIN = 0.01
"""By how much a locked pace stays below the ceiling, so that a bucket filled by a clump of requests empties again."""
_FIRST_LOOK_S = 0.05
_NEARLY_ALL = 0.7
_SPREAD = 3
"""Moments (`Tally.moments`) from which refusals are not only those of a clump, as comes after a standstill."""
_MANY = 0.3
"""The share refused from which a pace is far over the limit, or a little over one without burst."""


class _Phase(Enum):
    FREE = auto()
    MEASURING = auto()
    TUNING = auto()
    HOLDING = auto()
    PROBING = auto()


class Pace:
    """The pace of starts to one host, None while nothing is refused.

    Methods return the reason of a change, or None; `passing` says whether the change is only a step of a measurement.
    """

    def __init__(self, now: float) -> None:
        self.ceiling: float | None = None
        """Requests a second the server seems to allow."""
        self.passing = False
        self._pace = 0.0
        self._phase = _Phase.FREE
        self._tally = Tally(now)
        self._measured = 0.0
        """What was accepted a second when that was last measured; less than allowed where there is no burst."""
        self._good = 0.0
        self._bad: float | None = None
        self._step = 0.0
        self._starving = False
        self._locked = 0.0
        self._probes = Probes(now)

    @property
    def value(self) -> float | None:
        """Requests that may start a second."""
        return None if self._phase is _Phase.FREE else self._pace

    @property
    def in_flight(self) -> float:
        """What is in flight at this pace, by Little's law."""
        return self._pace * self._tally.latency_s

    @property
    def troubled(self) -> bool:
        """Whether refusals are fresh or a measurement is under way: latency says little then."""
        return self._tally.score >= 1.0 or self._phase is _Phase.MEASURING

    def ended(self, now: float, refused: bool, elapsed_s: float) -> str | None:
        """An attempt was accepted or refused."""
        measuring = self._phase is _Phase.MEASURING
        counted = self._tally.take(now, refused, elapsed_s, keep_streak=measuring)
        return self._judge(now, now - elapsed_s, refused) if counted else None

    def tick(self, now: float) -> str | None:
        """Time passes, perhaps without any answer."""
        return self._measuring(now) if self._phase is _Phase.MEASURING else None

    def _judge(self, now: float, started: float, refused: bool) -> str | None:
        if self._phase is _Phase.MEASURING:
            return self._measuring(now)
        if self._phase is _Phase.TUNING:
            return self._tuned(now, started)
        if refused and self._tally.score >= self._alarm() and self._lasting(self._tally.streak_moments):
            return self._alarmed(now)
        if self._phase is _Phase.HOLDING:
            return self._held(now, started)
        return self._probed(now, started) if self._phase is _Phase.PROBING else None

    def _alarm(self) -> float:
        """How many refusals close together are not a stray one."""
        if self._phase is not _Phase.HOLDING:
            return 2.5
        return 3.5 if self._pace < 20 else 6.0

    def _lasting(self, moments: int) -> bool:
        """Whether refusals are those of a pace too high. At low paces no standstill makes a clump of requests."""
        return moments > _SPREAD or self._phase is not _Phase.HOLDING or self._pace < TELLING

    def _alarmed(self, now: float) -> str | None:
        if self._phase is _Phase.PROBING and self._good < 1.3 * self._locked:
            return self._probe_failed(now)
        if self._phase is _Phase.HOLDING and self._tally.streak_share < _MANY:
            return self._trim(now, self._tally.streak_share)
        return self._measure(now)

    def _measure(self, now: float) -> str | None:
        """Begin to count what is accepted; the first refusal was when the bucket ran empty."""
        # Refusals come quicker than answers, so that nothing accepted yet does not mean that nothing will be.
        least, most = (_FIRST_PACE, inf) if self._phase is _Phase.FREE else (self._pace / 4, self._pace)
        self._probes.measured_anew(self._locked if self._phase is _Phase.HOLDING else 0.0)
        self._phase, self._bad = _Phase.MEASURING, None
        self._tally.since = self._tally.first_refusal
        pace = min(most, max(least, _OVER * self._tally.recent_rate(now)))
        return self._go(pace, f"{self._tally.streak_refused} refused, measuring what is accepted")

    def _measuring(self, now: float) -> str | None:
        tally, count = self._tally, self._tally.streak_accepted
        if self._starving and count:
            return self._fed(now)
        seen_s = now - tally.first_refusal - tally.latency_s
        span_s = tally.last_accepted - tally.first_refusal
        burst_only = tally.burst_only and span_s > 2 * tally.latency_s
        if (count >= 20 and span_s >= 0.75) or (count >= 8 and (span_s >= 3.0 or burst_only)):
            return self._lock_in(now, count / span_s, seen_s)
        if seen_s >= max(8.0, 3 / self._pace):
            return self._lock_in(now, count / seen_s, seen_s) if count else self._starved(now)
        if seen_s <= tally.latency_s:
            return None
        most = max(_LEAST_PACE, _OVER * (count + 2) / seen_s)
        return self._go(most, f"{tally.streak_refused} refused so far") if most < 0.6 * self._pace else None

    def _starved(self, now: float) -> str | None:
        """Nothing at all is accepted: a quota that is used up. Ask ever more rarely."""
        reason = f"{self._tally.streak_refused} refused and nothing accepted"
        self._tally.begin_streak(now)
        self._starving = True
        pace = min(self._pace, max(_STARVING_PACE, self._pace / 4))
        return self._go(pace, reason, passing=False) if pace < self._pace else None

    def _fed(self, now: float) -> str | None:
        """Something is accepted after nothing was: climb from here, doubling."""
        self._starving = False
        self._phase, self._step, self._bad, self._good, self._measured = _Phase.TUNING, 1.0, None, 0.0, 0.0
        return self._try(now, max(_FED_PACE, 2 * self._pace), "accepted again", passing=False)

    def _lock_in(self, now: float, rate: float, seen_s: float) -> str | None:
        self.ceiling = self._measured = rate
        self._phase, self._good, self._step = _Phase.TUNING, 0.0, 1.0 if self._tally.burst_only else 0.08
        refused, accepted = self._tally.streak_refused, self._tally.streak_accepted
        why = f"{refused} of {refused + accepted} refused in {max(0.0, seen_s):.2g} s"
        return self._try(now, _BELOW * rate, f"{why}, {self._about()}")

    def _tuned(self, now: float, started: float) -> str | None:
        tally, pace, share = self._tally, self._pace, self._tally.share
        clump = tally.moments < _SPREAD and pace >= TELLING
        plain = (tally.refused >= 3 and share > 0.05) or (tally.refused >= 2 and share > _MANY)
        if plain and tally.ended >= _FIRST_LOOK_S * pace and not clump:
            return self._too_fast(now, pace, tally.share_at_refusal)
        enough = self._enough() * (2 if clump and tally.refused > 1 else 1)
        if tally.ended < enough or (tally.refused == 1 and tally.ended < 40):
            return None
        if tally.refused > 1 and share > _TOLERATED and not clump:
            return self._too_fast(now, pace, share)
        if not tally.used(pace, started):
            tally.begin(now)
            return None
        self._good, self.ceiling = pace, max(self.ceiling or 0.0, pace)
        if self._bad is not None:
            return self._bisect(now, self._bad)
        faster, self._step = pace * (1 + self._step), min(1.0, self._step * 2)
        return self._try(now, faster, "nothing refused, trying more")

    def _enough(self) -> float:
        """Attempts after which a pace without refusals counts as good."""
        if self._step == 1.0 and self._bad is None:
            return max(8.0, min(300.0, 0.25 * self._pace))
        return max(16.0, min(300.0, 0.5 * self._pace))

    def _too_fast(self, now: float, pace: float, share: float) -> str | None:
        """Refused while tuning: a bucket with burst tells its rate by the share, one without refuses every second."""
        if share >= _NEARLY_ALL:
            return self._measure(now)
        self._bad = pace
        allowed = pace * (1 - share - _MARGIN)
        if share >= _MANY and self._good:
            return self._bisect(now, pace)
        # A pace well above the measured rate went well: no bucket's share of refusals but one without any burst.
        if self._good > 1.08 * self._measured and pace > 1.03 * self._good:
            return self._bisect(now, pace)
        if share < _MANY and allowed <= 1.05 * self._good:
            self.ceiling = pace * (1 - share)
            return self._hold(
                now, max(allowed, (1 - 2 * _MARGIN) * self._good), f"{self._refused()}, {self._about()}"
            )
        return self._try(now, max(0.8 * pace, allowed), self._refused())

    def _bisect(self, now: float, bad: float) -> str | None:
        """Try between the best good and the least bad pace, until they are close."""
        self.ceiling = self._good
        if bad < self._good * _CLOSE:
            return self._hold(now, self._good * (1 - _MARGIN), self._about())
        between = f"allowed is between {per_s(self._good)} and {per_s(bad)}"
        return self._try(now, (self._good + bad) / 2, between)

    def _hold(self, now: float, pace: float, why: str) -> str | None:
        self._locked = pace
        self._probes.locked(now, pace, tuned=self._phase is not _Phase.PROBING)
        self._phase = _Phase.HOLDING
        return self._try(now, pace, f"{why}, next probe in {self._probes.every_s:.0f} s", passing=False)

    def _held(self, now: float, started: float) -> str | None:
        tally, pace = self._tally, self._pace
        long_enough = tally.ended >= max(100.0, 15.0 * pace)
        many = 2 if long_enough else 4 if pace < TELLING else 8
        tolerated = _TOLERATED if long_enough else 0.015 if tally.refused >= 12 else 0.03
        if tally.refused >= many and tally.share > tolerated and self._lasting(tally.moments):
            return self._trim(now, tally.share_at_refusal)
        if tally.refused:
            self._probes.refused()
        if self._probes.due(now) and tally.ended >= 12 and tally.share <= _TOLERATED:
            if tally.used(pace, started):
                self._phase, self._step, self._good = _Phase.PROBING, 0.03, pace
                return self._try(now, self._probes.begin(now, pace), "a probe for more", passing=False)
            self._probes.put_off(now)
        if long_enough:
            tally.begin(now)
        return None

    def _trim(self, now: float, share: float) -> str | None:
        """Lower the locked pace by the share that was refused: what is left is what was accepted."""
        self.ceiling = self._pace * (1 - share)
        before, self._locked = self._locked, self._pace * (1 - share - _MARGIN)
        self._probes.lowered(now, before, self._locked)
        return self._try(now, self._locked, f"{self._refused()}, {self._about()}", passing=False)

    def _probed(self, now: float, started: float) -> str | None:
        tally, pace = self._tally, self._pace
        long_enough = tally.ended >= max(12.0, 4.0 * pace)
        most, share = (1, _TOLERATED) if long_enough else (4, 0.02)
        if tally.refused > most and tally.share > share:
            return self._alarmed(now)
        if not long_enough:
            return None
        if not tally.used(pace, started):
            return self._hold(now, self._good, f"{self._about()}, more is not needed")
        self._good = self.ceiling = pace
        self._step = min(1.0, self._step * 2)
        return self._try(now, pace * (1 + self._step), "nothing refused, trying more", passing=False)

    def _probe_failed(self, now: float) -> str | None:
        self._probes.failed()
        # Higher steps that went well may have lived on what a bucket had saved up, which tells less at higher paces.
        told = self._pace * (1 - self._tally.streak_share - 2 * _MARGIN)
        kept = max(min(self._good, 1.02 * self._locked), 0.97 * self._good, told)
        self.ceiling = kept if self._locked >= TELLING else self._locked
        return self._hold(now, self.ceiling, f"{self._refused()}, {self._about()}")

    def _try(self, now: float, pace: float, reason: str, *, passing: bool = True) -> str | None:
        self._tally.begin(now)
        self._tally.score = 0.0
        return self._go(pace, reason, passing=passing)

    def _go(self, pace: float, reason: str, *, passing: bool = True) -> str | None:
        pace = max(_LEAST_PACE, pace)
        changed = pace != self._pace
        self._pace, self.passing = pace, passing
        return reason if changed else None

    def _refused(self) -> str:
        return f"{self._tally.refused} of {self._tally.ended} refused"

    def _about(self) -> str:
        return f"ceiling about {per_s(self.ceiling or self._pace)}"
