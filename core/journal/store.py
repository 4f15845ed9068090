"""The writing side of the journal: one connection, used by one thread at a time, and all SQL that changes it."""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

from ..model import UNSENT_KINDS, Counts, FailureKind, State
from . import bulk, by_hand, history, statements, values
from .edits import EDITED, Edit, Stored, read_edit, read_stored
from .entries import Accepted, Ended, Leased, Noted
from .filter import RowFilter
from .folder import RunFolder
from .ledger import Ledger
from .opening import open_for_writing
from .sweep import replaced_bodies, sweep_bodies

EVERY_ID = 2**63 - 1
"""Above the ids of all requests."""
_INTERRUPTED = "the process ended while this attempt may have been under way"


class Store:
    """Changes the journal, each change inside a `transaction`."""

    def __init__(self, folder: RunFolder) -> None:
        """Open or create the journal, private to its owner; raises RunError where that cannot be."""
        self._folder = folder
        self._db = open_for_writing(folder.journal)
        self._file = folder.journal.stat()
        self._ledger = Ledger(self._db)
        self._superseded: list[str] = []
        self._lease = 0

    @property
    def path(self) -> Path:
        """The journal."""
        return self._folder.journal

    @property
    def lost(self) -> bool:
        """Whether the journal was removed or replaced, so that what is written goes nowhere."""
        try:
            return not os.path.samestat(self._file, self.path.stat())
        except OSError as error:  # of others the disk may come back
            return isinstance(error, FileNotFoundError)

    @property
    def counts(self) -> Counts:
        """How many requests are in each state."""
        return self._ledger.counts

    @property
    def received_bytes(self) -> int:
        """Octets of response bodies received over all attempts."""
        return self._ledger.received_bytes

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Generator[None]:
        """All that is done inside becomes durable together; on an error nothing of it is."""
        self._superseded = []
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._ledger.save()
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self._ledger.load()
            raise
        for file in filter(None, map(self._folder.body, self._superseded)):
            # The commit stands, whatever happens now; a body that stays is swept after the next kill.
            with suppress(OSError, ValueError):
                file.unlink(missing_ok=True)

    def meta(self, key: str) -> object:
        """A stored JSON value, or None."""
        found = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return json.loads(found[0]) if found else None

    def set_meta(self, key: str, value: object) -> None:
        """Store a JSON value."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value)))

    def note_gaps(self) -> None:
        """Note with the progress of the input which rows a salvaged journal lacks, so that they are read again."""
        ingest = cast("dict[str, Any]", self.meta("ingest") or {})
        if ingest.get("lost_below"):
            gaps = self._db.execute(statements.GAPS, (ingest["rows"], ingest["rows"])).fetchall()
            self.set_meta("ingest", {**ingest, "gaps": gaps})

    def accept(self, rows: list[Accepted]) -> None:
        """Take in rows of the input."""
        now = time.time()
        bulk.insert(self._db, values.accepted(rows, self._ledger, now))
        for state, count in Counter(row.state for row in rows).items():
            self._ledger.add(state.label, count)

    def end(self, ended: list[Ended]) -> None:
        """Record attempts that have ended, and what became of their requests."""
        now = time.time()
        self._superseded += replaced_bodies(self._db, ended)
        tries, ends = values.ended(ended, self._ledger, now, self._folder.path)
        bulk.insert(self._db, tries)
        changed = bulk.update(self._db, ends)
        self._ledger.add("bytes", sum(one.wire_bytes for one in ended))
        for state, count in Counter(one.state for one in ended).items():
            self._ledger.move(State.IN_FLIGHT, state, count)
        if changed != len(ended):
            self._ledger.recount()

    def lease(
        self, count: int, below: int = EVERY_ID, *, start: int = 0, without: Collection[str] = ()
    ) -> list[Leased]:
        """Mark the first `count` queued requests with ids from `start` to under `below` as in flight.

        `without` names hosts whose requests are left alone.
        """
        others = f"AND host NOT IN ({','.join('?' * len(without))})" if without else ""
        rows = self._db.execute(statements.NEXT.format(others), (start, below, *without, count)).fetchall()
        if rows:
            self._db.execute(statements.LEASE.format(others), (rows[0][0], rows[-1][0], *without))
        self._ledger.move(State.QUEUED, State.IN_FLIGHT, len(rows))
        self._lease += 1
        return [self._leased(row) for row in rows]

    def _leased(self, row: tuple[Any, ...]) -> Leased:
        edited = read_edit(self._db, row[0]) if row[-1] & EDITED else None
        return Leased(*row, lease=self._lease, edit=edited)

    def lease_again(self, ids: Collection[int]) -> tuple[set[int], int]:
        """Mark those that still wait as in flight for their next attempt; which these are, and the lease's number."""
        leased = {request for request in ids if self._db.execute(statements.LEASE_AGAIN, (request,)).rowcount}
        self._ledger.move(State.WAITING, State.IN_FLIGHT, len(leased))
        self._lease += 1
        return leased, self._lease

    def give_back(self, ids: Collection[int]) -> None:
        """Queue these leased requests, as if they had not been leased; none of them may be under way."""
        given = sum(
            self._db.execute(f"{statements.GIVE_BACK} AND id = ?", (request,)).rowcount for request in ids
        )
        self._ledger.move(State.IN_FLIGHT, State.QUEUED, given)

    def give_back_all(self) -> None:
        """The same for every leased request."""
        given = self._db.execute(f"{statements.GIVE_BACK} AND state < 3").rowcount
        self._ledger.move(State.IN_FLIGHT, State.QUEUED, given)

    def wait_no_more(self, ids: Collection[int]) -> None:
        """Queue these, which wait for a retry, at once; their charged attempts stay charged."""
        sql = "UPDATE requests SET state = 0 WHERE id = ? AND state = 2"
        queued = sum(self._db.execute(sql, (request,)).rowcount for request in ids)
        self._ledger.move(State.WAITING, State.QUEUED, queued)

    def mark_sent(self, ids: Collection[int]) -> None:
        """Note that non-idempotent requests are about to be sent: from here on their outcome may be unknown."""
        self._db.executemany(
            "UPDATE requests SET sent = 1 WHERE id = ? AND state = 1", [(request,) for request in ids]
        )

    def skip(self, ids: Collection[int]) -> tuple[set[int], int]:
        """End queued, waiting and unsent requests as skipped; which of them had been leased, and the last lease."""
        leased: set[int] = set()
        for request in ids:
            found = self._db.execute("SELECT state FROM requests WHERE id = ?", (request,)).fetchone()
            if found is None or State(found[0]).terminal:
                continue
            state = State(found[0])
            if state is State.IN_FLIGHT:
                leased.add(request)
            ended = self._ledger.next_ended()
            self._db.execute(statements.SKIP, (state is State.IN_FLIGHT, ended, time.time(), request))
            self._ledger.move(state, State.SKIPPED, 1)
        return leased, self._lease

    def excuse(self, attempts: Mapping[int, int], failed: Collection[int]) -> None:
        """Take back so many charged attempts of requests that still wait, and queue those that `failed` again."""
        self._db.executemany(
            "UPDATE requests SET tries = max(0, tries - ?) WHERE id = ? AND state < 3",
            [(charged, request) for request, charged in attempts.items()],
        )
        self.requeue(RowFilter(), failed)

    def attempts_since(self, moment: float) -> int:
        """Attempts that a server may have seen and that began at a moment (wall clock) or later; looks at all."""
        unseen = [*UNSENT_KINDS, FailureKind.INVALID]
        sql = statements.ATTEMPTS_SEEN.format(",".join("?" * len(unseen)))
        return int(self._db.execute(sql, (moment, *unseen)).fetchone()[0])

    def queued_urls(self, count: int) -> list[str]:
        """URLs of up to `count` queued requests from anywhere in the list."""
        starts = (random.randrange(self.counts.total) for _ in range(count if self.counts.queued else 0))
        found = [self._db.execute(statements.QUEUED_URL, (start,)).fetchone() for start in starts]
        return [row[0] for row in found if row is not None]

    def spans(self) -> list[by_hand.Span]:
        """Parts of all failed and skipped requests, each to be queued or skipped in a commit of its own."""
        return by_hand.spans(self._db)

    def requeue(
        self, rows: RowFilter, ids: Collection[int] | None = None, span: by_hand.Span | None = None
    ) -> int:
        """Queue failed and skipped requests again with a fresh retry budget; returns how many.

        `ids` narrows the choice to those, and a span to those that ended in it; None means all that the filter selects.
        """
        return by_hand.requeue(self._db, self._ledger, rows, ids, span)

    def resend(self, request: int, method: str, url: str, host: str, edit: Edit) -> bool:
        """Queue a request that has ended again as it is edited now; False where it has not ended by an outcome."""
        return by_hand.resend(self._db, self._ledger, request, (method, url, host), edit)

    def stored(self, request: int) -> Stored | None:
        """A request as it stands now, or None for an unknown id."""
        return read_stored(self._db, request)

    def skip_failed(self, rows: RowFilter, span: by_hand.Span | None = None) -> int:
        """Make skipped ones of the failed requests that the filter selects; returns how many.

        They keep what they failed by, so that it can be read, and they be found, later.
        """
        return by_hand.skip_failed(self._db, self._ledger, rows, span)

    def pending_sealed(self) -> set[int]:
        """Requests that are still to be sent and whose rows hold secrets that are not stored here."""
        return {row[0] for row in self._db.execute("SELECT id FROM requests WHERE state < 3 AND sealed & 2")}

    def recover(self) -> None:
        """Take back what a dead process had leased, and delete bodies that no row names.

        Idempotent requests are queued again and the broken attempt is journalled; a non-idempotent one that
        was about to be sent ends as failed, because nobody knows whether it arrived.
        """
        now = time.time()
        lost = self._db.execute(
            "SELECT id, attempts, tries, sent FROM requests WHERE state = 1 AND state < 3"
        ).fetchall()
        ended: list[Ended] = []
        for request, attempt, tries, sent in lost:
            state = State.FAILED if sent else State.QUEUED
            kind = FailureKind.OUTCOME_UNKNOWN if sent else FailureKind.INTERRUPTED
            ended.append(
                Ended(request, attempt, tries, state, now, 0.0, None, kind, _INTERRUPTED, None, (), 0)
            )
        with self.transaction():
            self.end(ended)
            waiting = self._db.execute("UPDATE requests SET state = 0 WHERE state = 2 AND state < 3").rowcount
            self._ledger.move(State.WAITING, State.QUEUED, waiting)
        if lost or self._was_killed():
            sweep_bodies(self._folder, self._db)

    def _was_killed(self) -> bool:
        last = self._db.execute("SELECT outcome FROM sessions ORDER BY n DESC LIMIT 1").fetchone()
        return last is not None and last[0] is None

    def begin_session(self) -> tuple[int, float]:
        """Number the session that begins now; also the seconds all earlier ones ran."""
        earlier: float = self._db.execute("SELECT ifnull(sum(elapsed_s), 0) FROM sessions").fetchone()[0]
        number = self._db.execute(
            "INSERT INTO sessions(pid, started, elapsed_s) VALUES (?, ?, 0)", (os.getpid(), time.time())
        ).lastrowid
        return int(number or 0), earlier

    def note(self, events: Collection[Noted]) -> None:
        """Keep what happened to the run as a whole."""
        self._db.executemany(values.NOTE, map(values.noted, events))

    def add_history(self, rows: Collection[bulk.Values]) -> None:
        """Keep stretches of the run's past, as `history.values_of` gives them."""
        self._db.executemany(history.ADD, rows)

    def save_live(self, session: int, elapsed_s: float, live: str) -> None:
        """Note the engine's own account of itself (JSON), for `status` in another process."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES ('live', ?)", (live,))
        self.save_session(session, elapsed_s, None)

    def save_session(self, number: int, elapsed_s: float, outcome: str | None) -> None:
        """Note how long a session has run, and how it ended once it has."""
        self._db.execute(
            "UPDATE sessions SET elapsed_s = ?, outcome = ? WHERE n = ?", (elapsed_s, outcome, number)
        )
