"""Memory is tidied now and then, and never while a key may wait."""

from __future__ import annotations

from fetchdeck.tui.tidying import EVERY_S, OLDER_EVERY, PAINTED_S, QUIET_S, Tidying
from hypothesis import given
from hypothesis import strategies as st

PULL_S = 0.25


@given(st.lists(st.booleans(), max_size=200))
def test_it_is_done_in_time_unless_somebody_types(typing: list[bool]) -> None:
    now, done, typed = [100.0], [100.0], -QUIET_S
    tidying = Tidying(lambda: now[0], lambda _generation: done.append(now[0]))
    for types in typing:
        now[0] += PULL_S
        if types:
            typed = now[0]
            tidying.typed()
        before = len(done)
        tidying.look()
        may = now[0] - typed >= QUIET_S
        assert len(done) - before == (may and now[0] - done[before - 1] >= EVERY_S)


def test_who_types_on_and_on_has_it_done_after_a_key() -> None:
    now, done = [0.0], list[int]()
    tidying = Tidying(lambda: now[0], done.append)
    for pause in (PAINTED_S / 2, 2 * PAINTED_S):
        now[0] += EVERY_S
        tidying.typed()
        now[0] += pause
        tidying.after_key()
        assert bool(done) == (pause > PAINTED_S)


def test_what_is_older_is_looked_at_more_seldom() -> None:
    now, generations = [0.0], list[int]()
    tidying = Tidying(lambda: now[0], generations.append)
    for _ in range(OLDER_EVERY**2):
        now[0] += EVERY_S
        tidying.look()
    assert generations[:OLDER_EVERY] == [0] * (OLDER_EVERY - 1) + [1]
    assert [generations.count(generation) for generation in (0, 1, 2)] == [380, 19, 1]
