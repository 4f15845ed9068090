"""Counting what happened in the last seconds."""

from __future__ import annotations

import math

from fetchdeck.core.engine.recent_rate import WINDOW_S, RecentRate
from hypothesis import given
from hypothesis import strategies as st


def test_a_steady_stream_is_told_as_it_is_and_its_end_within_the_window() -> None:
    rate = RecentRate()
    for n in range(600):
        rate.count(100 + n / 20)
    assert math.isclose(rate.per_s(130.0), 20.0, rel_tol=0.01)
    assert rate.per_s(135.0) < 11
    assert rate.per_s(130.0 + WINDOW_S + 1) == 0.0


def test_the_first_second_promises_no_more_than_came() -> None:
    rate = RecentRate()
    assert rate.per_s(5.0) == 0.0
    rate.count(5.0)
    assert rate.per_s(5.0) == 1.0
    assert rate.per_s(9.0) == 0.25


@given(st.lists(st.floats(0, 40), max_size=60), st.floats(0, 60))
def test_it_counts_what_the_window_holds_and_nothing_else(steps: list[float], later: float) -> None:
    moments = sorted(steps)
    rate = RecentRate()
    for moment in moments:
        rate.count(moment)
    now = (moments[-1] if moments else 0.0) + later
    held = [moment for moment in moments if int(moment) >= int(now) - WINDOW_S]
    span = min(now - moments[0], WINDOW_S + now - int(now)) if moments else 1.0
    assert math.isclose(rate.per_s(now), len(held) / max(span, 1.0))
