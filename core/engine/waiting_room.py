"""Requests that wait for a retry, holding no slot, by the moment they are due."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable

from .ticket import Ticket


class WaitingRoom:
    """A heap of due times; whoever is taken out early leaves an entry that is passed over when its time comes."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Ticket]] = []
        self._waiting: dict[int, Ticket] = {}
        self._order = itertools.count()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def next_due(self) -> float | None:
        """When the first one may be due, on the loop's clock; None while nobody waits."""
        return self._due[0][0] if self._due else None

    def add(self, ticket: Ticket, due: float) -> None:
        """Have one wait."""
        self._waiting[ticket.id] = ticket
        heapq.heappush(self._due, (due, next(self._order), ticket))

    def drop(self, ids: Iterable[int]) -> None:
        """Forget these."""
        for request in ids:
            self._waiting.pop(request, None)

    def ripe(self, now: float) -> list[Ticket]:
        """Take out those that are due."""
        found: list[Ticket] = []
        while self._due and self._due[0][0] <= now:
            ticket = heapq.heappop(self._due)[2]
            if self._waiting.get(ticket.id) is ticket:
                del self._waiting[ticket.id]
                found.append(ticket)
        return found

    def clear(self) -> list[int]:
        """Forget all; which they were."""
        found = list(self._waiting)
        self._waiting.clear()
        self._due.clear()
        return found
