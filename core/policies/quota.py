"""So many requests a day and no more, kept across sessions: what is spent, and when it begins anew. Pure.

Periods are those of the calendar, as providers count them: a day begins at 00:00 UTC, or in the zone that the quota
names (`100000/day@America/Los_Angeles`); a rolling window would need the time of each request and resets at no moment
that could be told. Every attempt that was sent is spent, retries too, because the server counts them as well.

Clocks that are set must neither grant a second quota nor lock a run for ever. So time passes here no faster than on a
steady clock beside the wall clock, and a period never begins again: where the wall clock has gone back behind it, it
holds on until its end, which is at most the end of the next period.
"""

from __future__ import annotations

from typing import cast

from .quota_terms import QuotaTerms

_MOST_WAIT_S = 60.0
_LATEST = 2e11
"""Of the years that `datetime` knows."""


class Quota:
    """What is spent of a quota.

    Two clocks are given to its methods: `wall` in seconds since the epoch, and `steady` in seconds of a clock that
    nobody sets and that goes on while the machine sleeps (Linux: CLOCK_BOOTTIME).
    """

    def __init__(self, terms: QuotaTerms) -> None:
        """Nothing is spent."""
        self.terms = terms
        self._spent = 0
        self._start = self._end = float("-inf")
        self._anchor: tuple[float, float] | None = None

    @classmethod
    def from_json(cls, terms: QuotaTerms, kept: object) -> Quota:
        """Go on from what `to_json` gave; a quota for another period, or of another zone, begins anew."""
        quota = cls(terms)
        if isinstance(kept, dict):
            fields = cast("dict[str, object]", kept)
            start, spent = fields.get("start"), fields.get("spent")
            same = (fields.get("period"), fields.get("zone")) == (terms.period.value, terms.zone)
            if same and isinstance(spent, int) and isinstance(start, int | float) and 0 <= start < _LATEST:
                quota._begin(float(start), max(0, spent))
        return quota

    def to_json(self) -> dict[str, object]:
        """What the next session goes on from."""
        period, zone = self.terms.period.value, self.terms.zone
        start = self._start if self._end > self._start else None
        return {"period": period, "zone": zone, "start": start, "spent": self._spent}

    def take(self, wall: float, steady: float) -> float:
        """Spend one: 0 where it is granted, else seconds until to ask again, a minute at most."""
        now = self._roll(wall, steady)
        if self._spent < self.terms.limit:
            self._spent += 1
            return 0.0
        return min(_MOST_WAIT_S, self._end - now)

    def give_back(self, started: float) -> None:
        """An attempt that began at `started` on the wall clock was never sent after all."""
        if started >= self._start:
            self._spent = max(0, self._spent - 1)

    def spent(self, wall: float, steady: float) -> int:
        """Attempts of this period."""
        self._roll(wall, steady)
        return self._spent

    def left(self, wall: float, steady: float) -> int:
        """Attempts that may still be sent in this period."""
        self._roll(wall, steady)
        return max(0, self.terms.limit - self._spent)

    def resets_at(self, wall: float, steady: float) -> float:
        """When the next period begins, on the wall clock."""
        self._roll(wall, steady)
        return self._end

    def _roll(self, wall: float, steady: float) -> float:
        """Begin a new period where one is due; the time by both clocks."""
        now = wall
        if self._anchor is not None:
            now = min(wall, self._anchor[0] + steady - self._anchor[1])
        if self._anchor is None or now == wall:
            self._anchor = (wall, steady)
        if now >= self._end:
            self._begin(self.terms.start_of(now), 0)
        elif now < self._start:
            following = self.terms.end_of(self.terms.start_of(now))
            self._begin(min(self._start, following), self._spent)
        return now

    def _begin(self, start: float, spent: int) -> None:
        self._start, self._end, self._spent = start, self.terms.end_of(start), spent
