"""Points in time as exports and `status --json` write them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


def iso(at: float) -> str:
    """ISO 8601 in UTC with milliseconds, such as `2025-06-01T12:00:00.250Z`, of seconds since the epoch."""
    milliseconds = round(at * 1000)
    return f"{_second(milliseconds // 1000)}.{milliseconds % 1000:03d}Z"


@lru_cache(4096)
def _second(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
