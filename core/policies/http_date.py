"""The dates that HTTP fields hold (RFC 9110, section 5.6.7)."""

from __future__ import annotations

from datetime import UTC, datetime


def http_date(text: str) -> float | None:
    """Seconds since the epoch, from any of the three forms; None for what is no date."""
    # Loaded here, because the first frame of a dashboard need not wait for it.
    from email.utils import parsedate_to_datetime

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
    # In the RFC 850 form, a year that seems over 50 years ahead means the past century.
    ahead = moment.year - datetime.now(UTC).year
    return moment.replace(year=moment.year - 100) if ahead > 50 else moment
