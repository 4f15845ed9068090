"""The event loop, for plain runs and beneath the dashboard alike: the fastest there is, seldom stopped by collections.

What keeps a dashboard responsive is that little is done in one iteration: see `transport/turns.py`.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
_THRESHOLDS = (100_000, 20, 50)
"""For `gc.set_threshold`. A request makes some hundred objects that live until its commit and stand in no circle.
Looking for circles after each 700 of them took a twentieth of the processor, and with 2,000 requests in flight each
look after 10,000 stopped the loop for 40 ms. A dashboard's layouts do leave circles: see `tui/tidying.py`."""


def run(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run to the result, on uvloop where there is one."""
    try:
        import uvloop  # not installed on every platform
    except ImportError:
        factory = None
    else:
        factory = uvloop.new_event_loop
    with _few_collections(), asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main())


@contextmanager
def _few_collections() -> Generator[None]:
    """Collect garbage more seldom, and leave out what is loaded by now."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
