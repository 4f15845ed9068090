"""Requests that wait for a slot: first come, first served, passing over hosts that have no room."""

from __future__ import annotations

from collections import deque
from typing import Generic, Protocol, TypeVar

from .gate import Gate


class HasHost(Protocol):
    """Anything bound for one host."""

    @property
    def host(self) -> str:
        """Host and port."""
        ...


T = TypeVar("T", bound=HasHost)


class ReadyQueue(Generic[T]):
    """A queue per host, served in turn; a host without room is set aside until it is `unblocked`.

    Each operation is O(1) amortised, also when thousands of hosts are at their limit.
    """

    def __init__(self, *, by_host: bool) -> None:
        """With `by_host` false there is one queue for all, in order of arrival."""
        self._by_host = by_host
        self._queues: dict[str, deque[T]] = {}
        self._turns: deque[str] = deque()
        self._blocked: set[str] = set()
        self._size = 0
        self._set_aside = 0

    def __len__(self) -> int:
        return self._size

    @property
    def available(self) -> int:
        """How many are not known to wait for their host."""
        return self._size - self._set_aside

    def push(self, item: T) -> None:
        """Add one at the end of its host's queue."""
        host = item.host if self._by_host else ""
        queue = self._queues.get(host)
        if queue is None:
            queue = self._queues[host] = deque()
            self._turns.append(host)
        queue.append(item)
        self._size += 1
        self._set_aside += host in self._blocked

    def pop(self, gate: Gate) -> T | None:
        """Take the next one whose host has room, and its slot with it; None if there is none."""
        turns = self._turns
        while turns:
            host = turns[0]
            queue = self._queues[host]
            if not gate.try_acquire(queue[0].host):
                if gate.free == 0:
                    return None
                self._blocked.add(turns.popleft())
                self._set_aside += len(queue)
                continue
            item = queue.popleft()
            self._size -= 1
            if not queue:
                del self._queues[host]
                turns.popleft()
            elif self._by_host:
                turns.rotate(-1)
            return item
        return None

    def unblock(self, host: str) -> None:
        """Take a host's queue into the round again, because one of its slots was released."""
        if host in self._blocked:
            self._blocked.remove(host)
            self._set_aside -= len(self._queues[host])
            self._turns.append(host)
