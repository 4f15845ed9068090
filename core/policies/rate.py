"""Rates as people write them, and when the next request may start under one."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ..errors import OptionError

_RATE = re.compile(
    r"(\d+(?:\.\d+)?)\s*(?:(?:/|\s*per\s*)\s*(s|sec|second|m|min|minute|h|hour)s?)?", re.IGNORECASE
)
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def parse_rate(text: str, option: str = "--rate") -> float | None:
    """Requests a second of `10`, `10/s`, `600/m` or `5000/h`; None for an empty text, `none` or `off`.

    Raises OptionError for anything else.
    """
    stripped = text.strip().lower()
    if stripped in ("", "none", "off"):
        return None
    match = _RATE.fullmatch(stripped)
    if match is None:
        raise OptionError(f"{option}: {text!r} is no rate. Write 10/s, 600/m or 5000/h.")
    per_second = float(match[1]) / _SECONDS[(match[2] or "s")[0]]
    if not per_second:
        raise OptionError(
            f"{option}: a rate of 0 would send nothing. 'none' lifts the limit; to stop for a while, pause."
        )
    return per_second


@dataclass(frozen=True, slots=True)
class Pacer:
    """A generic cell rate algorithm (ITU-T I.371): even spacing, with no saved-up bursts.

    `next_at` is the monotonic time from which the next request may start. A pacer that lagged behind
    catches up by `burst` requests at most, so that a timer's granularity costs no throughput.
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
        return replace(self, next_at=max(self.next_at, now - spacing * self.burst) + spacing)

    def at_rate(self, per_second: float | None, now: float) -> Pacer:
        """The pacer from `now` on at another rate."""
        return Pacer(per_second, max(1.0, 0.02 * per_second) if per_second else 1.0, now)
