"""Requests that wait for a slot: host by host in turn, passing over hosts that may start nothing now."""

from __future__ import annotations

import heapq
import math
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
    """A queue per host, served in turn; a host that may start nothing is set aside until it may.

    Each operation is O(1) amortised (O(log n) for hosts that wait for a moment), also when thousands of hosts are
    at their limits.
    """

    def __init__(self) -> None:
        self._queues: dict[str, deque[T]] = {}
        self._turns: deque[str] = deque()
        self._aside: dict[str, float] = {}
        """Hosts set aside, each with the moment until which; infinity: until `unblock`."""
        self._wakes: list[tuple[float, str]] = []
        self._size = 0
        self._set_aside = 0

    def __len__(self) -> int:
        return self._size

    @property
    def available(self) -> int:
        """How many are not known to wait for their host."""
        return self._size - self._set_aside

    @property
    def hosts_aside(self) -> int:
        """How many hosts are known to start nothing now."""
        return len(self._aside)

    def next_host(self) -> tuple[float, str] | None:
        """The first of the hosts set aside that may start again, and when; None where none waits for a moment."""
        while self._wakes:
            when, host = self._wakes[0]
            if self._aside.get(host) == when:
                return when, host
            heapq.heappop(self._wakes)
        return None

    def next_wake(self) -> float | None:
        """The moment when the first of the hosts set aside may start again, None where none waits for a moment."""
        found = self.next_host()
        return None if found is None else found[0]

    def crowded(self, most: int) -> frozenset[str]:
        """Hosts set aside that have more than this many here."""
        return frozenset(host for host in self._aside if len(self._queues[host]) > most)

    def clear(self) -> list[T]:
        """Take out all, whatever their hosts may do."""
        found = [item for queue in self._queues.values() for item in queue]
        for state in (self._queues, self._turns, self._aside, self._wakes):
            state.clear()
        self._size = self._set_aside = 0
        return found

    def push(self, item: T) -> None:
        """Add one at the end of its host's queue."""
        host = item.host
        queue = self._queues.get(host)
        if queue is None:
            queue = self._queues[host] = deque()
            self._turns.append(host)
        queue.append(item)
        self._size += 1
        self._set_aside += host in self._aside

    def pop(self, gate: Gate, now: float) -> T | None:
        """Take the next one that may start, and its slot with it; None if there is none."""
        if self._wakes:
            self._wake(now)
        turns = self._turns
        while turns:
            host = turns[0]
            wait = gate.try_acquire(host, now)
            if wait:
                if not gate.free:
                    return None
                self._put_aside(host, now + wait)
                continue
            queue = self._queues[host]
            item = queue.popleft()
            self._size -= 1
            turns.popleft()
            if queue:
                turns.append(host)
            else:
                del self._queues[host]
            return item
        return None

    def unblock(self, host: str) -> None:
        """Take a host's queue into the round again where it waits for a slot, because one was released."""
        if self._aside and self._aside.get(host) == math.inf:
            self.reconsider(host)

    def reconsider(self, host: str) -> None:
        """Take a host's queue into the round again whatever it waits for, because its limits have changed."""
        if self._aside.pop(host, None) is not None:
            self._set_aside -= len(self._queues[host])
            self._turns.append(host)

    def _put_aside(self, host: str, until: float) -> None:
        self._turns.popleft()
        self._aside[host] = until
        self._set_aside += len(self._queues[host])
        if until < math.inf:
            heapq.heappush(self._wakes, (until, host))

    def _wake(self, now: float) -> None:
        while self._wakes and self._wakes[0][0] <= now:
            when, host = heapq.heappop(self._wakes)
            if self._aside.get(host) == when:
                self.reconsider(host)
