"""What is spent, in words: on the dashboard, in plain progress, in the summary."""

from __future__ import annotations

from pathlib import Path

import pytest
from fetchdeck.core.model import Counts
from fetchdeck.core.report import Status
from fetchdeck.core.snapshot import RunState, Spending
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.plain import bar_line, progress_line
from fetchdeck.tui.spans import text_of, width_of
from fetchdeck.tui.spending import cost_words, moment_words, quota_wait, quota_words
from fetchdeck.tui.summary import summary_lines
from fetchdeck.tui.widgets.spending_line import spending_line
from fetchdeck.tui.widgets.status_header import status_line
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ..support.scripted_engine import running, scripted, seen

MIDNIGHT = 1_700_092_800.0
FIVE_HOURS_BEFORE = MIDNIGHT - 5 * 3600
SPENT = Spending(12_345, 100_000, "day", MIDNIGHT, "12.40 USD", "33.10 USD")


def test_the_words_of_a_quota_and_a_price() -> None:
    assert quota_words(SPENT, FIVE_HOURS_BEFORE) == "12,345 of 100,000 today, resets 00:00 UTC (in 5 h)"
    assert cost_words(SPENT) == "cost 12.40 USD, about 33.10 in all"
    assert cost_words(replace(SPENT, projected=None)) == "cost 12.40 USD"
    assert cost_words(replace(SPENT, cost="$12.40", projected="$33.10")) == "cost $12.40, about $33.10 in all"
    assert cost_words(replace(SPENT, cost="12.40", projected="33.10")) == "cost 12.40, about 33.10 in all"
    assert quota_words(replace(SPENT, quota=None, resets_at=None), 0.0) == ""
    assert quota_words(replace(SPENT, period="month"), FIVE_HOURS_BEFORE).startswith(
        "12,345 of 100,000 this month, "
    )


def test_a_moment_more_than_a_day_away_has_its_date() -> None:
    assert moment_words(MIDNIGHT, MIDNIGHT - 9 * 86_400) == "16 Nov 00:00 UTC (in 9 d)"
    assert moment_words(MIDNIGHT, MIDNIGHT - 40) == "00:00 UTC (in 40 s)"
    assert moment_words(MIDNIGHT, MIDNIGHT + 3) == "00:00 UTC (now)"


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (
            100,
            "12,345 of 100,000 today, resets 00:00 UTC (in 5 h)   cost 12.40 USD, about 33.10 in all",
        ),
        (78, "12,345 of 100,000 today, resets in 5 h   cost 12.40 USD, about 33.10 in all"),
        (60, "12,345/100,000 today   12.40 USD, about 33.10"),
    ],
)
def test_the_line_has_the_longest_form_that_fits(width: int, text: str) -> None:
    line = spending_line(SPENT, width, FIVE_HOURS_BEFORE)
    assert text_of(line) == text
    assert width_of(line) <= width


def test_a_run_without_a_price_tells_of_its_quota_alone_and_the_other_way_round() -> None:
    quota = replace(SPENT, cost=None, projected=None)
    assert text_of(spending_line(quota, 78, FIVE_HOURS_BEFORE)) == quota_words(SPENT, FIVE_HOURS_BEFORE)
    price = replace(SPENT, quota=None, period="", resets_at=None)
    assert text_of(spending_line(price, 78, 0.0)) == cost_words(SPENT)


@given(st.integers(0, 10**15), st.integers(1, 10**15), st.floats(-1e6, 1e8), st.integers(1, 250))
def test_no_quota_breaks_the_line(sent: int, quota: int, left_s: float, width: int) -> None:
    spending = Spending(sent, quota, "month", MIDNIGHT, None, None)
    assert text_of(spending_line(spending, width, MIDNIGHT - left_s)).startswith(f"{sent:,}")


def test_a_run_that_waits_for_its_quota_says_until_when() -> None:
    counts = Counts(queued=10, succeeded=100)
    spent = running(counts=counts, spending=replace(SPENT, sent=100_000), eta=None)
    words = "quota spent, goes on at 00:00 UTC (in 5 h)"
    assert quota_wait(spent, FIVE_HOURS_BEFORE) == words
    assert f"· {words}" in text_of(status_line(spent, 120, FIVE_HOURS_BEFORE))
    told = replace(
        spent, state=RunState.PAUSED, reason="the quota is spent until 00:00 UTC", in_use=0, saving=0
    )
    assert "paused · the quota is spent until 00:00 UTC" in text_of(status_line(told, 120, FIVE_HOURS_BEFORE))
    for going_on in (
        replace(spent, spending=SPENT),
        replace(spent, counts=Counts(succeeded=110)),
        replace(spent, counts=Counts(in_flight=10, succeeded=100)),
        replace(spent, spending=None),
    ):
        assert quota_wait(going_on, FIVE_HOURS_BEFORE) == ""


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_dashboard_has_a_line_for_it_and_only_then(tmp_path: Path, size: tuple[int, int]) -> None:
    engine = scripted(tmp_path)
    async with (app := FetchdeckApp(engine)).run_test(size=size) as pilot:
        lines = seen(app).count("\n")
        assert "cost" not in seen(app)
        engine.now = running(spending=SPENT)
        app.pull()
        await pilot.pause()
        assert "12,345 of 100,000 today, resets " in seen(app)
        assert "cost 12.40 USD, about 33.10 in all" in seen(app)
        assert seen(app).count("\n") == lines


def test_plain_progress_tells_it_in_words() -> None:
    line = progress_line(running(spending=SPENT))
    assert line.endswith(", quota 12,345 of 100,000 today, cost 12.40 USD, about 33.10 in all")
    assert "quota 12,345 of 100,000 today" in bar_line(running(spending=SPENT), 220)
    assert "quota" not in bar_line(running(spending=SPENT), 80)
    assert "cost" not in progress_line(running())


def test_the_summary_tells_it_too() -> None:
    status = Status("a.run", RunState.INTERRUPTED, Counts(queued=3), 0, 1.0, 1.0, 5, ())
    lines = summary_lines(status, spending=SPENT, now=FIVE_HOURS_BEFORE)
    assert (
        "  Spent: 12,345 of 100,000 today, resets 00:00 UTC (in 5 h), cost 12.40 USD, about 33.10 in all"
        in lines
    )
    assert not any("Spent" in line for line in summary_lines(status))


def test_a_question_ends_the_headline_with_its_own_mark() -> None:
    status = Status("a.run", RunState.INTERRUPTED, Counts(queued=3), 0, 1.0, 1.0, 5, ())
    assert summary_lines(status, stopped_by="send the rest?")[0].startswith("Stopped: send the rest? 0 of 3")
