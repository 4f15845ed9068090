from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from array import array
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fetchdeck.core.model import State

from bench.soak.fates import LOTS, Fate, fate_of
from bench.soak.server_process import SoakServer
from bench.soak.verify import verify

ROOT = Path(__file__).parents[2]
ROWS = 200
Soak = Callable[..., dict[str, Any]]


@pytest.fixture
def soak(tmp_path: Path) -> Soak:
    """Runs a short soak below `tmp_path` and gives its report."""

    def run(front: str, *more: str, rows: int = ROWS) -> dict[str, Any]:
        report = tmp_path / "report.json"
        done = subprocess.run(
            [sys.executable, "-m", "bench.soak", "--front", front, "--rows", str(rows), "--every", "1",
             "--timeout", "1", "--retries", "2", "--folder", str(tmp_path), "--json", str(report), *more],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert not done.stderr, done.stderr
        assert f"## {front}" in done.stdout
        (result,) = json.loads(report.read_text())
        return result

    return run


def broken(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [check for check in result["checks"] if check["honesty"] and not check["passed"]]


def test_a_short_run_meets_every_fate_and_a_long_one_meets_them_by_their_shares() -> None:
    assert [fate_of(row) for row in range(len(Fate))] == list(Fate)
    met = Counter(fate_of(row) for row in range(len(Fate), 100_000))
    assert met[Fate.WHOLE] > 80_000
    for fate in (Fate.CHUNKED, Fate.GZIP, Fate.TOO_MANY, Fate.ERROR):
        assert met[fate] == pytest.approx(LOTS[fate].per_million / 10, rel=0.2)


def test_a_short_run_with_the_dashboard_is_honest(soak: Soak) -> None:
    result = soak("dashboard")
    assert broken(result) == []
    assert (result["rows"], result["stopped"]) == (ROWS, False)
    assert all(sample["rss"] and sample["descriptors"] for sample in result["samples"])


def test_a_run_that_is_stopped_in_its_middle_is_honest_too(soak: Soak) -> None:
    result = soak("plain", "--minutes", "0.02", "-c", "2", rows=20_000)
    assert broken(result) == []
    assert result["stopped"]
    assert 0 < result["rows"] < 20_000


def test_lies_in_a_journal_are_found(soak: Soak, tmp_path: Path) -> None:
    assert broken(soak("plain")) == []
    run = tmp_path / "plain/soak.run"
    server = SoakServer([], "", array("H", (tmp_path / "plain/ledger.bin").read_bytes()))
    lies = {
        "every succeeded row has the body": "UPDATE responses SET body = 'another' WHERE request = 190",
        "every row is in one terminal state": f"UPDATE requests SET state = {State.IN_FLIGHT} WHERE id = 191",
        "every row ended as": f"UPDATE requests SET state = {State.FAILED} WHERE id = 192",
        "no row ended twice": "UPDATE requests SET ended = (SELECT min(ended) FROM requests) WHERE id = 193",
        "the server saw no row more often": "UPDATE requests SET attempts = 0 WHERE id = 194",
        "attempts failed only as": "UPDATE attempts SET kind = 'tls' WHERE request = 195",
        "every attempt that was counted": "DELETE FROM attempts WHERE request = 196",
        "the counters agree": "UPDATE counters SET n = n + 1 WHERE name = 'succeeded'",
        "`status --json`": "UPDATE counters SET n = n - 1 WHERE name = 'failed'",
        "attempts failed only as the server": "UPDATE attempts SET kind = 'reset' WHERE request = 195",
        "every row of the input": "DELETE FROM requests WHERE id = 199",
    }
    with closing(sqlite3.connect(run / "journal.sqlite")) as db, db:
        for lie in lies.values():
            assert db.execute(lie).rowcount == 1
    (run / "bodies/00000/7-1.body").touch()

    failed = [check.name for check in verify(run, ROWS, server, stopped=False) if not check.passed]
    for rule in [*lies, "no body file"]:
        assert any(name.startswith(rule) for name in failed), rule
