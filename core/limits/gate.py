"""How many requests may be in flight: a live count of slots, resized and paused while requests are in flight."""

from __future__ import annotations

import math

from .hosts import HostLimits


class Gate:
    """Hands out slots to a scheduler that asks for them; nobody waits inside.

    Because there are no waiters, lowering the limit and raising it again cannot over-admit: a slot is
    granted only while `in_use < limit` at that moment. Lowering drains and never cancels.
    """

    def __init__(self, limit: int, hosts: HostLimits) -> None:
        """`limit` slots in all (1 at least); `hosts` says what each host may have of them."""
        self._limit = max(1, limit)
        self._in_use = 0
        self._paused = False
        self.hosts = hosts

    @property
    def limit(self) -> int:
        """How many slots there are; may be set at any time, 1 at least."""
        return self._limit

    @limit.setter
    def limit(self, limit: int) -> None:
        self._limit = max(1, limit)

    @property
    def in_use(self) -> int:
        """Slots taken; above `limit` while a lowered limit drains."""
        return self._in_use

    @property
    def paused(self) -> bool:
        """Whether no slot is granted, whatever is free; may be set at any time."""
        return self._paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        self._paused = paused

    @property
    def free(self) -> int:
        """Slots that could be granted now."""
        return 0 if self._paused else max(0, self._limit - self._in_use)

    def try_acquire(self, host: str, now: float) -> float:
        """Take a slot for a request to `host`: 0 where it was granted, else the seconds to wait.

        Infinity means until a slot is released or a limit is changed.
        """
        if self._paused or self._in_use >= self._limit:
            return math.inf
        wait = self.hosts.try_acquire(host, now)
        if wait == 0:
            self._in_use += 1
        return wait

    def release(self, host: str) -> None:
        """Give a slot back."""
        if self._in_use <= 0:
            raise RuntimeError("a slot was released that nobody held")
        self._in_use -= 1
        self.hosts.release(host)
