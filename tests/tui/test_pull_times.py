"""The run is looked at four times a second, and in somebody's typing when a key has been painted."""

from __future__ import annotations

from fetchdeck.tui.pull_times import PULL_S, TYPING_S, PullTimes
from fetchdeck.tui.typist import PAINTED_S, Typist
from hypothesis import given
from hypothesis import strategies as st

from ..support.clock import Clock

STEP_S = 0.01
KEYS = st.lists(st.floats(0.02, 1.0), max_size=60)


def pulls(pauses: list[float], seconds: float) -> tuple[list[float], list[float]]:
    """When keys were typed, and when the run was looked at, by an app that asks as ours does."""
    clock, looked = Clock(), list[float]()
    typist = Typist(clock)
    times = PullTimes(typist, clock)
    keys = [sum(pauses[: n + 1]) for n in range(len(pauses))]
    moments = [(at, "key") for at in keys] + [(at + PAINTED_S + STEP_S, "painted") for at in keys]
    moments += [(n * PULL_S, "regular") for n in range(1, int(seconds / PULL_S))]
    for at, what in sorted(moment for moment in moments if moment[0] < seconds):
        clock.now = at
        if what == "key":
            typist.typed()
        elif times.now if what == "regular" else times.after_key:
            times.pulled()
            looked.append(at)
    return keys, looked


@given(KEYS)
def test_the_screen_is_never_old(pauses: list[float]) -> None:
    _, looked = pulls(pauses, 20)
    assert all(later - one <= 3 * PULL_S for one, later in zip([0.0, *looked], looked, strict=False))
    assert len(looked) <= 20 / (PULL_S / 2)


@given(KEYS)
def test_no_key_waits_but_for_a_pull_that_is_long_due(pauses: list[float]) -> None:
    keys, looked = pulls(pauses, 20)
    for before, at in zip([0.0, *looked], looked, strict=False):
        waiting = any(0 <= at - key < PAINTED_S for key in keys)
        assert not waiting or at - before >= 2 * PULL_S - 1e-9


def test_who_types_words_has_it_looked_at_after_keys_alone() -> None:
    keys, looked = pulls([TYPING_S / 2] * 40, 5)
    painted = {round(key + PAINTED_S + STEP_S, 6) for key in keys}
    assert looked
    assert {round(at, 6) for at in looked if at < keys[-1]} <= painted


def test_nobody_types() -> None:
    assert pulls([], 3)[1] == [n * PULL_S for n in range(1, 12)]
