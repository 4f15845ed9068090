"""After the run: does the journal say of every row what the server knows to be true?"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from fetchdeck.core.model import FailureKind, State

from .bodies import body_of
from .checks import Check
from .fates import LOTS, STRAYS, fate_of
from .server_process import SoakServer

_EXAMPLES = 5
_CROSSED = 0.02
"""Share of stray replies that may be on the wire when the next request is: no client can tell these from answers."""
_STRAYS = frozenset(
    {FailureKind.TIMEOUT, FailureKind.CONNECT_TIMEOUT, FailureKind.LOCAL, FailureKind.INTERRUPTED}
)
"""What may befall any attempt on a machine that is busy; it is counted, and no lie."""
_SPOILT = 0.001
"""Share of attempts that it may befall before something else must be to blame."""
_ROWS = """
SELECT requests.id, state, attempts, kind, body, body_path, responses.bytes FROM requests
LEFT JOIN responses ON responses.request = requests.id ORDER BY requests.id
"""
_ACCOUNT = ("queued", "in_flight", "waiting", "succeeded", "failed", "skipped", "invalid")


@dataclass
class _Found:
    """What reading the whole journal brings up; rows that break a rule, by rule."""

    broken: dict[str, list[int]]
    states: Counter[State] = field(default_factory=Counter[State])
    attempts: Counter[int] = field(default_factory=Counter[int])
    strays: Counter[str] = field(default_factory=Counter[str])
    lost: Counter[int] = field(default_factory=Counter[int])
    """Attempts, by row, that met a connection which the server was closing after another row's reply."""
    files: set[str] = field(default_factory=set[str])

    def must(self, rule: str, holds: bool, row: int) -> None:
        if not holds:
            self.broken[rule].append(row)


_TERMINAL = "every row is in one terminal state"
_NUMBERED = "rows are numbered without a gap"
_END = "every row ended as the server meant it to"
_BODY = "every succeeded row has the body that the server sent for it"
_SEEN = "the server saw no row more often than the journal has attempts"
_ATTEMPTS = "every attempt that was counted is journalled"
_KINDS = "attempts failed only as the server made them fail"
_RULES = (_TERMINAL, _NUMBERED, _END, _BODY, _SEEN, _ATTEMPTS, _KINDS)


def verify(folder: Path, rows: int, server: SoakServer, *, stopped: bool) -> list[Check]:
    """Read the whole journal against the server's ledger; `stopped` allows for rows that are still pending."""
    found = _Found({rule: [] for rule in _RULES})
    with closing(sqlite3.connect(f"file:{folder / 'journal.sqlite'}?mode=ro", uri=True)) as db:
        _read_attempts(db, found, server.crossed)
        count = _read_rows(db, folder, found, server, stopped=stopped)
        counters: dict[str, int] = dict(db.execute("SELECT name, n FROM counters"))
        ended, distinct = db.execute("SELECT count(ended), count(DISTINCT ended) FROM requests").fetchone()
    checks = [Check(rule, not broken, _examples(broken)) for rule, broken in found.broken.items()]
    if not stopped:
        checks.append(Check("every row of the input was taken in", count == rows, f"{count:,} of {rows:,}"))
    checks.append(Check("no row ended twice", ended == distinct, f"{ended:,} endings, {distinct:,} distinct"))
    counted = {name: counters.get(name, 0) for name in _ACCOUNT}
    told = {state.label: found.states[state] for state in State}
    checks.append(Check("the counters agree with the rows", counted == told, _differences(counted, told)))
    on_disk = {str(file.relative_to(folder)) for file in folder.glob("bodies/**/*") if file.is_file()}
    orphans = on_disk ^ found.files
    checks.append(Check("no body file is missing or left over", not orphans, f"{len(found.files):,} files"))
    checks.append(_status(folder, told, stopped=stopped))
    sent, crossed = sum(fate_of(row) in STRAYS for row in range(rows)), len(server.crossed)
    few = crossed <= max(1, sent * _CROSSED)
    checks.append(Check("stray replies met requests only by chance", few, f"{crossed:,} of {sent:,}"))
    strays = ", ".join(f"{n:,} {kind}" for kind, n in sorted(found.strays.items())) or "none"
    few = found.strays.total() <= max(1, found.attempts.total() * _SPOILT)
    checks.append(Check("hardly an attempt was spoilt by this machine", few, strays, honesty=False))
    return checks


def _read_attempts(db: sqlite3.Connection, found: _Found, crossed: frozenset[int]) -> None:
    for row, kind in db.execute("SELECT request, kind FROM attempts"):
        found.attempts[row] += 1
        if kind is not None and row not in crossed and kind not in LOTS[fate_of(row)].kinds:
            found.must(_KINDS, kind in _STRAYS or kind == FailureKind.RESET, row)
            found.strays[kind] += 1
            found.lost[row] += kind == FailureKind.RESET


def _read_rows(
    db: sqlite3.Connection, folder: Path, found: _Found, server: SoakServer, *, stopped: bool
) -> int:
    count = 0
    for row, number, attempts, kind, body, path, size in db.execute(_ROWS):
        state, fate = State(number), fate_of(row)
        found.states[state] += 1
        found.must(_NUMBERED, row == count, row)
        found.must(_TERMINAL, state.terminal or (stopped and state is not State.IN_FLIGHT), row)
        found.must(_SEEN, server.seen[row] <= attempts, row)
        found.must(_ATTEMPTS, found.attempts[row] == attempts, row)
        found.must(_KINDS, server.seen[row] + found.lost[row] <= attempts, row)
        if state.terminal and row not in server.crossed:
            lot = LOTS[fate]
            found.must(_END, state is lot.end and (state is State.SUCCEEDED or kind in lot.kinds), row)
        if path is not None:
            found.files.add(path)
        if state is State.SUCCEEDED:
            got = body if path is None else _read(folder / path)
            right = row in server.crossed or got == body_of(row, fate)
            found.must(_BODY, right and len(got) == size, row)
        count += 1
    return count


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _status(folder: Path, told: dict[str, int], *, stopped: bool) -> Check:
    answer = subprocess.run(
        [sys.executable, "-c", "from fetchdeck.tui.cli import main; main()", "status", str(folder), "--json"],
        capture_output=True,
        check=False,
    )
    name = "`status --json` says the same, and that the run is over"
    if answer.returncode:
        return Check(name, False, answer.stderr.decode()[-200:])
    status = json.loads(answer.stdout)
    over = "interrupted" if stopped else "finished"
    adds_up = status["total"] == sum(told.values()) and all(
        status[state] == told[state] for state in _ACCOUNT
    )
    clustered = sum(cluster["count"] for cluster in status["failures"])
    passed = adds_up and status["state"] == over and clustered == told["failed"]
    return Check(
        name, passed, f"{status['state']}, {status['total']:,} rows, {clustered:,} failures in clusters"
    )


def _examples(broken: list[int]) -> str:
    if not broken:
        return "all"
    some = ", ".join(f"{row} ({fate_of(row)})" for row in broken[:_EXAMPLES])
    return f"{len(broken):,} rows break it, such as {some}"


def _differences(left: dict[str, int], right: dict[str, int]) -> str:
    return (
        ", ".join(f"{name}: {left[name]:,}/{right[name]:,}" for name in left if left[name] != right[name])
        or "all"
    )
