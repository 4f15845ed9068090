"""How long a `Retry-After` field asks to wait (RFC 9110, section 10.2.3)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

CAP_S = 300.0
"""No server makes a request wait longer than this, in seconds."""


def retry_after_s(value: str, *, date: str | None, now: float, cap: float = CAP_S) -> float | None:
    """Seconds to wait, capped; None for what the RFC does not allow (negative, garbage).

    `value` is delta-seconds or one of the three HTTP-date forms (RFC 9110, 5.6.7). A date is compared with
    the reply's own `Date` field where there is one, so that a wrong clock on either side does no harm;
    otherwise with `now`, seconds since the epoch.
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(cap, float((text.lstrip("0") or "0")[:9]))
    until = _http_date(text)
    if until is None:
        return None
    sent = _http_date(date) if date else None
    return min(cap, max(0.0, until - (sent if sent is not None else now)))


def _http_date(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text.strip())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return (_two_digit_year(aware) if "-" in text else aware).timestamp()
    except (ValueError, OverflowError):
        return None


def _two_digit_year(moment: datetime) -> datetime:
    # RFC 9110, 5.6.7: in the RFC 850 form, a year that seems over 50 years ahead means the past century.
    ahead = moment.year - datetime.now(UTC).year
    return moment.replace(year=moment.year - 100) if ahead > 50 else moment
