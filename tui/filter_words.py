"""A filter as a phrase that people read."""

from __future__ import annotations

from datetime import datetime

from ..core.journal.filter import RowFilter
from ..core.journal.filter_values import Span
from .figures import count, milliseconds, size

_LONGEST = 200
"""Characters; a filter may have 2,000."""
_COMPARED = {
    "elapsed_ms": {
        "<": "faster than {}",
        ">": "slower than {}",
        "<=": "in {} or less",
        ">=": "in {} or more",
        "=": "in exactly {}",
    },
    "bytes": {
        "<": "smaller than {}",
        ">": "larger than {}",
        "<=": "of {} or less",
        ">=": "of {} or more",
        "=": "of exactly {}",
    },
    "attempts": {
        "<": "after fewer than {} attempts",
        ">": "after more than {} attempts",
        "<=": "after at most {} attempts",
        ">=": "after at least {} attempts",
        "=": "after exactly {} attempts",
    },
    "ended_at": {"<": "ended before {}", ">=": "ended since {}"},
}


def in_words(rows: RowFilter, *, states: bool = False) -> str:
    """`with status 500–599, of kind timeout`: empty for a filter that selects by nothing else than states.

    With `states` they are named as well. The text holds what the user typed and is not yet printable.
    """
    named = [state.label.replace("_", " ") for state in sorted(rows.states)] if states else []
    parts = [
        " or ".join(named),
        _any("with status", [_range(span) for span in rows.statuses]),
        _any("of kind", sorted(kind.value.replace("_", " ") for kind in rows.kinds)),
        _any("of a host with", list(rows.hosts)),
        _any("of cause", [str(cause) for cause in sorted(rows.causes)]),
        _any("in row", [_range(span) for span in rows.ids]),
        *(_compared(*comparison) for comparison in rows.comparisons),
        *(f"with “{word}”" for word in rows.words),
        *(f"without “{word}”" for word in rows.without),
        *(f"not {in_words(one, states=True)}" for one in rows.nots),
    ]
    text = ", ".join(part for part in parts if part)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _any(what: str, options: list[str]) -> str:
    return f"{what} {' or '.join(options)}" if options else ""


def _range(span: Span) -> str:
    low, high = span
    return str(low) if low == high else f"{low}–{high}"


def _compared(column: str, operator: str, value: float) -> str:
    if column == "elapsed_ms":
        figure = milliseconds(value)
    elif column == "bytes":
        figure = size(int(value))
    elif column == "attempts":
        figure = count(int(value))
    else:
        figure = datetime.fromtimestamp(value).strftime("%Y-%m-%d %H:%M:%S")
    return _COMPARED[column][operator].format(figure)
