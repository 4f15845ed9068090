"""The concurrency limit: a live count of slots, resized and paused while requests are in flight."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GateStatistics:
    """The gate at one moment."""

    limit: int
    in_use: int
    paused: bool


class Gate:
    """Hands out slots to a scheduler that asks for them; nobody waits inside.

    Because there are no waiters, lowering the limit and raising it again cannot over-admit: a slot is
    granted only while `in_use < limit` at that moment. Lowering drains and never cancels.
    """

    def __init__(self, limit: int, per_host: int | None = None) -> None:
        """`limit` slots in all, `per_host` of them to one host (None: no such limit); both 1 at least."""
        self._limit = max(1, limit)
        self._per_host = per_host
        self._in_use = 0
        self._hosts: dict[str, int] = {}
        self._paused = False

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

    def has_room_for(self, host: str) -> bool:
        """Whether the host's own limit leaves a slot."""
        return self._per_host is None or self._hosts.get(host, 0) < self._per_host

    def try_acquire(self, host: str) -> bool:
        """Take a slot for a request to `host`, if both limits allow it."""
        if self._paused or self._in_use >= self._limit or not self.has_room_for(host):
            return False
        self._in_use += 1
        if self._per_host is not None:
            self._hosts[host] = self._hosts.get(host, 0) + 1
        return True

    def release(self, host: str) -> None:
        """Give a slot back."""
        if self._in_use <= 0:
            raise RuntimeError("a slot was released that nobody held")
        self._in_use -= 1
        if self._per_host is not None:
            left = self._hosts[host] - 1
            if left:
                self._hosts[host] = left
            else:
                del self._hosts[host]

    def statistics(self) -> GateStatistics:
        """A frozen view of the gate."""
        return GateStatistics(self._limit, self._in_use, self._paused)
