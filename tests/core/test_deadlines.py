"""One timeout for many tasks behaves as asyncio's own does for one."""

from __future__ import annotations

import asyncio

import pytest
from fetchdeck.core.transport.deadlines import Deadlines
from hypothesis import given
from hypothesis import strategies as st

from tests.support.travelling import travel


async def timed(deadlines: Deadlines, seconds: float) -> tuple[str, float]:
    """How a block that wants so many seconds ends, and after how long."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        with deadlines.within():
            await asyncio.sleep(seconds)
    except TimeoutError:
        return "timeout", loop.time() - began
    return "done", loop.time() - began


@given(st.lists(st.tuples(st.floats(0, 30), st.floats(0, 30)), min_size=1, max_size=8))
def test_each_block_has_its_own_time(blocks: list[tuple[float, float]]) -> None:
    async def later(deadlines: Deadlines, start: float, seconds: float) -> tuple[str, float]:
        await asyncio.sleep(start)
        return await timed(deadlines, seconds)

    async def main() -> list[tuple[str, float]]:
        deadlines = Deadlines(10.0)
        return await asyncio.gather(*(later(deadlines, *block) for block in blocks))

    for (_, wanted), (ended, took) in zip(blocks, travel(main()), strict=True):
        if abs(wanted - 10) > 0.1:
            assert ended == ("timeout" if wanted > 10 else "done")
            assert took == pytest.approx(min(wanted, 10), abs=0.1)


def test_one_timer_serves_all() -> None:
    async def main() -> int:
        loop = asyncio.get_running_loop()
        armed = 0

        def call_at(*args: object, **more: object) -> asyncio.TimerHandle:
            nonlocal armed
            armed += 1
            return plain(*args, **more)  # type: ignore[arg-type]

        plain, loop.call_at = loop.call_at, call_at  # type: ignore[method-assign]
        deadlines = Deadlines(10.0)
        for _ in range(100):
            with deadlines.within():
                pass
        deadlines.close()
        return armed

    assert travel(main()) == 1


def test_a_cancellation_from_outside_stays_one() -> None:
    async def main() -> None:
        deadlines = Deadlines(10.0)
        task = asyncio.create_task(timed(deadlines, 60))
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    travel(main())


def test_an_error_of_the_block_is_not_hidden() -> None:
    async def main() -> None:
        deadlines = Deadlines(1.0)

        async def breaks() -> None:
            with deadlines.within():
                try:
                    await asyncio.sleep(5)
                finally:
                    raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await breaks()
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    travel(main())


def test_the_time_of_a_block_that_is_slow_to_end_is_up_once() -> None:
    async def main() -> list[str]:
        deadlines, seen = Deadlines(1.0), list[str]()

        async def is_slow_to_end() -> None:
            with deadlines.within():
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    seen.append("cut short")
                    await asyncio.sleep(5)
                    raise

        with pytest.raises(TimeoutError):
            await is_slow_to_end()
        return seen

    assert travel(main()) == ["cut short"]
