"""Sets of HTTP statuses as people write them: `429,5xx,520-529`."""

from __future__ import annotations

import re

from ..errors import OptionError

_TERM = re.compile(r"([1-5])xx|([1-5]\d\d)(?:-([1-5]\d\d))?", re.IGNORECASE)


def parse_statuses(text: str, option: str = "--retry-on") -> frozenset[int]:
    """The statuses that a list names; empty for `none` or nothing. Raises OptionError with the bad term."""
    found: set[int] = set()
    if text.strip().lower() == "none":
        return frozenset()
    for term in filter(None, (part.strip() for part in text.split(","))):
        match = _TERM.fullmatch(term)
        if match is None:
            raise OptionError(
                f"{option}: {term!r} is no status. Write 429, 5xx or 520-529, separated by commas."
            )
        if match[1]:
            found.update(range(int(match[1]) * 100, int(match[1]) * 100 + 100))
        else:
            found.update(range(int(match[2]), int(match[3] or match[2]) + 1))
    return frozenset(found)
