"""So many requests a day and no more, kept across sessions: what is spent, and when it begins anew. Pure.

Periods are those of the calendar, as providers count them: a day begins at 00:00 UTC, or in the zone that the quota
names (`100000/day@America/Los_Angeles`); a rolling window would need the time of each request and resets at no moment
that could be told. Every attempt that was sent is spent, retries too, because the server counts them as well.

Clocks that are set must neither grant a second quota nor lock a run for ever. So time passes here no faster than on a
steady clock beside the wall clock, and a period never begins again: where the wall clock has gone back behind it, it
holds on until its end, which is at most the end of the next period.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import cast
from zoneinfo import ZoneInfo

from ..errors import OptionError

_QUOTA = re.compile(
    r"(\d{1,15})(?: ?/ ?| +per +)(minutes?|min|m|hours?|h|days?|d|months?|mo)(?:@([\w+/-]+))?",
    re.ASCII | re.IGNORECASE,
)
_MOST_WAIT_S = 60.0
_LATEST = 2e11
"""Of the years that `datetime` knows."""
_FIXED_S = {"minute": 60, "hour": 3600}


class Period(StrEnum):
    """What a quota is for."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


_PERIODS = {"m": Period.MINUTE, "h": Period.HOUR, "d": Period.DAY, "mo": Period.MONTH}


@dataclass(frozen=True, slots=True)
class QuotaTerms:
    """The quota as `--quota` gives it."""

    limit: int
    period: Period
    zone: str = "UTC"
    """Where days and months begin at midnight, by its name in the IANA database."""

    @classmethod
    def parse(cls, text: str, option: str = "--quota") -> QuotaTerms:
        """Read `100000/day`, `500/hour`, `9000/month@Europe/Berlin`; raises OptionError."""
        match = _QUOTA.fullmatch(text.strip())
        if match is None:
            raise OptionError(
                f"{option}: {text!r} is no quota. Write 100000/day, or /minute, /hour or /month."
            )
        limit, unit, zone = int(match[1]), match[2].lower(), match[3]
        period = _PERIODS[unit[:2] if unit.startswith("mo") else unit[0]]
        if not limit:
            raise OptionError(f"{option}: a quota of 0 would send nothing.")
        if zone is not None and period.value in _FIXED_S:
            raise OptionError(f"{option}: a time zone is for quotas of a day or a month.")
        terms = cls(limit, period, zone or "UTC")
        try:
            terms.start_of(0.0)
        except (LookupError, ValueError, OSError):
            raise OptionError(
                f"{option}: no time zone {zone!r} is known here. Write Europe/Berlin."
            ) from None
        return terms

    def start_of(self, moment: float) -> float:
        """When the period of a moment began; both in seconds since the epoch."""
        fixed = _FIXED_S.get(self.period)
        if fixed is not None:
            return moment // fixed * fixed
        local = datetime.fromtimestamp(moment, self._zone())
        first = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        return (first if self.period is Period.DAY else first.replace(day=1)).timestamp()

    def end_of(self, start: float) -> float:
        """When the period that began at `start` ends."""
        fixed = _FIXED_S.get(self.period)
        if fixed is not None:
            return start + fixed
        # Noon of another day: midnight moves where clocks are changed.
        days = 1 if self.period is Period.DAY else 32 - datetime.fromtimestamp(start, self._zone()).day
        noon = datetime.fromtimestamp(start, self._zone()).replace(hour=12, fold=0) + timedelta(days=days)
        return self.start_of(noon.timestamp())

    def _zone(self) -> tzinfo:
        return UTC if self.zone == "UTC" else ZoneInfo(self.zone)


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
            known = isinstance(start, int | float) and 0 <= start < _LATEST
            if same and known and isinstance(spent, int):
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
