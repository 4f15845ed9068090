"""Rows of the journal's tables, in the order of the columns of the statements that write them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from ..model import BodyFile, ConnectTimes, FailureKind, Reply, State
from .bulk import Rows, Values
from .entries import Accepted, Ended, Noted
from .ledger import Ledger

_ACCEPT_QUEUED = """
INSERT INTO requests(id, state, line, method, url, host, row, sealed) VALUES
"""
_ACCEPT = """
INSERT INTO requests(id, state, line, method, url, host, row, spec, sealed, kind, message, cause, ended, ended_at)
VALUES
"""
_END_WELL = """
UPDATE requests SET state = 3, tries = ?, sent = 0, status = ?, kind = NULL, message = NULL, cause = NULL, bytes = ?,
elapsed_ms = ?, ended_at = ?, ended = ? WHERE id = ? AND state = 1
"""
_END = """
UPDATE requests SET state = ?, tries = ?, sent = 0, status = ?, kind = ?, message = ?, cause = ?, bytes = ?,
elapsed_ms = ?, ended_at = ?, ended = ? WHERE id = ? AND state = 1
"""
_ATTEMPT_WELL = """
INSERT OR REPLACE INTO attempts(request, n, started, elapsed_ms, ttfb_ms, status) VALUES
"""
_ATTEMPT = "INSERT OR REPLACE INTO attempts VALUES"
_RESPONSE_WELL = """
INSERT OR REPLACE INTO responses(request, headers, body, bytes, unverified) VALUES
"""
_RESPONSE = "INSERT OR REPLACE INTO responses VALUES"
NOTE = "INSERT INTO events(session, at, kind, text) VALUES (?, ?, ?, ?)"


def accepted(rows: Iterable[Accepted], ledger: Ledger, now: float) -> Rows:
    """What takes in rows of the input; `now` is the wall clock."""
    plain: list[Values] = []
    others: list[Values] = []
    for row in rows:
        if row.state is State.QUEUED and row.spec is None:
            plain.append((row.id, 0, row.line, row.method, row.url, row.host, row.row, row.sealed))
        else:
            others.append(_accepted(row, ledger, now))
    return {_ACCEPT_QUEUED: plain, _ACCEPT: others}


def ended(attempts: Iterable[Ended], ledger: Ledger, now: float, folder: Path) -> tuple[Rows, Rows]:
    """What records attempts and their replies, and what records what became of their requests.

    `now` is the wall clock, `folder` the run's. What nearly all attempts come to has statements of its own, without
    the columns that stay NULL, and with octets as bytearrays: sqlite3 asks each None, and all bytes, whether they
    adapt, at half a microsecond, and there are twenty.
    """
    tries: dict[str, list[Values]] = {_ATTEMPT_WELL: [], _RESPONSE_WELL: [], _ATTEMPT: [], _RESPONSE: []}
    ends: dict[str, list[Values]] = {_END_WELL: [], _END: []}
    for one in attempts:
        reply = one.reply
        if (
            reply is None
            or one.state is not State.SUCCEEDED
            or one.kind is not None
            or one.times is not None
            or reply.hops
            or isinstance(reply.body, BodyFile)
        ):
            tries[_ATTEMPT].append(_attempt(one))
            if reply is not None:
                tries[_RESPONSE].append(_response(one.id, reply, folder))
            ends[_END].append(_ended(one, ledger, now))
            continue
        body, took = reply.body, one.elapsed_ms
        tries[_ATTEMPT_WELL].append((one.id, one.attempt, one.started, took, reply.ttfb_s * 1000, one.status))
        octets = bytearray(reply.headers), bytearray(body)
        tries[_RESPONSE_WELL].append((one.id, *octets, len(body), int(reply.unverified_length)))
        ends[_END_WELL].append((one.tries, one.status, len(body), took, now, ledger.next_ended(), one.id))
    return tries, ends


def _accepted(row: Accepted, ledger: Ledger, now: float) -> Values:
    """For `_ACCEPT`."""
    stored = (row.id, row.state, row.line, row.method, row.url, row.host, row.row, row.spec, row.sealed)
    if not row.state.terminal:
        return (*stored, None, None, None, None, None)
    kind, cause = FailureKind.INVALID, None
    if row.state is State.FAILED:
        kind = FailureKind.OUTCOME_UNKNOWN
        cause = ledger.blame_for(row.id, kind, None, row.message, now)
    return (*stored, kind, row.message, cause, ledger.next_ended(), now)


def _ended(one: Ended, ledger: Ledger, now: float) -> Values:
    """For `_END`."""
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


def _attempt(one: Ended) -> Values:
    """For `_ATTEMPT`."""
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


def _response(request: int, reply: Reply, folder: Path) -> Values:
    """For `_RESPONSE`; `folder` is the run's, which body files are named from."""
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
