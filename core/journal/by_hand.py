"""What users change of requests that have ended: queue them again, skip them, send one again edited."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

from ..model import State
from . import statements
from .edits import Edit, write_edit
from .filter import RowFilter
from .ledger import Ledger
from .picking import picked

Span = tuple[int, int]
"""Places in the order in which requests ended: from behind the first to the last, which is included."""
STEP = 10_000
"""Failed requests, and skipped ones, in a span: those of one commit, for which nothing else waits long."""
_FAR = (
    "SELECT ended FROM requests WHERE state = ? AND state >= 3 AND ended > ? ORDER BY ended LIMIT 1 OFFSET ?"
)
_LAST = "SELECT max(ended) FROM requests WHERE state = ? AND state >= 3"


def spans(db: sqlite3.Connection, step: int = STEP) -> list[Span]:
    """Spans that hold all failed and skipped requests there are now, at most `step` of either state in each."""
    ends = [db.execute(_LAST, (state,)).fetchone()[0] for state in (State.FAILED, State.SKIPPED)]
    last = max((end for end in ends if end is not None), default=0)
    found: list[Span] = []
    after = 0
    while after < last:
        far = [
            db.execute(_FAR, (state, after, step - 1)).fetchone() for state in (State.FAILED, State.SKIPPED)
        ]
        end = min((row[0] for row in far if row is not None), default=last)
        found.append((after, end))
        after = end
    return found


def requeue(
    db: sqlite3.Connection,
    ledger: Ledger,
    rows: RowFilter,
    ids: Collection[int] | None = None,
    span: Span | None = None,
) -> int:
    """Queue failed and skipped requests again with a fresh retry budget; returns how many.

    `ids` narrows the choice to those, and a span to those that ended in it; None means all that the filter selects.
    """
    condition, values = _within(span, *rows.where())
    condition = f"state IN (4, 5) AND state >= 3 AND {condition}"
    with picked(db, condition, values, ids) as (by_state, by_cause):
        ledger.pardon(by_cause)
        db.execute(statements.REQUEUE)
    for state, count in by_state.items():
        ledger.move(State(state), State.QUEUED, count)
    total = sum(by_state.values())
    ledger.add("requeues", total)
    return total


def skip_failed(db: sqlite3.Connection, ledger: Ledger, rows: RowFilter, span: Span | None = None) -> int:
    """Make skipped ones of the failed requests that the filter selects, and that ended in a span; returns how many."""
    condition, values = _within(span, *rows.where())
    condition = f"state = 4 AND state >= 3 AND {condition}"
    with picked(db, condition, values) as (by_state, by_cause):
        ledger.pardon(by_cause)
        db.execute(statements.SKIP_FAILED)
    count = sum(by_state.values())
    ledger.move(State.FAILED, State.SKIPPED, count)
    # Lists of failures, which only grow at their end otherwise, must be made anew.
    ledger.add("requeues", count)
    return count


def resend(
    db: sqlite3.Connection, ledger: Ledger, request: int, sent: tuple[str, str, str], edit: Edit
) -> bool:
    """Queue an ended request as it is edited now; False where it has not ended by an outcome.

    `sent` is its new method, URL and host, masked. The response that was kept stays until another reply comes.
    """
    found = db.execute("SELECT state, cause FROM requests WHERE id = ?", (request,)).fetchone()
    if found is None or found[0] not in (State.SUCCEEDED, State.FAILED, State.SKIPPED):
        return False
    state, cause = State(found[0]), found[1]
    if state is State.FAILED and cause is not None:
        ledger.pardon({cause: 1})
    db.execute(statements.RESEND, (*sent, request))
    write_edit(db, request, edit)
    ledger.move(state, State.QUEUED, 1)
    ledger.add("requeues", 1)
    return True


def _within(span: Span | None, condition: str, values: list[object]) -> tuple[str, list[object]]:
    if span is None:
        return condition, values
    return f"ended > ? AND ended <= ? AND {condition}", [*span, *values]
