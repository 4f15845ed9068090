from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from fetchdeck.core.journal.reader import JournalReader

from bench.tables.figures import Figure, markdown, percentile
from bench.tables.journal import append, make

ROOT = Path(__file__).parents[2]


async def test_a_made_journal_is_one_whose_counts_are_right(tmp_path: Path) -> None:
    with closing(make(tmp_path / "journal.sqlite", 120)) as db:
        append(db, 30)
        found = dict(db.execute("SELECT state, count(*) FROM requests GROUP BY state"))
        assert db.execute("SELECT count(*), max(ended) FROM requests").fetchone() == (150, 150)
        async with JournalReader(tmp_path / "journal.sqlite") as reader:
            counts, causes = await reader.counts(), await reader.causes()
    assert (counts.succeeded, counts.failed, counts.total) == (found[3], found[4], 150)
    assert sum(cause.count for cause in causes) == counts.failed


def test_percentiles_are_ranks_and_targets_are_judged_by_the_99th() -> None:
    samples = tuple(float(n) for n in range(1, 101))
    assert (percentile(samples, 50), percentile(samples, 99), percentile((7.0,), 50)) == (50, 99, 7)
    assert Figure("x", samples, target=99.5).met
    missed = Figure("x", samples, target=99)
    assert not missed.met
    assert markdown([missed]).splitlines()[2] == "| x | 100 | 50.00 ms | 99.00 ms | < 99 ms | NO |"


def test_a_short_run_measures_everything(tmp_path: Path) -> None:
    report = tmp_path / "tables.json"
    done = subprocess.run(
        [sys.executable, "-m", "bench.tables", "--rows", "3000", "--times", "3", "--seconds", "0.4",
         "--json", str(report)],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert not done.stderr, done.stderr
    result = json.loads(report.read_text())
    assert result["rows"] == 3000
    measured = " ".join(figure["what"] for figure in result["figures"] if figure["samples"])
    for what in (
        "page down",
        "jump to the end",
        "by host",
        "sort by url",
        "wheel",
        "10,000 rows/s",
        "memory",
    ):
        assert what in measured
        assert what in done.stdout
    assert done.returncode == (not all(figure["met"] for figure in result["figures"]))
