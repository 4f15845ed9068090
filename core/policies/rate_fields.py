"""What a server says of how much it will still take: the RateLimit header fields in the forms that are in use; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from .http_date import http_date

_ITEM = re.compile(r"[^,]+")
_NUMBER = re.compile(r"\s*(\d{1,15}(?:\.\d+)?)\s*(?:[,;]|$)", re.ASCII)
_PARAMETER = re.compile(r"([a-z]+)\s*=\s*(\d+)", re.IGNORECASE | re.ASCII)
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?", re.ASCII)
_EPOCH_S = 1e9
_EPOCH_MS = 1e12
_MOST_WAIT_S = 86_400.0
_SCOPE_S = {"": None, "-requests": None, "-second": 1.0, "-minute": 60.0, "-hour": 3600.0, "-day": 86_400.0}
"""Scopes that fields name at their end, with the period that each means."""
_NAMES = tuple(
    (f"{prefix}-remaining{scope}", prefix, scope)
    for prefix in ("ratelimit", "x-ratelimit", "x-rate-limit")
    for scope in _SCOPE_S
)


class Allowance(Struct, frozen=True):
    """How many more requests a server takes, and when it counts anew."""

    remaining: int
    reset_s: float
    """Seconds from now, a day at most."""
    limit: int | None = None
    """Requests in a whole period, where it says so."""


def allowance(fields: Mapping[str, str], now: float) -> Allowance | None:
    """The tightest allowance among a reply's fields (names in lower case); None where none can be understood.

    Reads `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers, both of its forms),
    `RateLimit-*`, `X-RateLimit-*` and `X-Rate-Limit-*` with resets as seconds, durations such as `6m0s`, or points
    in time. `now` is the wall clock; a server's own Date is preferred to it.
    """
    found = [*_structured(fields), *_separate(fields, now)]
    return min(found, key=lambda one: (one.remaining, -one.reset_s), default=None)


def _structured(fields: Mapping[str, str]) -> list[Allowance]:
    text = fields.get("ratelimit")
    if text is None:
        return []
    windows = [_parameters(item) for item in _ITEM.findall(fields.get("ratelimit-policy", ""))]
    if re.match(r"\s*limit\s*=", text, re.IGNORECASE):
        items = [_parameters(text)]
    else:
        items = [_parameters(item) for item in _ITEM.findall(text)]
    found: list[Allowance] = []
    for number, item in enumerate(items):
        policy = windows[number] if number < len(windows) else {}
        remaining = item.get("r", item.get("remaining"))
        reset = item.get("t", item.get("reset", policy.get("w")))
        if remaining is not None and reset is not None:
            limit = item.get("limit", policy.get("q"))
            found.append(Allowance(remaining, min(float(reset), _MOST_WAIT_S), limit))
    return found


def _parameters(item: str) -> dict[str, int]:
    return {name.lower(): int(value) for name, value in _PARAMETER.findall(item) if len(value) < 16}


def _separate(fields: Mapping[str, str], now: float) -> list[Allowance]:
    found: list[Allowance] = []
    for name, prefix, scope in _NAMES:
        remaining = _number(fields[name]) if name in fields else None
        reset = _reset(fields, prefix, scope, now) if remaining is not None else None
        if remaining is not None and reset is not None:
            limit = _number(fields.get(f"{prefix}-limit{scope}"))
            found.append(Allowance(int(remaining), reset, int(limit) if limit is not None else None))
    return found


def _reset(fields: Mapping[str, str], prefix: str, scope: str, now: float) -> float | None:
    after = _number(fields.get(f"{prefix}-reset-after{scope}"))
    if after is not None:
        return min(after, _MOST_WAIT_S)
    text = fields.get(f"{prefix}-reset{scope}")
    if text is None:
        return _SCOPE_S[scope]
    number = _number(text)
    if number is None:
        return _duration(text)
    if number >= _EPOCH_S:
        number = (number / 1000 if number >= _EPOCH_MS else number) - _server_time(fields, now)
    return min(max(0.0, number), _MOST_WAIT_S)


def _number(text: str | None) -> float | None:
    """A number that is no less than nothing; of `100, 100;w=60` the first."""
    if text is None:
        return None
    match = _NUMBER.match(text)
    return float(match[1]) if match else None


def _duration(text: str) -> float | None:
    match = _DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        return None
    hours, minutes, seconds, milliseconds = (float(part or 0) for part in match.groups())
    return min(hours * 3600 + minutes * 60 + seconds + milliseconds / 1000, _MOST_WAIT_S)


def _server_time(fields: Mapping[str, str], now: float) -> float:
    at = http_date(fields.get("date", ""))
    return now if at is None else at
