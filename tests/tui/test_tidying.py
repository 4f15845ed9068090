"""Memory is tidied now and then, and never while a key may wait."""

from __future__ import annotations

from fetchdeck.tui.tidying import EVERY_S, OLDER_EVERY, QUIET_S, Tidying
from fetchdeck.tui.typist import PAINTED_S, Typist
from hypothesis import given
from hypothesis import strategies as st

from ..support.clock import Clock

PULL_S = 0.25


@given(st.lists(st.booleans(), max_size=200))
def test_it_is_done_in_time_unless_somebody_types(typing: list[bool]) -> None:
    clock, done, typed = Clock(100.0), [100.0], -QUIET_S
    typist = Typist(clock)
    tidying = Tidying(typist, clock, lambda _generation: done.append(clock.now))
    for types in typing:
        clock.now += PULL_S
        if types:
            typed = clock.now
            typist.typed()
        before = len(done)
        tidying.look()
        may = clock.now - typed >= QUIET_S
        assert len(done) - before == (may and clock.now - done[before - 1] >= EVERY_S)


def test_who_types_on_and_on_has_it_done_after_a_key() -> None:
    clock, done = Clock(100.0), list[int]()
    typist = Typist(clock)
    tidying = Tidying(typist, clock, done.append)
    for pause in (PAINTED_S / 2, 2 * PAINTED_S):
        clock.now += EVERY_S
        typist.typed()
        clock.now += pause
        tidying.after_key()
        assert bool(done) == (pause > PAINTED_S)


def test_what_is_older_is_looked_at_more_seldom() -> None:
    clock, generations = Clock(100.0), list[int]()
    tidying = Tidying(Typist(clock), clock, generations.append)
    for _ in range(OLDER_EVERY**2):
        clock.now += EVERY_S
        tidying.look()
    assert generations[:OLDER_EVERY] == [0] * (OLDER_EVERY - 1) + [1]
    assert [generations.count(generation) for generation in (0, 1, 2)] == [380, 19, 1]
