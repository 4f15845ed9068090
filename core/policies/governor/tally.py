"""What became of the attempts under one pace: counts, the latest streak of refusals, how fast answers come."""

from __future__ import annotations

_FORGETS = 1 / 32
_USED = 0.85
_RATE_OVER_S = 0.5
_SMOOTHING = 0.05
_MOMENT_S = 0.05


class Tally:
    """Counts attempts by the moment they started, so that a change of pace is judged by what it brought."""

    def __init__(self, now: float) -> None:
        self.since = now
        """Attempts that started earlier belong to an earlier pace and are not counted."""
        self.accepted = 0
        self.refused = 0
        self.score = 0.0
        """Refusals lately, each forgotten with the next 32 attempts or so."""
        self.first_refusal = now
        """When the streak of refusals began: a bucket's saved-up burst is used up from here on."""
        self.last_refusal = now
        self.last_accepted = now
        self.streak_accepted = 0
        self.streak_refused = 0
        self.moments = 0
        """Stretches of 50 ms with refusals in them: a clump of requests after a standstill makes one or two, however
        many of them are refused, and a pace above the limit makes ever more."""
        self.streak_moments = 0
        """The same since the streak began."""
        self._moment_ends = now
        self.latency_s = 0.0
        """Moving average of how long accepted attempts take."""
        self._answers = 0
        self._answers_from = now
        self._rate_before = 0.0

    @property
    def ended(self) -> int:
        """Attempts counted."""
        return self.accepted + self.refused

    @property
    def share(self) -> float:
        """The share that was refused."""
        return self.refused / max(1, self.ended)

    @property
    def share_at_refusal(self) -> float:
        """The same, unbiased, when counting stops because of a refusal (Haldane's inverse sampling, 1945)."""
        return (self.refused - 1) / max(1, self.ended - 1)

    @property
    def streak_share(self) -> float:
        """The share refused since the streak began, not counting the refusal that began it."""
        return (self.streak_refused - 1) / max(1, self.streak_refused + self.streak_accepted)

    @property
    def burst_only(self) -> bool:
        """Whether refusals ended while attempts went on: a clump of requests was too much, and not their rate."""
        return self.last_refusal < (self.first_refusal + self.last_accepted) / 2

    def take(self, now: float, refused: bool, elapsed_s: float, *, keep_streak: bool) -> bool:
        """Count one attempt; False when it is of an earlier pace. `keep_streak`: no refusal begins a new one."""
        if not refused:
            self._count_answer(now, elapsed_s)
        started = now - elapsed_s
        if started < self.since:
            return False
        self.score += refused - self.score * _FORGETS
        if not refused:
            self.accepted += 1
            if started > self.first_refusal:
                self.streak_accepted += 1
                self.last_accepted = max(started, self.last_accepted)
            return True
        self.refused += 1
        if self.score < 1.5 and not keep_streak:
            self.first_refusal = started
            self.streak_accepted = self.streak_refused = self.streak_moments = 0
        self.streak_refused += 1
        if started >= self._moment_ends:
            self._moment_ends = started + _MOMENT_S
            self.moments += 1
            self.streak_moments += 1
        self.last_refusal = max(started, self.last_refusal)
        return True

    def begin(self, now: float) -> None:
        """Count afresh what starts from now on."""
        self.since = self._moment_ends = now
        self.accepted = self.refused = self.moments = 0

    def begin_streak(self, now: float) -> None:
        """Measure afresh what is accepted while it is refused, from now on."""
        self.first_refusal = self.last_refusal = self.last_accepted = self.since = now
        self.streak_refused = 0

    def used(self, pace: float, started: float) -> bool:
        """Whether attempts really started as fast as the pace allows, up to the one that started then."""
        return self.ended >= _USED * pace * (started - self.since)

    def recent_rate(self, now: float) -> float:
        """Accepted answers a second in the last half to whole second."""
        span_s = now - self._answers_from
        return max(self._answers / span_s if span_s > 0 else 0.0, self._rate_before)

    def _count_answer(self, now: float, elapsed_s: float) -> None:
        self.latency_s += (elapsed_s - self.latency_s) * (_SMOOTHING if self.latency_s else 1.0)
        self._answers += 1
        if now - self._answers_from >= _RATE_OVER_S:
            self._rate_before = self._answers / (now - self._answers_from)
            self._answers_from, self._answers = now, 0
