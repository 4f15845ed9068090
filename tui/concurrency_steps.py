"""How the keys step the concurrency limit."""

from __future__ import annotations

from ..core.errors import OptionError

MOST = 100_000
"""More slots than any machine has ports for."""


def up(limit: int) -> int:
    """A tenth more, 1 at least."""
    return min(MOST, limit + max(1, limit // 10))


def down(limit: int) -> int:
    """A tenth less, by 1 at least, and never below 1."""
    return max(1, limit - max(1, limit // 10))


def double(limit: int) -> int:
    """Twice as many."""
    return min(MOST, limit * 2)


def halve(limit: int) -> int:
    """Half as many, and never below 1."""
    return max(1, limit // 2)


def parse_concurrency(text: str) -> int:
    """A limit that somebody typed; raises OptionError unless it is a whole number from 1 to `MOST`."""
    digits = text.strip().replace(",", "")
    if not (digits.isascii() and digits.isdigit() and 1 <= int(digits) <= MOST):
        raise OptionError(f"{text!r} is no concurrency. Write a whole number from 1 to {MOST:,}.")
    return int(digits)
