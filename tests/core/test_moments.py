from __future__ import annotations

from datetime import datetime

from fetchdeck.core.moments import Moments, iso
from hypothesis import given
from hypothesis import strategies as st


@given(st.floats(0, 4e9))
def test_a_moment_reads_back_as_itself_to_the_millisecond(at: float) -> None:
    assert abs(datetime.fromisoformat(iso(at)).timestamp() - at) <= 0.00051
    assert Moments()[round(at * 1000)] == iso(at)


def test_as_many_moments_as_there_may_be_take_no_more_memory() -> None:
    moments = Moments()
    assert [moments[at] for at in range(10_000)] == [iso(at / 1000) for at in range(10_000)]
    assert len(moments) <= 4096
