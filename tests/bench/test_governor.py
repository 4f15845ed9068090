from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.governor.algorithms import AutoThrottle, Halving
from bench.governor.cases import Case, Kind
from bench.governor.clients import Attempt
from bench.governor.figures import checks, figures_of
from bench.governor.servers import serving
from bench.nginx import MissingError

ROOT = Path(__file__).parents[2]
CASE = Case("100/s", Kind.LEAKY, 100)


def evenly(rate: float, start: float, end: float, status: int = 200) -> list[Attempt]:
    return [Attempt(start + n / rate, 0.01, status) for n in range(int((end - start) * rate))]


def test_the_bench_runs_and_measures_the_real_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.governor", "leaky-100-b20-20ms", "--seconds", "2", "--client", "fetchdeck",
         "--client", "fixed"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert not done.stderr, done.stderr
    rows = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| leaky")]
    assert [row[1] for row in rows] == ["fetchdeck --auto", "fixed concurrency of 64"]
    assert all(float(row[2].rstrip("%")) > 0 for row in rows)
    # Two seconds are too few to lock in for good.
    assert "FAIL: leaky-100-b20-20ms: locked in: never" in done.stdout
    assert done.returncode == 1


def test_a_client_that_keeps_the_rate_reaches_every_goal() -> None:
    figures = figures_of(CASE, evenly(99, 0, 60), 60, None)
    assert figures.share == pytest.approx(0.99, abs=0.01)
    assert (figures.refused, figures.locked_s) == (0.0, 0.0)
    assert all(check.passed for check in checks(CASE, figures))


def test_refusals_unlock_even_where_all_that_is_allowed_is_used() -> None:
    attempts = sorted([*evenly(100, 0, 60), *evenly(300, 0, 7, 429), *evenly(50, 30, 60, 429)])
    figures = figures_of(CASE, attempts, 60, None)
    assert figures.locked_s is None
    assert figures.refused == pytest.approx(1500 / 6500, abs=0.01)
    calm = figures_of(CASE, [one for one in attempts if one.started < 30], 30, None)
    assert (calm.locked_s, calm.refused) == (7.0, 0.0)


def test_a_halved_limit_is_settled_on_when_no_more_is_sent_than_it_allows() -> None:
    slow = [*evenly(100, 0, 30), *evenly(50, 30, 60), *evenly(50, 30, 34, 429)]
    figures = figures_of(CASE, sorted(slow), 60, 30.0)
    assert (figures.locked_s, figures.settled_s, figures.refused_halved) == (0.0, 4.0, 0.0)
    assert figures.share == pytest.approx(1.0, abs=0.01)


def test_auto_throttle_goes_halfway_and_no_error_makes_it_faster() -> None:
    throttle = AutoThrottle(target=8)
    throttle.ended(0.0, 200, 0.8)
    throttle.started(0.0)
    assert 0.5 * 2.55 <= throttle.wait_s(0.0) <= 1.5 * 2.55
    throttle.ended(0.0, 429, 0.001)
    throttle.started(0.0)
    assert throttle.wait_s(0.0) >= 0.5 * 2.55


def test_halving_takes_half_of_what_it_sent_and_half_of_the_step_again() -> None:
    halving = Halving()
    for number in range(100):
        halving.ended(1.0 + number / 1000, 429 if number % 2 else 200, 0.01)
    # Some fifty requests in the first second: half of them, then the left or right child of that.
    starts = 0
    while halving.wait_s(1.1) == 0:
        halving.started(1.1)
        starts += 1
    assert starts == 12
    assert halving.ended(4.7, 429, 0.01) == 3.5
    starts = 0
    while halving.wait_s(4.7) == 0:
        halving.started(4.7)
        starts += 1
    assert starts == 6


def test_a_case_whose_server_is_not_installed_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("shutil.which", lambda name, path: None)
    with pytest.raises(MissingError, match="no nginx"), serving(Case("x", Kind.NGINX, 10), 1, tmp_path):
        pass
