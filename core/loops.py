"""Event loops for the two ways to run: the fastest for plain runs, a fair one beneath a dashboard."""

from __future__ import annotations

import asyncio
import selectors
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
_EPOLLIN, _EPOLLOUT = 0x1, 0x4
EVENTS_AN_ITERATION = 4
"""Ready sockets a fair loop serves before it looks at keys and timers again.

A key needs seven or eight iterations to reach the screen, and a saturated iteration would serve every ready
socket first; epoll is level-triggered, so what is left over comes with the next one.
"""
READ_BYTES = 262_144
"""What a fair loop reads from a socket at once, at most: as much as asyncio does."""


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
    """An asyncio loop that is sparing of memory, over a selector that hands out few events where that can be."""
    return asyncio.new_event_loop() if sys.platform == "win32" else _FairLoop(_fair_selector())


class _FairLoop(asyncio.SelectorEventLoop):
    """Reads into one buffer, as uvloop does, and hands out as many octets as came.

    asyncio asks for 256 KiB for each read and gives back what was not filled. Replies of a kilobyte, kept until they
    are durable, so leave holes that nothing fits into: a million of them made a dashboard's memory grow by 40 %.
    """

    def __init__(self, selector: selectors.BaseSelector | None) -> None:
        super().__init__(selector)
        self._shared = memoryview(bytearray(READ_BYTES))

    # asyncio has no parameter for it; where it makes its transports otherwise, they read as they always do.
    def _make_socket_transport(
        self, sock: object, protocol: asyncio.BaseProtocol, *rest: Any, **more: Any
    ) -> Any:
        base: Any = super()
        transport = base._make_socket_transport(sock, protocol, *rest, **more)
        if isinstance(protocol, asyncio.Protocol):
            transport.set_protocol(_OneBuffer(protocol, self._shared))
        return transport


class _OneBuffer(asyncio.BufferedProtocol):
    """Stands between a transport and its protocol; the buffer is free again when `buffer_updated` returns."""

    def __init__(self, inner: asyncio.Protocol, shared: memoryview) -> None:
        self._shared = shared
        self._inner = inner
        # What need not be looked at goes straight through.
        self.connection_made = inner.connection_made
        self.connection_lost = inner.connection_lost
        self.eof_received = inner.eof_received
        self.pause_writing = inner.pause_writing
        self.resume_writing = inner.resume_writing

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._shared

    def buffer_updated(self, nbytes: int) -> None:
        self._inner.data_received(bytes(self._shared[:nbytes]))


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
