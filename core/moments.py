"""Points in time as exports and `status --json` write them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


def iso(at: float) -> str:
    """ISO 8601 in UTC with milliseconds, such as `2025-06-01T12:00:00.250Z`, of seconds since the epoch."""
    milliseconds = round(at * 1000)
    return _second(milliseconds // 1000) + _fraction(milliseconds % 1000)


@lru_cache(4096)
def _second(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(1000)
def _fraction(milliseconds: int) -> str:
    return f".{milliseconds:03d}Z"
