"""Numbers as people read them: counts, times, sizes, rates."""

from __future__ import annotations

from ..core.model import State
from ..core.snapshot import Eta, RunState

STATE_GLYPHS = {
    State.QUEUED: "○",
    State.IN_FLIGHT: "◐",
    State.WAITING: "↻",
    State.SUCCEEDED: "✓",
    State.FAILED: "✗",
    State.SKIPPED: "⊘",
    State.INVALID: "!",
}
"""One cell each, and apart from one another without colour."""
RUN_GLYPHS = {
    RunState.RUNNING: "▶",
    RunState.PAUSED: "‖",
    RunState.DRAINING: "▼",
    RunState.INTERRUPTED: "⚠",
    RunState.FINISHED: "■",
}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_STEADY = 1.1
"""An ETA whose ends differ by less than a tenth is shown as one figure."""


def count(n: int) -> str:
    """`27,000`."""
    return f"{n:,}"


def short(n: float) -> str:
    """A count or rate in at most six cells: `8.5`, `1,482`, `120k`, `3.1M`."""
    if n < 10 and n != int(n):
        return f"{n:.1f}"
    if n < 99_999.5:
        return f"{n:,.0f}"
    return f"{n / 1000:,.0f}k" if n < 999_500 else f"{n / 1e6:,.1f}M"


def milliseconds(ms: float) -> str:
    """A latency in at most six cells, below a month: `8.4 ms`, `333 ms`, `1.2 s`, `62 s`, `17 min`, `20 h`."""
    if ms < 999.5:
        return f"{ms:.0f} ms" if ms >= 9.95 or ms == int(ms) else f"{ms:.1f} ms"
    seconds = ms / 1000
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 600:
        return f"{seconds:.0f} s"
    return f"{seconds / _MINUTE:.0f} min" if seconds < 99.5 * _MINUTE else f"{seconds / _HOUR:.0f} h"


def clock(seconds: float) -> str:
    """A span of time as a stopwatch shows it: `0:42`, `12:05`, `1:02:03`, `2 d 01:02:03`."""
    whole = max(0, int(seconds))
    days, rest = divmod(whole, _DAY)
    hours, rest = divmod(rest, _HOUR)
    minutes, left = divmod(rest, _MINUTE)
    if days:
        return f"{days} d {hours:02}:{minutes:02}:{left:02}"
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def eta(value: Eta) -> str:
    """`40–60 s`, `4–6 min`, `3 h`: both ends in the unit of the higher one, a single figure once it is steady."""
    unit, size = "s", 1
    for name, seconds in (("min", _MINUTE), ("h", _HOUR), ("d", _DAY)):
        if value.high >= 1.5 * seconds:
            unit, size = name, seconds
    steady = value.high <= value.low * _STEADY
    low, high = _figure((value.low + value.high) / 2 / size if steady else value.low / size), ""
    if not steady:
        high = _figure(value.high / size)
    return f"{low} {unit}" if not high or high == low else f"{low}–{high} {unit}"


def span(seconds: float) -> str:
    """A span of time in one unit: `12 s`, `4 min`, `5 h`, `9 d`."""
    return eta(Eta(seconds, seconds))


def _figure(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if value < 3 else f"{value:.0f}"


def size(octets: int) -> str:
    """A number of bytes in at most seven cells, in powers of 1000: `932 B`, `1.23 kB`, `12.3 MB`, `123 GB`."""
    value = float(octets)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.5:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} TB"


def rate(per_second: float | None) -> str:
    """A rate limit in the unit it reads best in: `10/s`, `30/min`, `no limit`."""
    if per_second is None:
        return "no limit"
    for factor, unit in ((1, "s"), (_MINUTE, "min")):
        if per_second * factor >= 1:
            return f"{per_second * factor:,.6g}/{unit}"
    return f"{per_second * _HOUR:,.3g}/h"


def pace(per_second: float | None) -> str:
    """A pace that was found, in at most eight cells: `43/s`, `2.5/s`, `30/min`, `12/h`; a dash for none."""
    if per_second is None:
        return "–"
    for factor, unit in ((1, "s"), (_MINUTE, "min")):
        if per_second * factor >= 1:
            return f"{short(per_second * factor)}/{unit}"
    return f"{short(per_second * _HOUR)}/h"


def percent(done: int, total: int) -> str:
    """`20.3%`; 100% and 0% only when it is exactly so, and `<0.1%` for what is less than that."""
    if total <= 0 or done <= 0:
        return "0%"
    if done >= total:
        return "100%"
    share = 100 * done / total
    return "<0.1%" if share < 0.1 else f"{min(99.9, share):.1f}%"
