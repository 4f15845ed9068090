"""A filter as a phrase that people read."""

from __future__ import annotations

from ..core.journal.filter import RowFilter
from .figures import count, milliseconds, size

_LONGEST = 200
"""Characters; a filter may have 2,000."""


def in_words(rows: RowFilter) -> str:
    """`with status 500–599, of kind timeout`: all but the states; empty for a filter that selects by nothing else.

    The text holds what the user typed and is not yet printable.
    """
    parts = [
        _any("with status", [str(low) if low == high else f"{low}–{high}" for low, high in rows.statuses]),
        _any("of kind", sorted(kind.value.replace("_", " ") for kind in rows.kinds)),
        _any("of a host with", list(rows.hosts)),
        _any("of cause", [str(cause) for cause in sorted(rows.causes)]),
        *(_compared(*comparison) for comparison in rows.comparisons),
        *(f"with “{word}”" for word in rows.words),
        *(f"without “{word}”" for word in rows.without),
    ]
    text = ", ".join(part for part in parts if part)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _any(what: str, options: list[str]) -> str:
    return f"{what} {' or '.join(options)}" if options else ""


def _compared(column: str, operator: str, value: float) -> str:
    more = operator == ">"
    if column == "elapsed_ms":
        return f"{'slower' if more else 'faster'} than {milliseconds(value)}"
    if column == "bytes":
        return f"{'larger' if more else 'smaller'} than {size(int(value))}"
    return f"after {'more' if more else 'fewer'} than {count(int(value))} attempts"
