"""The governor of one host: concurrency by latency, pace by refusal, and which of them speaks."""

from __future__ import annotations

from .background import Background
from .concurrency import Concurrency
from .pace import Pace
from .signals import Bounds, Decision, Signal


class Governor:
    """Learns what one host bears from how its attempts end; pure: time comes in, decisions go out.

    Not to be fed with what the run did to itself (pauses, cooling after Retry-After): idle time shifts nothing.
    """

    def __init__(self, now: float, bounds: Bounds, limit: int = 4) -> None:
        """`now` is monotonic, in seconds, here and everywhere; `limit` is where the search starts."""
        self._concurrency = Concurrency(now, bounds, limit)
        self._pace = Pace(now)
        self._background = Background(now)

    @property
    def limit(self) -> int:
        """Requests that may be in flight."""
        return self._concurrency.limit

    @property
    def pace(self) -> float | None:
        """Requests that may start a second; None while nothing has been refused."""
        return self._pace.value

    @property
    def ceiling(self) -> float | None:
        """Requests a second the host seems to bear, by what it refused or by how it queued; None while unknown."""
        return self._pace.ceiling if self._pace.ceiling is not None else self._concurrency.throughput

    @property
    def background(self) -> float:
        """The share that the host refuses whatever the pace, and that is forgiven; 0 where none is known."""
        return self._background.share

    def ended(self, now: float, signal: Signal, elapsed_s: float, in_flight: int) -> Decision | None:
        """Take in one attempt that lasted `elapsed_s`; `in_flight` counts it still. None where nothing changes."""
        if signal is Signal.LOST:
            return None
        if signal is Signal.TIMED_OUT:
            return self._decided(self._concurrency.timed_out(now))
        refused = signal is Signal.REFUSED
        elapsed_s = max(0.0, elapsed_s)
        if self._background.ended(now, refused, elapsed_s, self.pace):
            self._pace = Pace(now)
            return self._decided(f"{self.background:.0%} are refused whatever the pace, which is no limit")
        if self._background.forgives(refused):
            return None
        reason = self._pace.ended(now, refused, elapsed_s)
        if reason is not None:
            self._concurrency.follow(now, self._pace.in_flight)
            return self._decided(reason, self._pace.passing)
        if refused or self._pace.troubled:
            return None
        return self._decided(self._concurrency.answered(now, elapsed_s, in_flight))

    def tick(self, now: float, in_flight: int) -> Decision | None:
        """Let time act, a few times a second, also when nothing ends."""
        reason = self._pace.tick(now)
        if reason is not None:
            self._concurrency.follow(now, self._pace.in_flight)
            return self._decided(reason, self._pace.passing)
        return self._decided(self._concurrency.unused(now)) if in_flight else None

    def _decided(self, reason: str | None, passing: bool = False) -> Decision | None:
        return None if reason is None else Decision(self.limit, self.pace, reason, passing)
