"""The event loops that the product may run on: asyncio's own, and uvloop where it is installed."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import Any

import pytest


def _factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop] | None]:
    found: dict[str, Callable[[], asyncio.AbstractEventLoop] | None] = {"asyncio": None}
    try:
        import uvloop
    except ImportError:
        return found
    return found | {"uvloop": uvloop.new_event_loop}


FACTORIES = _factories()
"""By name; None for asyncio's own."""


def on_both_loops(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test that is a coroutine on each loop; its fixtures are none that need a loop themselves."""

    @functools.wraps(test)
    def on_one(loop_name: str, **fixtures: object) -> None:
        with asyncio.Runner(loop_factory=FACTORIES[loop_name]) as runner:
            runner.run(test(**fixtures))

    asked = inspect.signature(test)
    name = inspect.Parameter("loop_name", inspect.Parameter.KEYWORD_ONLY, annotation=str)
    on_one.__signature__ = asked.replace(parameters=[*asked.parameters.values(), name])  # type: ignore[attr-defined]
    return pytest.mark.parametrize("loop_name", FACTORIES)(on_one)
