from __future__ import annotations

import math

import pytest
from fetchdeck.core.engine.meter import HISTORY_S, RECENT_S, Meter
from fetchdeck.core.engine.run_clock import RunClock
from fetchdeck.core.engine.watch import GapWatch
from fetchdeck.core.policies.eta import estimate
from hypothesis import given
from hypothesis import strategies as st


@given(st.lists(st.floats(0.01, 100_000), min_size=1, max_size=300))
def test_percentiles_are_within_the_width_of_a_cell(latencies: list[float]) -> None:
    meter = Meter(0.0)
    for latency in latencies:
        meter.record(0.5, latency, succeeded=True, ended=True)
    found = meter.latency()
    assert found is not None
    ordered = sorted(latencies)
    for share, value in ((0.50, found.p50), (0.95, found.p95), (0.99, found.p99)):
        rank = math.ceil(len(ordered) * share)
        assert value == pytest.approx(ordered[rank - 1], rel=0.05, abs=0.01)


def test_seconds_close_in_order_and_gaps_are_empty_seconds() -> None:
    meter = Meter(100.0)
    meter.record(100.2, 10, succeeded=True, ended=True)
    meter.record(103.5, 10, succeeded=False, ended=False)
    meter.roll(104.0)
    assert [(one.succeeded, one.failed) for one in meter.history] == [(1, 0), (0, 0), (0, 0), (0, 1)]
    assert meter.history[1].latency is None
    before = meter.history
    meter.roll(104.5)
    assert meter.history is before


@given(st.lists(st.tuples(st.floats(0, 4), st.floats(1, 1000)), min_size=1, max_size=60))
def test_percentiles_are_of_the_recent_seconds_whenever_they_are_asked_for(
    ends: list[tuple[float, float]],
) -> None:
    meter, now = Meter(0.0), 0.0
    seen: list[tuple[float, float]] = []
    for wait, latency in ends:
        now += wait
        meter.record(now, latency, succeeded=True, ended=True)
        seen.append((now, latency))
        assert meter.latency() == meter.latency(RECENT_S)
        for window_s in (RECENT_S, 0, 2, HISTORY_S):
            fresh = Meter(now)
            for at, other in seen:
                if int(at) >= int(now) - window_s:
                    fresh.record(now, other, succeeded=True, ended=True)
            assert meter.latency(window_s) == fresh.latency()


def test_history_is_bounded_also_after_a_long_sleep() -> None:
    meter = Meter(0.0)
    meter.roll(1_000_000.0)
    assert len(meter.history) == HISTORY_S


def test_the_rate_counts_requests_that_ended_not_attempts() -> None:
    meter = Meter(0.0)
    for tenth in range(100):
        meter.record(tenth / 10, 5, succeeded=True, ended=True)
        meter.record(tenth / 10, 5, succeeded=False, ended=False)
    assert meter.rate_per_s(10.0) == pytest.approx(10.0, rel=0.05)
    assert Meter(5.0).rate_per_s(5.0) == 0.0


def test_the_run_clock_stands_still_between_an_end_and_a_retry() -> None:
    clock = RunClock(100.0, 0.0)
    clock.stop(10.0)
    clock.stop(20.0)
    assert clock.total_s(30.0) == 110.0
    clock.run(30.0)
    clock.run(31.0)
    assert clock.session_s(35.0) == 15.0


def test_an_estimate_is_a_range_while_rates_differ() -> None:
    assert estimate(1000, 0.0, 10.0) is None
    assert estimate(1000, 100.0, 100.0) == (10.0, 10.0)
    assert estimate(1000, 200.0, 100.0) == (5.0, 10.0)
    assert estimate(1000, 200.0, 100.0, 50.0) == (20.0, 20.0)


def test_a_gap_covers_the_attempts_that_were_under_way() -> None:
    gaps = GapWatch(0.0, 0.25)
    assert gaps.tick(0.3) == 0.0
    assert gaps.tick(5.5) == pytest.approx(4.95)
    assert gaps.within(0.1, 5.6)
    assert gaps.within(5.0, 6.0)
    assert not gaps.within(5.6, 7.0)
    assert not gaps.within(0.0, 0.2)


def test_a_gap_counts_before_its_tick_has_told_of_it() -> None:
    gaps = GapWatch(0.0, 0.25)
    assert gaps.tick(0.25) == 0.0
    assert not gaps.within(0.1, 1.9)
    assert gaps.within(0.1, 3.0)
