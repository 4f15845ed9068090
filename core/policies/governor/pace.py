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

Sources: the client-side rate limiting of the AWS SDKs (botocore `retries/throttling.py`: measure the rate sent, cut,
remember the maximum, return to it carefully, as RFC 9438 does for TCP); the ceiling and the accelerating probe from the
same RFC; nginx `limit_req` for what a server does with bursts.
"""

from __future__ import annotations

from enum import Enum, auto

_LEAST_PACE = 0.02
_STARVING_PACE = 0.2
_FED_PACE = 1.0
_BELOW = 0.97
_TOLERATED = 0.01
_OVER = 2.0
_FORGETS = 1 / 32
_REFINE_S = 20.0
_FIRST_PROBE_S = 60.0
_MOST_PROBE_S = 600.0
_CLOSE = 1.02
_FIRST_LOOK_S = 0.05
_NEARLY_ALL = 0.7
_TELLING = 25.0
"""Requests a second from which some seconds of a probe tell more than what a bucket had saved up."""
_MANY = 0.3
"""The share refused from which a pace is far over the limit, or a little over one without burst."""
_USED = 0.85


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
        self.value: float | None = None
        self.ceiling: float | None = None
        """Requests a second the server seems to allow."""
        self.passing = False
        self._phase = _Phase.FREE
        self._score = 0.0
        """Refusals lately, each forgotten with the next 32 attempts or so."""
        self._since = now
        """Attempts started earlier belong to an earlier pace."""
        self._answers_from = now
        self._answers = 0
        self._rate_before = 0.0
        self._first_refusal = now
        self.latency_s = 0.0
        """Moving average of how long accepted attempts take."""
        self._last_refusal = now
        self._last_accepted = now
        self._accepted = 0
        self._refused = 0
        self._streak_accepted = 0
        self._streak_refused = 0
        self._measured_per_s = 0.0
        self._good = 0.0
        self._bad: float | None = None
        self._step = 0.0
        self._starving = False
        self._locked = 0.0
        self._probe_every_s = _FIRST_PROBE_S
        self._probe_at = now
        self._refine_at = now
        self._refining = False
        self._clean = False
        """Nothing refused since it was locked: perhaps it was locked too low, so the first probe comes sooner."""

    @property
    def troubled(self) -> bool:
        """Whether refusals are fresh or a measurement is under way: latency says little then."""
        return self._score >= 1.0 or self._phase is _Phase.MEASURING

    def ended(self, now: float, refused: bool, elapsed_s: float) -> str | None:
        """An attempt was accepted or refused."""
        started = now - elapsed_s
        if started < self._since:
            if not refused:
                self._count_answer(now, elapsed_s)
            return None
        self._score += refused - self._score * _FORGETS
        if refused:
            self._refused += 1
            if self._score < 1.5 and self._phase is not _Phase.MEASURING:
                self._first_refusal = started
                self._streak_accepted = self._streak_refused = 0
            self._streak_refused += 1
            self._last_refusal = max(started, self._last_refusal)
        else:
            self._count_answer(now, elapsed_s)
            self._accepted += 1
            if started > self._first_refusal:
                self._streak_accepted += 1
                self._last_accepted = max(started, self._last_accepted)
        return self._judge(now, started, refused)

    def tick(self, now: float) -> str | None:
        """Time passes, perhaps without any answer."""
        return self._measured(now) if self._phase is _Phase.MEASURING else None

    def _judge(self, now: float, started: float, refused: bool) -> str | None:
        if self._phase is _Phase.MEASURING:
            return self._measured(now)
        if self._phase is _Phase.TUNING:
            return self._tuned(now, started)
        if refused and self._score >= self._alarm():
            return self._alarmed(now)
        if self._phase is _Phase.HOLDING:
            return self._held(now, started)
        return self._probed(now, started) if self._phase is _Phase.PROBING else None

    def _alarm(self) -> float:
        """How many refusals close together are not a stray one."""
        if self.value is None or self._phase is _Phase.PROBING:
            return 2.5
        return 3.5 if self.value < 20 else 6.0

    def _alarmed(self, now: float) -> str | None:
        if self._phase is _Phase.PROBING and self._good < 1.3 * self._locked:
            return self._probe_failed(now)
        share = (self._streak_refused - 1) / (self._streak_refused + self._streak_accepted)
        if self._phase is _Phase.HOLDING and share < _MANY:
            return self._trim(now, share)
        return self._measure(now)

    def _measure(self, now: float) -> str | None:
        """Begin to count what is accepted; the first refusal was when the bucket ran empty."""
        self._phase = _Phase.MEASURING
        self._bad = None
        self._since = self._first_refusal
        pace = max(_LEAST_PACE, _OVER * self._recent_rate(now))
        self.passing = True
        return self._go(
            pace if self.value is None else min(self.value, pace),
            f"{self._streak_refused} refused, measuring what is accepted",
        )

    def _measured(self, now: float) -> str | None:
        assert self.value is not None  # noqa: S101
        if self._starving and self._streak_accepted:
            return self._fed(now)
        seen_s = now - self._first_refusal - self.latency_s
        span_s = self._last_accepted - self._first_refusal
        count = self._streak_accepted
        burst_only = self._burst_only() and span_s > 2 * self.latency_s
        if (count >= 20 and span_s >= 0.75) or (count >= 8 and (span_s >= 3.0 or burst_only)):
            return self._lock_in(now, count / span_s, seen_s)
        if seen_s >= max(8.0, 3 / self.value):
            return self._lock_in(now, count / seen_s, seen_s) if count else self._starved(now)
        if seen_s <= self.latency_s:
            return None
        most = _OVER * (count + 2) / seen_s
        if most < 0.6 * self.value:
            self.passing = True
            return self._go(most, f"{self._streak_refused} refused so far, measuring")
        return None

    def _starved(self, now: float) -> str | None:
        """Nothing at all is accepted: a quota that is used up. Ask ever more rarely."""
        assert self.value is not None  # noqa: S101
        refused, self._streak_refused = self._streak_refused, 0
        self._first_refusal = self._since = self._last_accepted = self._last_refusal = now
        self._starving = True
        pace = min(self.value, max(_STARVING_PACE, self.value / 4))
        self.passing = False
        return self._go(pace, f"{refused} refused and nothing accepted") if pace < self.value else None

    def _fed(self, now: float) -> str | None:
        """Something is accepted after nothing was: climb from here, doubling."""
        assert self.value is not None  # noqa: S101
        self._starving = False
        self._phase, self._step, self._bad = _Phase.TUNING, 1.0, None
        self._good = self._measured_per_s = 0.0
        return self._try(now, max(_FED_PACE, 2 * self.value), "accepted again", passing=False)

    def _lock_in(self, now: float, rate: float, seen_s: float) -> str | None:
        self.ceiling = self._measured_per_s = rate
        self._good = 0.0
        self._step = 1.0 if self._burst_only() else 0.08
        self._phase = _Phase.TUNING
        refused = self._streak_refused
        why = f"{refused} of {refused + self._streak_accepted} refused in {seen_s:.2g} s"
        return self._try(now, _BELOW * rate, f"{why}, {self._about()}")

    def _burst_only(self) -> bool:
        """Whether refusals ended while attempts went on: a clump of requests was too much, and not their rate."""
        return self._last_refusal < (self._first_refusal + self._last_accepted) / 2

    def _tuned(self, now: float, started: float) -> str | None:
        assert self.value is not None  # noqa: S101
        pace, ended, refused = self.value, self._accepted + self._refused, self._refused
        enough = ended >= _FIRST_LOOK_S * pace
        if enough and (
            (refused >= 3 and refused > 0.05 * ended) or (refused >= 2 and refused > _MANY * ended)
        ):
            return self._too_fast(now, pace, (refused - 1) / (ended - 1))
        doubling = self._step == 1.0 and self._bad is None
        if ended < (max(8.0, min(300.0, 0.25 * pace)) if doubling else max(16.0, min(300.0, 0.5 * pace))):
            return None
        if refused == 1 and ended < 40:
            return None
        if refused > 1 and refused > _TOLERATED * ended:
            return self._too_fast(now, pace, refused / ended)
        if not self._used(ended, started):
            self._begin(now)
            return None
        self._good = pace
        self.ceiling = max(self.ceiling or 0.0, pace)
        if self._bad is not None:
            return self._bisect(now, self._bad)
        step, self._step = self._step, min(1.0, self._step * 2)
        return self._try(now, pace * (1 + step), "nothing refused, trying more")

    def _too_fast(self, now: float, pace: float, share: float) -> str | None:
        """Refused while tuning: a bucket with burst tells its rate by the share, one without refuses every second."""
        if share >= _NEARLY_ALL:
            return self._measure(now)
        self._bad = pace
        allowed = pace * (1 - share - 0.005)
        if share >= _MANY and self._good:
            return self._bisect(now, pace)
        # A pace well above the measured rate went well: no bucket's share of refusals but one without any burst.
        if self._good > 1.08 * self._measured_per_s and pace > 1.03 * self._good:
            return self._bisect(now, pace)
        if share < _MANY and allowed <= 1.05 * self._good:
            self.ceiling = pace * (1 - share)
            return self._hold(
                now, max(allowed, 0.99 * self._good), f"{self._refused} refused, {self._about()}"
            )
        return self._try(now, max(0.8 * pace, allowed), f"{self._refused} refused")

    def _bisect(self, now: float, bad: float) -> str | None:
        """Try between the best good and the least bad pace, until they are close."""
        self.ceiling = self._good
        if bad < self._good * _CLOSE:
            return self._hold(now, self._good * 0.995, self._about())
        return self._try(
            now, (self._good + bad) / 2, f"allowed is between {self._good:.3g}/s and {bad:.3g}/s"
        )

    def _hold(self, now: float, pace: float, why: str) -> str | None:
        self._locked = pace
        self._probe_at = now + self._probe_every_s
        self._clean = self._phase is not _Phase.PROBING
        self._refine_at = now + _REFINE_S
        self._phase = _Phase.HOLDING
        return self._try(now, pace, f"{why}, next probe in {self._probe_every_s:.0f} s", passing=False)

    def _held(self, now: float, started: float) -> str | None:
        assert self.value is not None  # noqa: S101
        pace, ended, refused = self.value, self._accepted + self._refused, self._refused
        long_enough = ended >= max(100.0, 15.0 * pace)
        if (refused >= 8 and refused > 0.03 * ended) or (long_enough and refused > 1.5 * _TOLERATED * ended):
            return self._trim(now, (refused - 1) / (ended - 1))
        self._clean = self._clean and not refused
        due = self._refine_at if self._clean else self._probe_at
        if now >= due and ended >= 12 and refused <= _TOLERATED * ended:
            if self._used(ended, started):
                self._phase, self._step, self._good = _Phase.PROBING, 0.03, pace
                self._refining = self._clean and now < self._probe_at
                return self._try(now, pace * 1.03, "a probe for more", passing=False)
            self._probe_at = self._refine_at = now + self._probe_every_s
        if long_enough:
            self._begin(now)
        return None

    def _trim(self, now: float, share: float) -> str | None:
        """Lower the locked pace by the share that was refused: what is left is what was accepted."""
        assert self.value is not None  # noqa: S101
        self.ceiling = self.value * (1 - share)
        self._locked = self.value * (1 - share - 0.005)
        return self._try(now, self._locked, f"{self._refused} refused, {self._about()}", passing=False)

    def _probed(self, now: float, started: float) -> str | None:
        assert self.value is not None  # noqa: S101
        pace, ended = self.value, self._accepted + self._refused
        if self._refused >= 5 and self._refused > 0.02 * ended:
            return self._alarmed(now)
        if ended < max(12.0, 4.0 * pace):
            return None
        if self._refused > _TOLERATED * ended and self._refused > 1:
            return self._alarmed(now)
        if not self._used(ended, started):
            return self._hold(now, pace, f"{self._about()}, more is not needed")
        self._good = self.ceiling = pace
        self._step = min(1.0, self._step * 2)
        return self._try(now, pace * (1 + self._step), "nothing refused, trying more", passing=False)

    def _probe_failed(self, now: float) -> str | None:
        if not self._refining:
            self._probe_every_s = min(_MOST_PROBE_S, self._probe_every_s * 2)
        # Higher steps that went well may have lived on what a bucket had saved up; a small one is worth keeping.
        self.ceiling = min(self._good, 1.02 * self._locked) if self._locked >= _TELLING else self._locked
        return self._hold(now, self.ceiling, f"{self._refused} refused, {self._about()}")

    def _try(self, now: float, pace: float, reason: str, *, passing: bool = True) -> str | None:
        self._begin(now)
        self._score = 0.0
        self.passing = passing
        return self._go(pace, reason)

    def _begin(self, now: float) -> None:
        """Count afresh what starts from now on."""
        self._since = now
        self._accepted = self._refused = 0

    def _go(self, pace: float, reason: str) -> str | None:
        self.value = max(_LEAST_PACE, pace)
        return reason

    def _used(self, ended: int, started: float) -> bool:
        """Whether attempts really started as fast as the pace allows."""
        assert self.value is not None  # noqa: S101
        return ended >= _USED * self.value * (started - self._since)

    def _count_answer(self, now: float, elapsed_s: float) -> None:
        self.latency_s += (elapsed_s - self.latency_s) * (0.05 if self.latency_s else 1.0)
        self._answers += 1
        if now - self._answers_from >= 0.5:
            self._rate_before = self._answers / (now - self._answers_from)
            self._answers_from, self._answers = now, 0

    def _recent_rate(self, now: float) -> float:
        span_s = now - self._answers_from
        rate = self._answers / span_s if span_s > 0 else 0.0
        return max(rate, self._rate_before)

    def _about(self) -> str:
        return f"ceiling about {self.ceiling:.3g}/s"
