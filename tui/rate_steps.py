"""How the keys step the rate limit."""

from __future__ import annotations

from math import floor, log10

_LEAST = 1 / 3600
"""A request an hour."""


def up(limit: float | None) -> float | None:
    """A tenth more, in two digits; no limit stays none."""
    return None if limit is None else _rounded(limit * 1.1, limit)


def down(limit: float | None, now_per_s: float) -> float:
    """A tenth less, in two digits; without a limit, a tenth less than what ends a second now."""
    if limit is None:
        return _rounded(max(1.0, now_per_s) * 0.9, 0.0)
    return max(_LEAST, _rounded(limit * 0.9, limit))


def _rounded(value: float, before: float) -> float:
    step = 10.0 ** (floor(log10(value)) - 1)
    found = round(value / step) * step
    if found == before:
        found += step if value > before else -step
    return float(f"{found:.6g}")
