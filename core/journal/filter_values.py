"""The values of filter terms: how they are read, and how they are written back so that they read the same."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from math import isfinite

_LARGEST = 2**63 - 1
"""The largest integer that SQLite takes."""
_CLASS = re.compile(r"([1-5])xx", re.IGNORECASE)
_QUANTITY = re.compile(r"(\d{1,40}(?:\.\d{1,40})?(?:e[+-]?\d{1,3})?) ?([a-z]*)", re.IGNORECASE)
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?")
UNITS: dict[str, dict[str, float]] = {
    "slow": {"ms": 1.0, "s": 1e3, "m": 60e3, "min": 60e3, "": 1e3},
    "size": {"b": 1.0, "k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "gb": 1e9, "": 1.0},
    "attempts": {"": 1.0},
    "last": {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0},
}
_WRITTEN = {"slow": (("s", 1e3), ("ms", 1.0)), "size": (("mb", 1e6), ("kb", 1e3), ("b", 1.0))}
Span = tuple[int, int]
"""The first and the last of a range."""


def status_span(text: str) -> Span:
    """`404`, `5xx` or `500-504`. Raises ValueError."""
    if whole := _CLASS.fullmatch(text):
        first = int(whole[1]) * 100
        return first, first + 99
    return span(text)


def span(text: str) -> Span:
    """`7` or `100-200`. Raises ValueError for others, and where it runs backwards."""
    low, dash, high = text.partition("-")
    found = integer(low), integer(high if dash else low)
    if found[0] > found[1]:
        raise ValueError(text)
    return found


def integer(text: str) -> int:
    """A number that SQLite takes. Raises ValueError."""
    if not (text.isascii() and text.isdigit()) or int(text) > _LARGEST:
        raise ValueError(text)
    return int(text)


def quantity(name: str, text: str) -> float:
    """`2s`, `10kb`, `1`: in the journal's unit, seconds for `last`. Raises ValueError, and KeyError for the unit."""
    found = _QUANTITY.fullmatch(text)
    if found is None:
        raise ValueError(text)
    value = float(found[1]) * UNITS[name][found[2].lower()]
    if not isfinite(value):
        raise ValueError(text)
    return value


def moment(text: str, now: float) -> float:
    """`14:30`, the last time it was that late, or a date as ISO 8601 has it; seconds since the epoch.

    Raises ValueError, and OverflowError for years that no clock has.
    """
    if (clock := _CLOCK.fullmatch(text)) is None:
        return datetime.fromisoformat(text).timestamp()
    today = datetime.fromtimestamp(now)
    then = today.replace(
        hour=int(clock[1]), minute=int(clock[2]), second=int(clock[3] or 0), microsecond=0, fold=0
    )
    return (then if then <= today else then - timedelta(days=1)).timestamp()


def write_status(found: Span) -> str:
    """`5xx` for a whole class; else as `write_span` has it."""
    low, high = found
    return (
        f"{low // 100}xx" if low % 100 == 0 and high == low + 99 and 100 <= low < 600 else write_span(found)
    )


def write_span(found: Span) -> str:
    """`7` or `100-200`."""
    return str(found[0]) if found[0] == found[1] else f"{found[0]}-{found[1]}"


def write_quantity(name: str, value: float) -> str:
    """In the largest unit that leaves a whole number."""
    for unit, factor in _WRITTEN.get(name, ()):
        if value and value % factor == 0 and value < 1e15:
            return f"{int(value / factor)}{unit}"
    number = str(int(value)) if value == int(value) and value < 1e15 else repr(value)
    return f"{number}{_WRITTEN[name][-1][0] if name in _WRITTEN else ''}"


def write_moment(seconds: float) -> str:
    """`2026-11-22T14:30:05+01:00`: with its offset, so that it means the same wherever it is read."""
    return datetime.fromtimestamp(seconds).astimezone().isoformat()
