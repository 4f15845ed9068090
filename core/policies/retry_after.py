"""How long a `Retry-After` field asks to wait (RFC 9110, section 10.2.3)."""

from __future__ import annotations

from .http_date import http_date

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
    until = http_date(text)
    if until is None:
        return None
    sent = http_date(date) if date else None
    return min(cap, max(0.0, until - (sent if sent is not None else now)))
