"""What a reply's header fields ask of the client."""

from __future__ import annotations

import time

from ..journal.reader import read_headers
from ..model import Outcome, Reply
from ..policies.rate_fields import Allowance, allowance
from ..policies.retry_after import retry_after_s

_STATUSES_WITH_RETRY_AFTER = frozenset({413, 429, 503})


def asked_wait_s(outcome: Outcome) -> float | None:
    """Seconds to wait by the Retry-After of a reply whose status gives it that meaning; None without one."""
    if not isinstance(outcome, Reply) or outcome.status not in _STATUSES_WITH_RETRY_AFTER:
        return None
    fields = _fields(outcome.headers)
    asked = fields.get("retry-after")
    return retry_after_s(asked, date=fields.get("date"), now=time.time()) if asked is not None else None


def told_allowance(reply: Reply) -> Allowance | None:
    """What the server says it will still take; None where it says nothing of it."""
    lower = reply.headers.lower()
    if b"ratelimit" not in lower and b"rate-limit" not in lower:
        return None
    # Such servers send them with each reply: only lines that matter are read, and nothing in them depends on case.
    telling = [line for line in lower.split(b"\r\n") if b"rate" in line or line.startswith(b"date")]
    return allowance(_fields(b"\r\n".join(telling)), time.time())


def _fields(headers: bytes) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, value in read_headers(headers):
        fields.setdefault(name.strip().lower(), value)
    return fields
