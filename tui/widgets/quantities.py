"""Short texts for times, sizes and moments, each of a bounded width."""

from __future__ import annotations

import time

from .. import figures

NONE = "–"
"""Stands for a value there is none of."""


def latency(ms: float | None) -> str:
    """A duration in milliseconds, in at most seven cells: `333 ms`, `12.4 s`, `3m 05s`."""
    if ms is None:
        return NONE
    if ms < 999.5:
        return f"{ms:.0f} ms"
    return age(ms / 1000)


def age(seconds: float) -> str:
    """A duration in seconds, in at most seven cells: `0.3 s`, `12.4 s`, `3m 05s`, `2h 07m`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m {rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02d}m"


def size(octets: int | None) -> str:
    """A number of bytes, in at most seven cells: `932 B`, `12.3 kB`."""
    return NONE if octets is None else figures.size(octets)


def clock(moment: float | None) -> str:
    """The local time of day of a moment in seconds since the epoch: `15:04:05`."""
    return NONE if moment is None else time.strftime("%H:%M:%S", time.localtime(moment))
