from __future__ import annotations

import asyncio
import gc

import pytest
from fetchdeck.core.loops import run


def test_a_loop_runs_to_the_result_and_leaves_collections_as_they_were() -> None:
    async def main() -> tuple[int, int, int]:
        await asyncio.sleep(0)
        return gc.get_threshold()

    before = gc.get_threshold()
    assert run(main) > before
    assert gc.get_threshold() == before


def test_collections_are_as_they_were_after_an_error() -> None:
    async def main() -> None:
        raise ZeroDivisionError

    before = gc.get_threshold()
    with pytest.raises(ZeroDivisionError):
        run(main)
    assert gc.get_threshold() == before
