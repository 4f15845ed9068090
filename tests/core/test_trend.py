from __future__ import annotations

from fetchdeck.core.journal.trends import read_trend, write_trend
from fetchdeck.core.policies.trend import MINUTES_KEPT, NO_TREND, Direction, Trend, trend_of
from hypothesis import given
from hypothesis import strategies as st

NOON = 1_700_000_040.0
"""The beginning of a minute."""


def lately(*counts: int) -> Trend:
    """Counts of the minutes that end with the one that begins at `NOON`."""
    last = int(NOON // 60)
    return Trend(tuple((last - back, n) for back, n in enumerate(reversed(counts)) if n)[::-1])


def test_the_last_minutes_are_counted_with_gaps_between() -> None:
    assert lately(3, 0, 5).counts(NOON, 4) == (0, 3, 0, 5)
    assert lately(3, 0, 5).counts(NOON + 60, 4) == (3, 0, 5, 0)


def test_it_rises_falls_stays_begins_and_is_over() -> None:
    end = NOON + 59.9
    assert lately(*[10] * 5, *[30] * 5).direction(end) is Direction.RISING
    assert lately(*[30] * 5, *[10] * 5).direction(end) is Direction.FALLING
    assert lately(*[30] * 10).direction(end) is Direction.STEADY
    assert lately(1, 0, 0, 0, 0, 2).direction(end) is Direction.STEADY, "so few may be chance"
    assert lately(*[0] * 5, 2, 1).direction(end) is Direction.NEW
    assert lately(9).direction(NOON + 5 * 60) is Direction.OVER
    assert NO_TREND.direction(NOON) is Direction.OVER


def test_a_minute_that_has_just_begun_makes_nothing_fall() -> None:
    assert lately(*[100] * 9, 0).direction(NOON) is Direction.STEADY


@given(st.lists(st.tuples(st.floats(0, 2e9), st.integers(1, 5)), max_size=200))
def test_it_is_bounded_sorted_and_survives_the_journal(strikes: list[tuple[float, int]]) -> None:
    trend = NO_TREND
    for at, count in strikes:
        trend = trend.counting(at, count)
    minutes = [minute for minute, _ in trend.minutes]
    assert minutes == sorted(set(minutes))
    assert not minutes or minutes[-1] - minutes[0] < MINUTES_KEPT
    assert read_trend(write_trend(trend)) == trend
    assert trend_of(reversed(trend.minutes)) == trend
