"""Rows of the journal's tables, in the order of the columns of the statements that write them."""

from __future__ import annotations

import json
from pathlib import Path

from ..model import BodyFile, ConnectTimes, FailureKind, Reply, State
from .entries import Accepted, Ended, Noted
from .ledger import Ledger

Values = tuple[object, ...]

ACCEPT = """
INSERT INTO requests(id, state, line, method, url, host, row, spec, sealed, kind, message, cause, ended, ended_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
END = """
UPDATE requests SET state = ?, tries = ?, sent = 0, status = ?, kind = ?, message = ?, cause = ?, bytes = ?,
elapsed_ms = ?, ended_at = ?, ended = ? WHERE id = ? AND state = 1
"""
ATTEMPT = "INSERT OR REPLACE INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
NOTE = "INSERT INTO events(session, at, kind, text) VALUES (?, ?, ?, ?)"
RESPONSE = "INSERT OR REPLACE INTO responses VALUES (?, ?, ?, ?, ?, ?, ?)"


def accepted(row: Accepted, ledger: Ledger, now: float) -> Values:
    """For `ACCEPT`; `now` is the wall clock."""
    stored = (row.id, row.state, row.line, row.method, row.url, row.host, row.row, row.spec, row.sealed)
    if not row.state.terminal:
        return (*stored, None, None, None, None, None)
    kind, cause = FailureKind.INVALID, None
    if row.state is State.FAILED:
        kind = FailureKind.OUTCOME_UNKNOWN
        cause = ledger.blame_for(row.id, kind, None, row.message, now)
    return (*stored, kind, row.message, cause, ledger.next_ended(), now)


def ended(one: Ended, ledger: Ledger, now: float) -> Values:
    """For `END`; `now` is the wall clock."""
    terminal = one.state.terminal
    return (
        one.state,
        one.tries,
        one.status,
        one.kind,
        one.message,
        ledger.blame(one, now) if one.state is State.FAILED else None,
        one.reply.size if one.reply is not None else None,
        one.elapsed_ms,
        now if terminal else None,
        ledger.next_ended() if terminal else None,
        one.id,
    )


def attempt(one: Ended) -> Values:
    """For `ATTEMPT`."""
    return (
        one.id,
        one.attempt,
        one.started,
        one.elapsed_ms,
        one.reply.ttfb_s * 1000 if one.reply is not None else None,
        one.status,
        one.kind,
        one.message,
        json.dumps([[hop.url, hop.status] for hop in one.hops]) if one.hops else None,
        *_connect_ms(one.times),
    )


def _connect_ms(times: ConnectTimes | None) -> tuple[float | None, float | None, float | None]:
    if times is None:
        return None, None, None
    return _ms(times.dns_s), _ms(times.connect_s), _ms(times.tls_s)


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000


def response(request: int, reply: Reply, folder: Path) -> Values:
    """For `RESPONSE`; `folder` is the run's, which body files are named from."""
    body = reply.body
    return (
        request,
        reply.headers,
        None if isinstance(body, BodyFile) else body,
        str(body.path.relative_to(folder)) if isinstance(body, BodyFile) else None,
        reply.size,
        reply.final_url if reply.hops else None,
        reply.unverified_length,
    )


def noted(event: Noted) -> Values:
    """For `NOTE`."""
    return event.session, event.at, event.kind, event.text
