"""Points in time as exports and `status --json` write them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

_MOST_HELD = 4096


def iso(at: float) -> str:
    """ISO 8601 in UTC with milliseconds, such as `2025-06-01T12:00:00.250Z`, of seconds since the epoch.

    Raises ValueError, or OverflowError, for what is no date.
    """
    return _moment(round(at * 1000))


class Moments(dict[int, str]):
    """What `iso` writes, by milliseconds since the epoch: some thousand are held.

    Much happens within a millisecond of a run that is large enough for this to count.
    """

    def __missing__(self, at: int) -> str:
        if len(self) >= _MOST_HELD:
            self.clear()
        text = self[at] = _moment(at)
        return text


def _moment(at: int) -> str:
    return f"{_second(at // 1000)}.{at % 1000:03d}Z"


@lru_cache(4096)
def _second(at: int) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except OSError as error:
        raise ValueError(f"{at} seconds since the epoch are no date") from error
