"""What holds for a governor whatever it is told."""

from __future__ import annotations

import random

import pytest
from fetchdeck.core.policies.governor import Bounds, Decision, Governor, Signal
from hypothesis import given
from hypothesis import strategies as st

BOUNDS = st.tuples(st.integers(1, 50), st.integers(0, 500)).map(lambda pair: Bounds(pair[0], sum(pair)))
STEPS = st.lists(
    st.tuples(
        st.sampled_from([*Signal, None]),
        st.floats(0, 30),
        st.floats(0, 100),
        st.integers(0, 2000),
        st.integers(1, 60),
    ),
    max_size=60,
)


def play(
    bounds: Bounds, limit: int, steps: list[tuple[Signal | None, float, float, int, int]]
) -> list[Decision]:
    """Each step: a signal (None for a tick), seconds since the last, its duration, in flight, and how often."""
    governor, now, decisions = Governor(0.0, bounds, limit), 0.0, []
    before = (governor.limit, governor.pace)
    for signal, gap_s, elapsed_s, in_flight, times in steps:
        for _ in range(times):
            now += gap_s / times
            if signal is None:
                decision = governor.tick(now, in_flight)
            else:
                decision = governor.ended(now, signal, elapsed_s, in_flight)
            state = (governor.limit, governor.pace)
            assert bounds.least <= governor.limit <= bounds.most
            assert governor.pace is None or governor.pace > 0
            assert governor.ceiling is None or governor.ceiling >= 0
            assert (decision is not None) == (state != before)
            if decision is not None:
                assert (decision.limit, decision.pace) == state
                assert decision.reason
                decisions.append(decision)
            before = state
    return decisions


@given(BOUNDS, st.integers(1, 600), STEPS)
def test_it_keeps_its_bounds_and_speaks_exactly_when_something_changes(
    bounds: Bounds, limit: int, steps: list[tuple[Signal | None, float, float, int, int]]
) -> None:
    assert play(bounds, limit, steps) == play(bounds, limit, steps)


@given(st.integers(0, 2**32))
def test_random_storms(seed: int) -> None:
    chance = random.Random(seed)
    weights = [chance.random() for _ in Signal]
    steps: list[tuple[Signal | None, float, float, int, int]] = [
        (chance.choices([*Signal], weights)[0], chance.expovariate(50), chance.expovariate(5), 8, 1)
        for _ in range(1500)
    ]
    play(Bounds(1, 64), 4, steps)


@pytest.mark.parametrize(("least", "most"), [(0, 1), (5, 4), (-1, -1)])
def test_impossible_bounds_are_refused(least: int, most: int) -> None:
    with pytest.raises(ValueError, match="bounds of concurrency"):
        Bounds(least, most)
