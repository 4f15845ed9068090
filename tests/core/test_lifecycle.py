from __future__ import annotations

import pytest
from fetchdeck.core.engine.lifecycle import Facts, settled
from fetchdeck.core.snapshot import RunState
from hypothesis import assume, given
from hypothesis import strategies as st

facts = st.builds(
    Facts,
    pending=st.integers(0, 2),
    idle=st.booleans(),
    reading=st.booleans(),
    input_known=st.booleans(),
    leaving=st.booleans(),
)
DONE = Facts(pending=0, idle=True, reading=False, input_known=True)


@pytest.mark.parametrize(
    ("state", "now", "then"),
    [
        (RunState.RUNNING, DONE, RunState.FINISHED),
        (RunState.PAUSED, DONE, RunState.FINISHED),
        (RunState.DRAINING, DONE, RunState.FINISHED),
        (RunState.RUNNING, Facts(3, True, False, True), RunState.RUNNING),
        (RunState.PAUSED, Facts(3, True, False, True), RunState.PAUSED),
        (RunState.DRAINING, Facts(3, True, True, False), RunState.INTERRUPTED),
        (RunState.DRAINING, Facts(3, False, False, True), RunState.DRAINING),
        (RunState.RUNNING, Facts(0, True, True, False), RunState.RUNNING),
        (RunState.RUNNING, Facts(0, True, False, False), RunState.INTERRUPTED),
        (RunState.FINISHED, Facts(1, True, False, True), RunState.RUNNING),
        (RunState.INTERRUPTED, DONE, RunState.INTERRUPTED),
        (RunState.INTERRUPTED, Facts(1, True, False, False), RunState.RUNNING),
        (RunState.INTERRUPTED, Facts(1, True, False, True, leaving=True), RunState.INTERRUPTED),
    ],
)
def test_transitions(state: RunState, now: Facts, then: RunState) -> None:
    assert settled(state, now) is then


@given(st.sampled_from(RunState), facts)
def test_a_run_is_finished_only_when_nothing_is_left(state: RunState, now: Facts) -> None:
    assume(now.leaving or state is not RunState.DRAINING)  # draining is one way of leaving
    after = settled(state, now)
    if after is RunState.FINISHED:
        assert now.pending == 0
        assert state is RunState.FINISHED or (now.idle and now.input_known and not now.reading)
    assert settled(after, now) is after
