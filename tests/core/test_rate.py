from __future__ import annotations

import pytest
from fetchdeck.core.errors import OptionError
from fetchdeck.core.policies.rate import CATCH_UP_S, Pacer, parse_rate
from hypothesis import given
from hypothesis import strategies as st

RATES = st.floats(0.01, 20_000)
BURSTS = st.integers(1, 500)


def start_all(pacer: Pacer, now: float, starts: list[float]) -> Pacer:
    while pacer.wait_s(now) <= 0:
        pacer = pacer.taken(now)
        starts.append(now)
    return pacer


def most_in_any_window(starts: list[float], burst: float, rate: float) -> bool:
    """Whether every window holds at most burst + rate × its length: as a bucket that may not run over."""
    level, before = 0.0, starts[0]
    for start in starts:
        level = max(0.0, level - rate * (start - before)) + 1
        before = start
        if level > burst * (1 + 1e-6) + 1e-6:
            return False
    return True


@given(RATES, BURSTS, st.lists(st.floats(0, 3), min_size=1, max_size=40))
def test_no_window_ever_has_more_than_its_burst_and_its_rate(
    rate: float, burst: int, pauses: list[float]
) -> None:
    pacer, now, starts = Pacer(rate, burst), 0.0, list[float]()
    for pause in pauses:
        now += min(pause, 300 / rate)
        pacer = start_all(pacer, now, starts)
    assert most_in_any_window(starts, max(burst, 1 + CATCH_UP_S * rate), rate)


@given(st.floats(0.01, 49), st.floats(0, 1000))
def test_by_default_two_never_start_at_once_after_a_lull(rate: float, lull: float) -> None:
    pacer, starts = Pacer(rate), list[float]()
    pacer = start_all(pacer, 0.0, starts)
    pacer = start_all(pacer, 1 / rate + lull, starts)
    assert len(starts) == 2


@given(st.floats(0.1, 2000), BURSTS)
def test_a_burst_is_saved_up_in_a_lull_and_no_more(rate: float, burst: int) -> None:
    pacer, starts = Pacer(rate, burst), list[float]()
    pacer = start_all(pacer, 1e6, starts)
    start_all(pacer, 1e6 + 1e-6, starts)
    most = max(burst, 1 + CATCH_UP_S * rate)
    assert most - 1.01 < len(starts) < most + 0.01


@given(st.floats(1, 5000), st.lists(st.floats(0, CATCH_UP_S), min_size=20, max_size=100))
def test_late_timers_cost_no_throughput(rate: float, late: list[float]) -> None:
    pacer, now, starts = Pacer(rate), 0.0, list[float]()
    for lateness in late:
        pacer = start_all(pacer, now, starts)
        now += pacer.wait_s(now) + lateness
    pacer = start_all(pacer, now, starts)
    assert now <= (len(starts) - 1) / rate + 2 * CATCH_UP_S + 1e-6


@given(st.lists(st.tuples(st.floats(0, 0.5), st.floats(0.1, 50)), min_size=1, max_size=60))
def test_changing_the_rate_grants_nothing(changes: list[tuple[float, float]]) -> None:
    pacer, now, starts = Pacer(1.0), 0.0, list[float]()
    allowed = 1 + CATCH_UP_S * 50
    for pause, rate in changes:
        allowed += pause * (pacer.per_second or 0)
        now += pause
        pacer = start_all(pacer, now, starts).at_rate(rate, now)
        assert 0 <= pacer.wait_s(now) <= 1 / rate + 1e-9
    assert len(starts) <= allowed + 1e-6


def test_a_pace_that_is_raised_after_a_long_wait_is_felt_at_once() -> None:
    pacer = Pacer(0.01).taken(0.0)
    assert pacer.wait_s(0.0) == 100
    assert pacer.at_rate(100.0, 0.0).wait_s(0.0) == pytest.approx(0.01)
    assert pacer.at_rate(None, 0.0).wait_s(0.0) == 0
    assert Pacer(burst=7).at_rate(5.0, 3.0) == Pacer(5.0, 7, 3.0)


@pytest.mark.parametrize("text", ["10/ms", "100000/day", "5/month", "10/hs"])
def test_units_that_no_rate_has(text: str) -> None:
    with pytest.raises(OptionError, match="--quota"):
        parse_rate(text)
