"""Event loops for the two ways to run: the fastest for plain runs, a fair one beneath a dashboard."""

from __future__ import annotations

import asyncio
import selectors
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
_EPOLLIN, _EPOLLOUT = 0x1, 0x4
EVENTS_AN_ITERATION = 6
"""Ready sockets a fair loop serves before it looks at keys and timers again.

A key needs seven or eight iterations to reach the screen, and a saturated iteration would serve every ready
socket first; epoll is level-triggered, so what is left over comes with the next one.
"""
READ_BYTES = 16_384
"""What a fair loop reads from a socket at once, at most.

asyncio asks for 256 KiB and gives back what was not filled. Replies of a kilobyte, kept until they are durable, so
leave holes that nothing fits into: over a million of them the memory of a dashboard's process grew by 40 %. uvloop
reads into a buffer of its own.
"""


def run_plain(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run without a dashboard, on uvloop where there is one."""
    try:
        import uvloop  # not installed on every platform
    except ImportError:
        return asyncio.run(main())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())


def run_fair(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run beneath a dashboard, on a loop that stays responsive while sockets keep it busy."""
    with asyncio.Runner(loop_factory=fair_event_loop) as runner:
        return runner.run(main())


def fair_event_loop() -> asyncio.AbstractEventLoop:
    """An asyncio loop that reads little at a time, over a selector that hands out few events where that can be."""
    return asyncio.new_event_loop() if sys.platform == "win32" else _FairLoop(_fair_selector())


class _FairLoop(asyncio.SelectorEventLoop):
    # asyncio offers no parameter for the size; where it makes its transports otherwise, the size stays its own.
    def _make_socket_transport(self, *args: Any, **options: Any) -> Any:
        base: Any = super()
        transport = base._make_socket_transport(*args, **options)
        transport.max_size = READ_BYTES
        return transport


def _fair_selector() -> selectors.BaseSelector | None:
    if not hasattr(selectors, "EpollSelector"):
        return None

    class FairSelector(selectors.EpollSelector):
        """Hands out at most `EVENTS_AN_ITERATION` events a call."""

        def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            # EpollSelector.select with a small `maxevents`; it offers no parameter for that.
            wait = -1.0 if timeout is None else max(0.0, timeout)
            try:
                polled: list[tuple[int, int]] = epoll.poll(wait, EVENTS_AN_ITERATION)
            except InterruptedError:
                return []
            ready: list[tuple[selectors.SelectorKey, int]] = []
            for fd, event in polled:
                key = keys.get(fd)
                if key is not None:
                    mask = (selectors.EVENT_WRITE if event & ~_EPOLLIN else 0) | (
                        selectors.EVENT_READ if event & ~_EPOLLOUT else 0
                    )
                    ready.append((key, mask & key.events))
            return ready

    selector = FairSelector()
    epoll: Any = getattr(selector, "_selector", None)
    keys: Any = getattr(selector, "_fd_to_key", None)
    if not hasattr(epoll, "poll") or not isinstance(keys, dict):
        selector.close()
        return None
    return selector
