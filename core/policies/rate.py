"""Rates as people write them, and when the next request may start under one."""

from __future__ import annotations

import re

from msgspec import Struct
from msgspec.structs import replace

from ..errors import OptionError

_RATE = re.compile(
    r"(\d+(?:\.\d+)?)\s*(?:(?:/|\s*per\s*)\s*(seconds?|secs?|s|minutes?|mins?|m|hours?|h))?", re.IGNORECASE
)
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
CATCH_UP_S = 0.02
"""How far behind an even flow a pacer may fall and still make up for it."""


def parse_rate(text: str, option: str = "--rate") -> float | None:
    """Requests a second of `10`, `10/s`, `600/m` or `5000/h`; None for an empty text, `none` or `off`.

    Raises OptionError for anything else.
    """
    stripped = text.strip().lower()
    if stripped in ("", "none", "off"):
        return None
    match = _RATE.fullmatch(stripped)
    if match is None:
        raise OptionError(
            f"{option}: {text!r} is no rate. Write 10/s, 600/m or 5000/h; so many a day are a --quota."
        )
    per_second = float(match[1]) / _SECONDS[(match[2] or "s")[0]]
    if not per_second:
        raise OptionError(
            f"{option}: a rate of 0 would send nothing. 'none' lifts the limit; to stop for a while, pause."
        )
    return per_second


class Pacer(Struct, frozen=True):
    """A generic cell rate algorithm (ITU-T I.371): starts are spaced evenly.

    `next_at` is the monotonic time from which the next request may start. Whoever comes late has saved up what could
    have started meanwhile, up to the larger of two: `burst` requests, which is one by default; and what starts within
    20 ms, because timers come late and that must cost no throughput. So in any `t` seconds at most
    max(burst, 1 + rate × 0.02) + rate × t requests start: one at once at rates below 50/s, where no timer is late
    compared with the spacing, and no more than 20 ms ahead of an even flow at higher ones.
    """

    per_second: float | None = None
    burst: float = 1.0
    next_at: float = 0.0

    def wait_s(self, now: float) -> float:
        """Seconds until a request may start; 0 when it may start now."""
        return 0.0 if self.per_second is None else max(0.0, self.next_at - now)

    def taken(self, now: float) -> Pacer:
        """The pacer after a request has started at `now`."""
        if self.per_second is None:
            return self
        spacing = 1.0 / self.per_second
        saved = max((self.burst - 1.0) * spacing, CATCH_UP_S)
        return replace(self, next_at=max(self.next_at, now - saved) + spacing)

    def at_rate(self, per_second: float | None, now: float) -> Pacer:
        """The pacer from `now` on at another rate: nothing saved up, the wait under way as much shorter or longer."""
        wait = self.wait_s(now)
        if wait and self.per_second is not None and per_second is not None:
            wait = min(wait * self.per_second / per_second, 1.0 / per_second)
        return Pacer(per_second, self.burst, now + wait)
