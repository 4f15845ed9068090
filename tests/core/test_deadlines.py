"""One timer keeps the time of many attempts."""

from __future__ import annotations

import asyncio

import pytest
from fetchdeck.core.transport.deadlines import Deadlines, Expiring
from hypothesis import given
from hypothesis import strategies as st

from tests.support.travelling import travel

TIME_S = 10.0


class Timed:
    """Something that wants so many seconds, and notes when its time was up."""

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self.expired_at: list[float] = []

    def expire(self) -> None:
        self.expired_at.append(asyncio.get_running_loop().time())

    async def last(self, start: float, seconds: float) -> float:
        """Begin after `start` and end after so many seconds, in time or not; returns when it began."""
        await asyncio.sleep(start)
        began = asyncio.get_running_loop().time()
        self._deadlines.enter(self)
        await asyncio.sleep(seconds)
        self._deadlines.leave(self)
        return began


@given(st.lists(st.tuples(st.floats(0, 30), st.floats(0, 30)), min_size=1, max_size=8))
def test_each_has_its_own_time_which_is_up_once(blocks: list[tuple[float, float]]) -> None:
    async def main() -> list[tuple[float, list[float]]]:
        deadlines = Deadlines(TIME_S)
        all_timed = [Timed(deadlines) for _ in blocks]
        begun = await asyncio.gather(
            *(one.last(*block) for one, block in zip(all_timed, blocks, strict=True))
        )
        await asyncio.sleep(2 * TIME_S)
        return list(zip(begun, [one.expired_at for one in all_timed], strict=True))

    for (_, wanted), (began, expired_at) in zip(blocks, travel(main()), strict=True):
        if abs(wanted - TIME_S) > 0.1:
            assert len(expired_at) == (wanted > TIME_S)
        for at in expired_at:
            assert at - began == pytest.approx(TIME_S, abs=0.1)


def test_one_timer_serves_all() -> None:
    async def main() -> int:
        loop = asyncio.get_running_loop()
        armed = 0

        def call_at(*args: object, **more: object) -> asyncio.TimerHandle:
            nonlocal armed
            armed += 1
            return plain(*args, **more)  # type: ignore[arg-type]

        plain, loop.call_at = loop.call_at, call_at  # type: ignore[method-assign]
        deadlines = Deadlines(TIME_S)
        for _ in range(100):
            one = Timed(deadlines)
            deadlines.enter(one)
            deadlines.leave(one)
        deadlines.close()
        return armed

    assert travel(main()) == 1


def test_what_ends_another_in_its_last_moment_spares_it_the_end_of_its_time() -> None:
    class EndsAnother(Timed):
        def __init__(self, deadlines: Deadlines, other: Expiring) -> None:
            super().__init__(deadlines)
            self._leave = lambda: deadlines.leave(other)

        def expire(self) -> None:
            super().expire()
            self._leave()

    async def main() -> tuple[list[float], list[float]]:
        deadlines = Deadlines(TIME_S)
        other = Timed(deadlines)
        one = EndsAnother(deadlines, other)
        deadlines.enter(one)
        deadlines.enter(other)
        await asyncio.sleep(2 * TIME_S)
        return one.expired_at, other.expired_at

    ended, spared = travel(main())
    assert (len(ended), spared) == (1, [])
