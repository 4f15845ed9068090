from __future__ import annotations

import pytest
from fetchdeck.core.policies.cooling import Refusals, rest
from fetchdeck.core.policies.rate_fields import Allowance
from hypothesis import given
from hypothesis import strategies as st


def test_refusals_among_answers_rest_no_host() -> None:
    refusals = Refusals()
    for number in range(1000):
        refused = number % 2 == 0
        assert refusals.ended(refused=refused, asked_s=30.0 if refused else None) is None


def test_a_host_that_refuses_much_rests_as_long_as_it_asks() -> None:
    refusals = Refusals()
    rests = [refusals.ended(refused=True, asked_s=30.0) for _ in range(20)]
    assert rests[:10] == [None] * 10
    assert rests[-1] == 30.0
    assert refusals.ended(refused=True, asked_s=1e9) == 30.0
    assert refusals.ended(refused=True, asked_s=None) is None


def test_no_host_rests_longer_than_an_hour() -> None:
    refusals = Refusals()
    rests = [refusals.ended(refused=True, asked_s=1e9) for _ in range(20)]
    assert rests[-1] == 3600.0


@pytest.mark.parametrize(
    ("left", "in_flight", "expected"),
    [
        (Allowance(1000, 60.0, 5000), 100, 0.0),
        (Allowance(0, 60.0, 5000), 0, 60.0),
        (Allowance(0, 86_400.0), 0, 3600.0),
        (Allowance(9, 60.0, 100), 0, 6.0),
        (Allowance(5, 60.0, 100), 5, 12.0),
        (Allowance(2, 60.0), 0, 20.0),
    ],
)
def test_what_is_left_is_spread(left: Allowance, in_flight: int, expected: float) -> None:
    assert rest(left, in_flight) == expected


@given(st.integers(0, 10**6), st.floats(0, 86_400), st.none() | st.integers(0, 10**6), st.integers(0, 1000))
def test_a_rest_never_outlasts_the_period(
    remaining: int, reset_s: float, limit: int | None, in_flight: int
) -> None:
    assert 0 <= rest(Allowance(remaining, reset_s, limit), in_flight) <= min(reset_s, 3600.0)
