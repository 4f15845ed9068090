"""What making a connection passes through, and what each part takes; a reused connection costs none of this."""

from __future__ import annotations

import time
from contextvars import ContextVar

from ..model import ConnectTimes, Phase, Progress

making: ContextVar[ConnectWatch] = ContextVar("making")
"""The connection that is being made in this task; what aiohttp calls on the way cannot be told otherwise."""


class ConnectWatch:
    """Times the parts of one connection in the making, and tells the attempt's progress where it is.

    Parts add up over the addresses that are tried, and over the hops of an attempt.
    """

    def __init__(self, progress: Progress, *, tls: bool, tunnel: bool) -> None:
        """`tls` is whether there will be a handshake, `tunnel` whether a proxy first opens a tunnel for it."""
        self._progress = progress
        self._times = progress.times = progress.times or ConnectTimes()
        self._tls = tls
        self._tunnel = tunnel
        self._part: Phase | None = None
        self._since = 0.0

    def enter(self, part: Phase) -> None:
        """DNS, CONNECT or TLS begins; what went on before has ended."""
        self.leave()
        self._progress.phase = self._part = part
        self._since = time.monotonic()

    def leave(self, *, counts: bool = True) -> None:
        """What went on has ended, well or not; it took no time where it does not count."""
        part, self._part = self._part, None
        if part is None or not counts:
            return
        took, times = time.monotonic() - self._since, self._times
        if part is Phase.DNS:
            times.dns_s = (times.dns_s or 0.0) + took
        elif part is Phase.CONNECT:
            times.connect_s = (times.connect_s or 0.0) + took
        else:
            times.tls_s = (times.tls_s or 0.0) + took

    def protocol_made(self) -> None:
        """The connector makes a protocol: TCP is connected, or a proxy has opened its tunnel."""
        if self._tunnel:
            self._tunnel = False  # the proxy's answer is awaited: still connecting
        elif self._tls:
            self.enter(Phase.TLS)
        else:
            self.leave()
