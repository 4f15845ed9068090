"""Quotas as people write them, and the periods of the calendar that they are for."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

from msgspec import Struct

from ..errors import OptionError

_QUOTA = re.compile(
    r"(\d{1,15})(?: ?/ ?| +per +)(minutes?|min|m|hours?|h|days?|d|months?|mo)(?:@([\w+/-]+))?",
    re.ASCII | re.IGNORECASE,
)
_FIXED_S = {"minute": 60, "hour": 3600}


class Period(StrEnum):
    """What a quota is for."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


_PERIODS = {"m": Period.MINUTE, "h": Period.HOUR, "d": Period.DAY, "mo": Period.MONTH}


class QuotaTerms(Struct, frozen=True):
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
        if self.zone == "UTC":
            return UTC
        # Few runs have a quota of another zone, and all start without it sooner.
        from zoneinfo import ZoneInfo

        return ZoneInfo(self.zone)
