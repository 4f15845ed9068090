"""The trend of each cause of failure as the journal keeps it: a JSON list of `[minute, count]`."""

from __future__ import annotations

import json
import sqlite3

from ..policies.trend import MINUTE_S, MINUTES_KEPT, NO_TREND, Trend, trend_of

_FAILED_BY_MINUTE = """
SELECT cause, CAST(ended_at / ? AS INTEGER) AS minute, count(*) FROM requests
WHERE state = 4 AND state >= 3 AND cause IS NOT NULL AND ended_at IS NOT NULL GROUP BY cause, minute
"""


def write_trend(trend: Trend) -> str:
    """For the journal."""
    return json.dumps(trend.minutes, separators=(",", ":"))


def read_trend(text: str | None) -> Trend:
    """From the journal; empty where there is none."""
    if not text:
        return NO_TREND
    return Trend(tuple((int(minute), int(count)) for minute, count in json.loads(text)))


def count_trends(db: sqlite3.Connection) -> None:
    """Count the trends of all causes from the failures there are: for journals from before they were kept."""
    found: dict[int, list[tuple[int, int]]] = {}
    for cause, minute, count in db.execute(_FAILED_BY_MINUTE, (MINUTE_S,)):
        found.setdefault(cause, []).append((minute, count))
        if len(found[cause]) > 2 * MINUTES_KEPT:
            found[cause] = list(trend_of(found[cause]).minutes)
    db.executemany(
        "UPDATE causes SET recent = ? WHERE id = ?",
        ((write_trend(trend_of(pairs)), cause) for cause, pairs in found.items()),
    )
