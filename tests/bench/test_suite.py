from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.body import BODY, SIZE
from bench.suite import goals
from bench.suite.cases import CASES
from bench.suite.child import Child, TroubleError
from bench.suite.figures import Results, Run, median, percentile, turned
from bench.suite.levels import average, drained, levels, reached
from bench.suite.report import Done, markdown, read, write
from bench.suite.rounds import Contestant, at_once
from bench.suite.rows import About, Row, row_of
from bench.suite.sampling import Sample, cost_us, read_at, resident_mb
from bench.suite.servers import Seen
from bench.suite.settings import Settings, processors
from bench.suite.side_by_side import cost_ratio, share_beyond

SETTINGS = Settings(5, False, *processors(), lambda _: None)
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the bench measures on Linux")


def run_of(rate: float, count: int = 1000) -> Run:
    return Run(count, count / rate, 0.1, 50.0)


RESULTS = Results(
    {
        "fetchdeck": [run_of(1000), run_of(4000), run_of(2000)],
        "other": [run_of(500), run_of(4000), None],
        "gone": [None, None, None],
    },
    {"other": "it fell over", "gone": "not there: no such program"},
)


def test_the_body_has_the_size_that_the_goals_name() -> None:
    assert len(BODY.encode()) == SIZE == 932
    assert json.loads(BODY)["status"] == "OK"


def test_ratios_are_taken_within_a_round_and_failed_rounds_are_left_out() -> None:
    assert RESULTS.ratios("fetchdeck", "other") == (2.0, 1.0)
    assert RESULTS.ratios("fetchdeck", "nobody") == ()
    assert len(RESULTS.done("other")) == 2
    assert RESULTS.done("nobody") == []


def test_rates_and_costs_are_of_a_request() -> None:
    run = Run(2000, 4.0, 0.5, 10.0)
    assert (run.rate, run.cpu_us) == (500.0, 250.0)


def test_medians_and_percentiles() -> None:
    assert (median([3, 1, 2]), median([])) == (2, None)
    values = [float(n) for n in range(1, 101)]
    assert (percentile(values, 50), percentile(values, 99), percentile([7.0], 99)) == (50, 99, 7)


def test_each_round_begins_with_another_contestant() -> None:
    assert [turned("abc", n) for n in range(4)] == [list("abc"), list("bca"), list("cab"), list("abc")]
    assert turned([], 2) == []


def test_contestants_run_at_the_same_time(tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=20)

    def meet(cpu_s: float, place: Path) -> Run:
        assert place.is_dir()
        both.wait()
        return Run(10, 1.0, cpu_s, 1.0)

    def fail(place: Path) -> Run:
        raise TroubleError("no such thing")

    runs = {"one": partial(meet, 2.0), "other": partial(meet, 3.0), "third": fail}
    contestants = [Contestant(About(name), run) for name, run in runs.items()]
    results = at_once(contestants, replace(SETTINGS, rounds=2), tmp_path)
    assert results.ratios("one", "other", lambda run: 1 / run.cpu_us) == pytest.approx((1.5, 1.5))
    assert (results.done("third"), results.troubles) == ([], {"third": "no such thing"})
    assert not list(tmp_path.iterdir())


def test_goals_are_held_by_the_median_and_say_so() -> None:
    met = goals.at_least("≥ 2 × x", [1.0, 2.5, 3.0], 2)
    assert (met.value, met.met, str(met)) == (2.5, True, "≥ 2 × x: 2.5, met")
    assert str(goals.at_most("≤ 1 s", [1.5], 1)) == "≤ 1 s: 1.5, MISSED"
    assert not goals.within("1 ± 0.05", [0.9], 0.95, 1.05).met
    unknown = goals.at_least("≥ 2 × x", [], 2)
    assert (unknown.met, str(unknown)) == (None, "≥ 2 × x: not measured")


def test_a_goal_tells_what_a_bare_script_reaches() -> None:
    missed = goals.at_least("≥ 15 × this", [5.0], 15)
    assert str(missed.beside("bare workers", [5.1, 5.3, 5.2])) == "≥ 15 × this: 5, MISSED (bare workers: 5.2)"
    assert missed.beside("bare workers", []) == missed
    two = missed.beside("bare workers", [5.2]).beside("bare protocol", [16.0])
    assert str(two) == "≥ 15 × this: 5, MISSED (bare workers: 5.2; bare protocol: 16.0)"


@pytest.mark.parametrize(
    ("value", "text"), [(12345.6, "12,346"), (45.67, "45.7"), (1.234, "1.23"), (0.0123, "0.0123")]
)
def test_figures_have_three_digits_that_count(value: float, text: str) -> None:
    assert goals.figure(value) == text


def rows() -> tuple[Row, ...]:
    goal = goals.at_least("≥ 1.00 × other", RESULTS.ratios("fetchdeck", "other"), 1)
    return (
        row_of(About("fetchdeck", "yes", "yes"), RESULTS, "fetchdeck", [goal]),
        row_of(About("other", note="a | b"), RESULTS, "fetchdeck"),
        row_of(About("gone"), RESULTS, "fetchdeck"),
    )


def test_the_table_tells_figures_goals_and_who_could_not_run() -> None:
    done = Done("throughput", "a load.", False, 3, rows(), {"commit": "abc"})
    lines = markdown([done]).splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len({line.count("|") for line in table}) == 1
    assert table[2].startswith(
        "| throughput | fetchdeck | 2,000/s | 1,000–4,000 | 100 | 50.0 | 1.00 | yes | yes |"
    )
    assert "≥ 1.00 × other: 1.5, met" in table[2]
    assert "could not run: not there: no such program" in table[4]
    assert any("failed in a round: it fell over" in line for line in lines)
    assert "quick" not in markdown([done])
    assert done.missed == []


