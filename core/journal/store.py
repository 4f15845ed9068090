"""The writing side of the journal: one connection, used by one thread, a transaction a batch."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path

from ..errors import RunError
from ..model import BodyFile, Counts, FailureKind, Reply, State
from ..policies.signature import signature
from . import schema
from .batch import Accepted, Batch, Change, Ended, Leased
from .filter import RowFilter
from .folder import RunFolder

_INTERRUPTED = "the process ended while this attempt may have been under way"
_LEASE = """
UPDATE requests SET state = 1, attempts = attempts + 1
WHERE id IN (SELECT id FROM requests WHERE state = 0 ORDER BY id LIMIT ?)
RETURNING id, attempts, tries, line, method, url, host, row, spec, sealed
"""


class Store:
    """Applies batches and answers the few questions a writer has. Not thread-safe: one thread at a time."""

    def __init__(self, folder: RunFolder) -> None:
        """Open or create the journal, private to its owner; raises RunError where that cannot be."""
        self._folder = folder
        self._db = _open(folder.journal)
        self._counters: Counter[str] = Counter()
        self._causes: dict[str, int] = {}
        self._load()

    @property
    def counts(self) -> Counts:
        """How many requests are in each state, as last committed."""
        return Counts(**{state.label: self._counters[state.label] for state in State})

    @property
    def received_bytes(self) -> int:
        """Octets of response bodies received over all attempts."""
        return self._counters["bytes"]

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def meta(self, key: str) -> object:
        """A stored JSON value, or None."""
        found = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return json.loads(found[0]) if found else None

    def set_meta(self, key: str, value: object) -> None:
        """Store a JSON value."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value)))

    def commit(self, batch: Batch) -> list[object]:
        """Apply a batch in one transaction; returns its changes' results. On an error nothing is applied."""
        superseded: list[str] = []
        try:
            self._db.execute("BEGIN IMMEDIATE")
            if batch.accepted:
                self._accept(batch.accepted)
            if batch.rows_read is not None:
                self.set_meta("ingest", {"rows": batch.rows_read, "done": batch.input_done})
            if batch.ended:
                superseded = self._end(batch.ended)
            results = [change.work(self) for change in batch.changes]
            self._db.executemany("INSERT OR REPLACE INTO counters VALUES (?, ?)", self._counters.items())
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self._load()
            raise
        for path in superseded:
            (self._folder.path / path).unlink(missing_ok=True)
        return results

    def lease(self, count: int) -> list[Leased]:
        """Mark the first `count` queued requests as in flight, each for its next attempt."""
        rows = self._db.execute(_LEASE, (count,)).fetchall()
        self._move(State.QUEUED, State.IN_FLIGHT, len(rows))
        return sorted((Leased(*row) for row in rows), key=lambda leased: leased.id)

    def lease_again(self, ids: Collection[int]) -> set[int]:
        """Mark those that still wait as in flight for their next attempt; returns which these are."""
        sql = "UPDATE requests SET state = 1, attempts = attempts + 1 WHERE id = ? AND state = 2"
        leased = {request for request in ids if self._db.execute(sql, (request,)).rowcount}
        self._move(State.WAITING, State.IN_FLIGHT, len(leased))
        return leased

    def give_back(self) -> None:
        """Queue all leased requests, as if they had not been leased; for when none of them is under way."""
        given = self._db.execute(
            "UPDATE requests SET state = 0, attempts = attempts - 1 WHERE state = 1"
        ).rowcount
        self._move(State.IN_FLIGHT, State.QUEUED, given)

    def mark_sent(self, ids: Collection[int]) -> None:
        """Note that non-idempotent requests are about to be sent: from here on their outcome may be unknown."""
        self._each("UPDATE requests SET sent = 1 WHERE id = ?", ids)

    def skip(self, ids: Collection[int]) -> set[int]:
        """End queued, waiting and unsent requests as skipped; returns which of them had been leased."""
        leased: set[int] = set()
        for request in ids:
            found = self._db.execute("SELECT state FROM requests WHERE id = ?", (request,)).fetchone()
            if found is None or State(found[0]).terminal:
                continue
            state = State(found[0])
            if state is State.IN_FLIGHT:
                leased.add(request)
            self._db.execute(
                "UPDATE requests SET state = 5, attempts = attempts - ?, kind = 'cancelled', "
                "message = 'skipped by hand', ended = ?, ended_at = ? WHERE id = ?",
                (state is State.IN_FLIGHT, self._next_ended(), time.time(), request),
            )
            self._move(state, State.SKIPPED, 1)
        return leased

    def requeue(self, rows: RowFilter, ids: Collection[int] | None = None) -> int:
        """Queue failed and skipped requests again with a fresh retry budget; returns how many.

        `ids` narrows the choice to those; None means all that the filter selects.
        """
        where, values = rows.where()
        self._db.execute("CREATE TEMP TABLE picked(id INTEGER PRIMARY KEY, state INTEGER, cause INTEGER)")
        try:
            picked = (
                f"INSERT INTO picked SELECT id, state, cause FROM requests WHERE state IN (4, 5) AND {where}"  # noqa: S608
            )
            if ids is None:
                self._db.execute(picked, values)
            else:
                self._db.executemany(f"{picked} AND id = ?", [(*values, request) for request in ids])
            by_state: dict[int, int] = dict(
                self._db.execute("SELECT state, count(*) FROM picked GROUP BY state")
            )
            self._db.execute(
                "UPDATE causes SET n = n - (SELECT count(*) FROM picked WHERE picked.cause = causes.id) "
                "WHERE id IN (SELECT cause FROM picked)"
            )
            self._db.execute(
                "UPDATE requests SET state = 0, tries = 0, sent = 0, cause = NULL, ended = NULL, ended_at = NULL "
                "WHERE id IN (SELECT id FROM picked)"
            )
        finally:
            self._db.execute("DROP TABLE picked")
        for state, count in by_state.items():
            self._move(State(state), State.QUEUED, count)
        total = sum(by_state.values())
        self._counters["requeues"] += total
        return total

    def recover(self) -> None:
        """Take back what a dead process had leased, and delete bodies that no row names.

        Idempotent requests are queued again and the broken attempt is journalled; a non-idempotent one that
        was about to be sent ends as failed, because nobody knows whether it arrived.
        """
        now = time.time()
        lost = self._db.execute("SELECT id, attempts, tries, sent FROM requests WHERE state = 1").fetchall()
        batch = Batch()
        for request, attempt, tries, sent in lost:
            state = State.FAILED if sent else State.QUEUED
            kind = FailureKind.OUTCOME_UNKNOWN if sent else FailureKind.INTERRUPTED
            batch.ended.append(
                Ended(request, attempt, tries, state, now, 0.0, None, kind, _INTERRUPTED, None, (), 0)
            )
        batch.changes.append(Change(Store.queue_waiting))
        self.commit(batch)
        if lost:
            self._sweep_bodies()

    def queue_waiting(self) -> None:
        """Queue everything that waits for a retry, its budget kept."""
        waiting = self._db.execute("UPDATE requests SET state = 0 WHERE state = 2").rowcount
        self._move(State.WAITING, State.QUEUED, waiting)

    def begin_session(self) -> tuple[int, float]:
        """Number the session that begins now; also the seconds all earlier ones ran."""
        earlier: float = self._db.execute("SELECT ifnull(sum(elapsed_s), 0) FROM sessions").fetchone()[0]
        number = self._db.execute(
            "INSERT INTO sessions(pid, started, elapsed_s) VALUES (?, ?, 0)", (os.getpid(), time.time())
        ).lastrowid
        return int(number or 0), earlier

    def save_live(self, session: int, elapsed_s: float, live: str) -> None:
        """Note the engine's own account of itself (JSON), for `status` in another process."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES ('live', ?)", (live,))
        self.save_session(session, elapsed_s, None)

    def save_session(self, number: int, elapsed_s: float, outcome: str | None) -> None:
        """Note how long a session has run, and how it ended once it has."""
        self._db.execute(
            "UPDATE sessions SET elapsed_s = ?, outcome = ? WHERE n = ?", (elapsed_s, outcome, number)
        )

    def _accept(self, rows: list[Accepted]) -> None:
        now = time.time()
        self._db.executemany(
            "INSERT INTO requests(id, state, line, method, url, host, row, spec, sealed, kind, message, ended, "
            "ended_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    *(row.id, int(row.state), row.line, row.method, row.url, row.host, row.row, row.spec),
                    row.sealed,
                    *(
                        ("invalid", row.message, self._next_ended(), now)
                        if row.state is State.INVALID
                        else (None, None, None, None)
                    ),
                )
                for row in rows
            ),
        )
        invalid = sum(row.state is State.INVALID for row in rows)
        self._counters[State.INVALID.label] += invalid
        self._counters[State.QUEUED.label] += len(rows) - invalid

    def _end(self, ended: list[Ended]) -> list[str]:
        now = time.time()
        superseded = self._superseded(ended)
        self._db.executemany(
            "INSERT OR REPLACE INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (_attempt(one) for one in ended),
        )
        self._db.executemany(
            "INSERT OR REPLACE INTO responses VALUES (?, ?, ?, ?, ?, ?, ?)",
            (self._response(one.id, one.reply) for one in ended if one.reply is not None),
        )
        self._db.executemany(
            "UPDATE requests SET state = ?, tries = ?, sent = 0, status = ?, kind = ?, message = ?, cause = ?, "
            "bytes = ?, elapsed_ms = ?, ended_at = ?, ended = ? WHERE id = ?",
            (self._request(one, now) for one in ended),
        )
        counters = self._counters
        counters[State.IN_FLIGHT.label] -= len(ended)
        for state, count in Counter(one.state for one in ended).items():
            counters[state.label] += count
        counters["bytes"] += sum(one.wire_bytes for one in ended)
        return superseded

    def _superseded(self, ended: list[Ended]) -> list[str]:
        """Body files of earlier attempts that these replies replace."""
        again = [(one.id,) for one in ended if one.attempt > 1 and one.reply is not None]
        found = (
            self._db.execute("SELECT body_path FROM responses WHERE request = ?", request).fetchone()
            for request in again
        )
        return [row[0] for row in found if row is not None and row[0] is not None]

    def _request(self, one: Ended, now: float) -> tuple[object, ...]:
        terminal = one.state.terminal
        return (
            int(one.state),
            one.tries,
            one.status,
            one.kind,
            one.message,
            self._cause(one, now) if one.state is State.FAILED else None,
            one.reply.size if one.reply is not None else None,
            one.elapsed_ms,
            now if terminal else None,
            self._next_ended() if terminal else None,
            one.id,
        )

    def _response(self, request: int, reply: Reply) -> tuple[object, ...]:
        return (
            request,
            reply.headers,
            None if isinstance(reply.body, BodyFile) else reply.body,
            str(reply.body.path.relative_to(self._folder.path)) if isinstance(reply.body, BodyFile) else None,
            reply.size,
            reply.final_url if reply.hops else None,
            reply.unverified_length,
        )

    def _cause(self, one: Ended, now: float) -> int:
        kind = one.kind or FailureKind.UNEXPECTED
        text = signature(kind, one.status, one.message or kind.value)
        known = self._causes.get(text)
        if known is not None:
            self._db.execute("UPDATE causes SET n = n + 1, last_at = ? WHERE id = ?", (now, known))
            return known
        new = self._db.execute(
            "INSERT INTO causes(signature, kind, status, n, first_at, last_at, sample) VALUES (?, ?, ?, 1, ?, ?, ?)",
            (text, kind, one.status, now, now, one.id),
        ).lastrowid
        self._causes[text] = int(new or 0)
        return self._causes[text]

    def _next_ended(self) -> int:
        self._counters["ended"] += 1
        return self._counters["ended"]

    def _move(self, before: State, after: State, count: int) -> None:
        self._counters[before.label] -= count
        self._counters[after.label] += count

    def _each(self, sql: str, ids: Iterable[int]) -> None:
        self._db.executemany(sql, [(request,) for request in ids])

    def _load(self) -> None:
        self._counters = Counter(dict(self._db.execute("SELECT name, n FROM counters")))
        self._causes = dict(self._db.execute("SELECT signature, id FROM causes"))

    def _sweep_bodies(self) -> None:
        # Only a kill can leave such files: a body is renamed before its row is committed, and a superseded
        # one is deleted after.
        for file in self._folder.bodies.glob("*/*"):
            request = file.name.partition("-")[0]
            found = self._db.execute(
                "SELECT body_path FROM responses WHERE request = ?", (request,)
            ).fetchone()
            if found is None or found[0] != str(file.relative_to(self._folder.path)):
                file.unlink(missing_ok=True)


def _open(path: Path) -> sqlite3.Connection:
    mask = os.umask(0o077)
    try:
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise RunError(f"{path} cannot be opened: {error}.") from error
    finally:
        os.umask(mask)
    try:
        # Before anything that writes: even the switch to WAL would change a file that is not ours.
        schema.check(db, path)
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "wal_autocheckpoint = 4000",
            "cache_size = -32000",
        ):
            db.execute(f"PRAGMA {pragma}")
        schema.prepare(db, path)
    except sqlite3.Error as error:
        db.close()
        raise RunError(f"{path} cannot be used ({error}). It was left as it is.") from error
    except RunError:
        db.close()
        raise
    return db


def _attempt(one: Ended) -> tuple[object, ...]:
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
    )
