"""What `fetchdeck status` says of a run, from its journal alone; also while another process works on it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from .errors import RunError
from .journal.damage import unusable
from .journal.folder import RunFolder
from .journal.lock import is_owned
from .journal.reader import causes, connect, counts
from .journal.records import Cause
from .model import Counts
from .moments import iso
from .printable import safe_json
from .snapshot import RunState


class Status(Struct, frozen=True):
    """A run as it stands in its journal; the counts sum to the total."""

    run: str
    """The run folder, as it was named."""
    state: RunState
    counts: Counts
    bytes: int
    """Octets of response bodies received, over all attempts."""
    elapsed_s: float
    """Time spent running, over all sessions."""
    rate_per_s: float
    """Requests that ended a second: lately while it runs, else over its whole time."""
    concurrency: int | None
    """The limit now, or the last one; None when it was never told."""
    failures: tuple[Cause, ...]
    """Failure clusters, the largest first."""
    input: str = ""
    """Where the rows come from; `-` for standard input."""
    input_read: bool = True
    """Whether the input has been read to its end."""
    reason: str = ""
    """Why it waits, or what stopped it, in a sentence without its full stop; empty where nothing but a user did."""

    def json(self) -> str:
        """The object of `status --json`, in the order the design has it; ASCII without any control character."""
        clusters = [
            {
                "signature": cause.signature,
                "kind": cause.kind.value,
                "count": cause.count,
                "cause": cause.id,
                "status": cause.status,
                "first_at": iso(cause.first_at),
                "last_at": iso(cause.last_at),
                "sample": cause.sample,
            }
            for cause in self.failures
        ]
        text = json.dumps(
            {
                "run": self.run,
                "state": self.state.value,
                "reason": self.reason,
                "total": self.counts.total,
                **asdict(self.counts),
                "bytes": self.bytes,
                "elapsed_s": round(self.elapsed_s, 3),
                "rate_per_s": round(self.rate_per_s, 2),
                "concurrency": self.concurrency,
                "failures": clusters,
            },
            indent=2,
        )
        return safe_json(text)


def run_status(folder: Path) -> Status:
    """Read a run's status; raises RunError where there is no readable run."""
    path = RunFolder(folder).journal
    with closing(connect(path)) as db:
        try:
            # Asked first: a run that ends meanwhile is then told with counts at least as new as its state.
            owned = is_owned(folder)
            db.execute("BEGIN")
            return status_of(db, str(folder), owned=owned)
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise unusable(path, error) from error


def status_of(db: sqlite3.Connection, run: str, *, owned: bool) -> Status:
    """Read the status within one transaction of the caller's; raises RunError for a run that is only being made."""
    if owned and not db.execute("PRAGMA user_version").fetchone()[0]:
        raise RunError(f"The run in {run} is only just being made. Ask again in a moment.")
    journalled = counts(db)
    live = _object(db, "live")
    began, elapsed = _sessions(db)
    # A run that has just begun another session has not told of itself yet; what it told before is stale.
    told = live if live.get("at", 0.0) >= began else {}
    received = db.execute("SELECT n FROM counters WHERE name = 'bytes'").fetchone()
    state = _state(db, told, journalled, owned=owned)
    # Rows are leased a little ahead: of a dead run, no more than the limit can have been under way.
    under_way = (
        told.get("under_way", journalled.in_flight)
        if owned
        else live.get("concurrency", journalled.in_flight)
    )
    average = journalled.done / elapsed if elapsed else 0.0
    return Status(
        run=run,
        state=state,
        counts=_sent(journalled, under_way),
        bytes=received[0] if received else 0,
        elapsed_s=elapsed,
        rate_per_s=told.get("rate_per_s", 0.0) if owned and state is not RunState.FINISHED else average,
        concurrency=live.get("concurrency"),
        failures=causes(db),
        input=_object(db, "job").get("input", ""),
        input_read=bool(_object(db, "ingest").get("done")),
        reason=_reason(db, told, state, owned=owned),
    )


def _state(db: sqlite3.Connection, told: dict[str, Any], found: Counts, *, owned: bool) -> RunState:
    if owned:
        return RunState(told.get("state", RunState.RUNNING))
    done = not found.pending and bool(_object(db, "ingest").get("done"))
    return RunState.FINISHED if done else RunState.INTERRUPTED


def _reason(db: sqlite3.Connection, told: dict[str, Any], state: RunState, *, owned: bool) -> str:
    if state is RunState.FINISHED:
        return ""
    if owned:
        return str(told.get("reason", "")).removesuffix(".")
    stopped = _object(db, "stopped")
    # What stopped an earlier session says nothing of a later one that was killed.
    latest = db.execute("SELECT max(n) FROM sessions").fetchone()[0]
    return str(stopped["reason"]).removesuffix(".") if stopped.get("session") == latest and stopped else ""


def _sent(found: Counts, under_way: int) -> Counts:
    """The counts with requests that are leased but not started among the queued, as the dashboard has them."""
    moved = max(0, found.in_flight - under_way)
    return replace(found, queued=found.queued + moved, in_flight=found.in_flight - moved)


def _sessions(db: sqlite3.Connection) -> tuple[float, float]:
    """When the latest session began, and how many seconds all of them have run."""
    sql = "SELECT ifnull(max(started), 0), ifnull(sum(elapsed_s), 0) FROM sessions"
    began, elapsed = db.execute(sql).fetchone()
    return began, elapsed


def _object(db: sqlite3.Connection, key: str) -> dict[str, Any]:
    """A JSON object of the journal's `meta` table, empty where there is none."""
    found = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return dict(json.loads(found[0])) if found else {}