def test_a_quick_run_says_that_its_figures_say_nothing() -> None:
    assert markdown([Done("start", "", True, 1, (), {})]).startswith("**A quick run")


def test_goals_that_were_missed_or_could_not_be_judged_count() -> None:
    missed = Row("x", goals=(goals.at_least("≥ 2", [1.0], 2), goals.at_least("≥ 3", [], 3)))
    assert len(Done("start", "", False, 1, (missed,), {}).missed) == 2


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    assert read(file) == {}
    done = {name: Done(name, "a load.", True, 3, rows(), {"commit": "abc"}) for name in ("start", "export")}
    write(file, done)
    assert read(file) == done


REQUESTS = [Seen(0, 10, 200), Seen(1, 4, 200), Seen(2, 4, 200), Seen(4, 6, 200)]


def test_levels_count_what_is_under_way() -> None:
    found = levels(REQUESTS)
    assert found == [(0, 1), (1, 2), (2, 3), (4, 2), (6, 1), (10, 0)]
    assert (reached(found, 0.5, 3), reached(found, 0, 4)) == (1.5, None)
    assert (drained(found, 3, 1), drained(found, 11, 0)) == (3, None)
    assert average(found, 0, 10) == pytest.approx((1 + 2 + 3 * 2 + 2 * 2 + 1 * 4) / 10)
    assert average(found, 3, 5) == pytest.approx(2.5)


def sample(done: int, cpu_s: float, total: int = 1000) -> Sample:
    return Sample(done, total, cpu_s, 80.0)


def test_the_cost_of_a_request_is_compared_after_all_rows_were_read() -> None:
    samples = [sample(n * 50, n * 0.1 + (1.0 if n else 0), 500 if n < 2 else 1000) for n in range(21)]
    assert read_at(samples, 1000) == 100
    assert cost_us(samples, 100, 200) == pytest.approx(2000)
    assert cost_us(samples, 101, 140) is None
    assert (resident_mb(samples, 0.75, 1), resident_mb([], 0, 1)) == (80, None)


def test_costs_are_compared_only_where_both_runs_did_something() -> None:
    one, other = (sample(100, 1.0), sample(300, 1.4)), (sample(50, 2.0), sample(150, 2.1))
    assert cost_ratio(one, other) == pytest.approx([2.0])
    assert cost_ratio(other, one) == pytest.approx([0.5])
    for nothing in ((sample(50, 2.0), sample(50, 2.1)), (sample(0, 2.0), sample(150, 2.1))):
        assert cost_ratio(one, nothing) == cost_ratio(nothing, one) == []
    assert cost_ratio(one, (sample(50, 2.0), sample(150, 2.0))) == []


def test_what_a_run_takes_beyond_its_requests_is_told_in_shares_of_the_processor() -> None:
    one, other = (sample(100, 1.0), sample(300, 1.4)), (sample(50, 2.0), sample(150, 2.1))
    assert share_beyond(one, other, 2.0) == pytest.approx([0.1])
    assert share_beyond(other, one, 2.0) == pytest.approx([-0.05])
    assert share_beyond(one, one, 2.0) == pytest.approx([0.0])
    for nothing in ((sample(50, 2.0), sample(50, 2.1)), (sample(0, 2.0), sample(150, 2.1))):
        assert share_beyond(one, nothing, 2.0) == share_beyond(nothing, one, 2.0) == []


def test_every_case_of_the_table_is_there_and_says_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    told = capsys.readouterr().out
    for name in CASES:
        assert f"{name}: " in told


def test_an_unknown_case_is_refused() -> None:
    with pytest.raises(SystemExit):
        main(["throughputs"])


@LINUX
def test_a_child_tells_its_status_and_what_it_said(tmp_path: Path) -> None:
    with Child(["sh", "-c", "echo a sentence; exit 3"], tmp_path, SETTINGS.client) as child:
        assert child.wait(60).status == 3
        assert child.said == "a sentence"
    with (
        Child(["sh", "-c", "exit 3"], tmp_path, SETTINGS.client) as child,
        pytest.raises(TroubleError, match="3"),
    ):
        child.succeed(60)


@LINUX
def test_a_child_has_the_terminal_that_it_was_given(tmp_path: Path) -> None:
    with Child(
        ["sh", "-c", "stty size; read answer"], tmp_path, SETTINGS.client, terminal=(100, 30)
    ) as child:
        shown = b""
        while b"30 100" not in shown:
            shown += child.read(60)
        child.type("well\r")
        assert child.wait(60).status == 0


@LINUX
def test_what_a_child_has_started_ends_with_it(tmp_path: Path) -> None:
    with Child(["sh", "-c", "sleep 600 & echo $!; wait"], tmp_path, SETTINGS.client) as child:
        while not child.said:
            child.read(0.1)
        sleeper = Path(f"/proc/{child.said}/cmdline")
        assert b"sleep" in sleeper.read_bytes()
    assert not sleeper.exists() or not sleeper.read_bytes()


@LINUX
def test_the_bare_scripts_and_those_of_the_peers_are_whole() -> None:
    folder = Path(__file__).parents[2] / "bench"
    for script in (*folder.glob("bare/*.py"), *folder.glob("peers/*.py")):
        subprocess.run([sys.executable, "-m", "py_compile", str(script)], check=True, timeout=60)
