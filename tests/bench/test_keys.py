from __future__ import annotations

from bench.keys.__main__ import table
from bench.keys.measuring import Figures, figures


def test_percentiles_are_by_nearest_rank_and_goals_are_held_to_both() -> None:
    found = figures(100, 5000.0, "all", [n / 1000 for n in range(1, 101)])
    assert (found.p50, found.p95, found.p99, found.worst) == (50.5, 95.0, 99.0, 100.0)
    assert not found.met
    assert figures(100, 5000.0, "all", [0.012] * 99 + [0.2]).met
    assert not figures(100, 5000.0, "all", [0.012] * 98 + [0.2] * 2).met
    assert not figures(100, 5000.0, "all", [0.021] * 100).met


def test_the_table_tells_each_line_and_whether_its_goal_was_met() -> None:
    lines = table([Figures(2000, 5123.4, "tabs", 150, 11.04, 20.0, 30.0, 40.0)]).split("\n")
    assert lines[2] == "| 2,000 | 5,123 | tabs | 150 | 11.0 | 20.0 | 30.0 | 40.0 | met |"
    assert len({line.count("|") for line in lines}) == 1
