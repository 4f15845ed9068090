"""What chosen causes of failure come to: their requests, how many these are, and how a sentence speaks of them."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.journal.filter import RowFilter
from ...core.journal.records import Cause
from ...core.model import State
from ...core.printable import printable
from ..cells import clip
from ..figures import count

_FIT_SIGNATURE = 120
"""Cells of a cause's signature in a dialog: two lines of it."""


def failed_by(causes: Sequence[Cause]) -> RowFilter:
    """The requests that have failed by these causes."""
    return RowFilter(states=frozenset({State.FAILED}), causes=frozenset(cause.id for cause in causes))


def total(causes: Sequence[Cause]) -> int:
    """How many these are."""
    return sum(cause.count for cause in causes)


def requests(n: int) -> str:
    """`1 request`, `2,000 requests`."""
    return f"{count(n)} {'request' if n == 1 else 'requests'}"


def named(causes: Sequence[Cause]) -> str:
    """Causes in a sentence: by its signature where it is one."""
    if len(causes) == 1:
        return f"“{clip(printable(causes[0].signature), _FIT_SIGNATURE)}”"
    return f"{count(len(causes))} causes"
