"""What arrives on many connections, handed on a few arrivals at a time, so that keys and timers come in between.

A loop serves every ready socket before it looks at anything else, and each reply is a tenth of a millisecond of
work: with a thousand of them a dashboard would stand still. Who sends only after a reply has been handed on gets
few new ones, too, so that a saturated loop never has more to do in one iteration than this lets through.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

from ..courtesy import Courtesy

MOST = 64
"""Arrivals handed on in one iteration of the loop, unless somebody types. With 16 a request costs 4 % more at 100 in
flight and 6 % at 2,000; the first key after a while is painted 5 ms sooner, within 15 ms in the median as it is."""


class Receiver(Protocol):
    """A connection whose octets wait for their turn."""

    def served(self) -> None:
        """Take in all that has arrived."""
        ...


class Turns:
    """Says who may take in what arrives at once, and calls the others later, in order."""

    def __init__(self, courtesy: Courtesy, most: int = MOST) -> None:
        """For connections of the running loop; at most `most` arrivals are let through in one iteration.

        `courtesy` tells when somebody types.
        """
        self._loop = asyncio.get_running_loop()
        self._courtesy = courtesy
        self._most = self._left = most
        self._waiting: deque[Receiver] = deque()
        self._next: asyncio.Handle | None = None

    def granted(self, receiver: Receiver) -> bool:
        """Whether the receiver may go on at once; otherwise it is called later."""
        if self._next is None:
            self._next = self._loop.call_soon(self._begin)
        if self._left:
            self._left -= 1
            return True
        self._waiting.append(receiver)
        return False

    def _begin(self) -> None:
        """Another iteration: those that wait come first."""
        self._next = None
        waiting = self._waiting
        most = self._courtesy.at_once(self._most)
        count = min(most, len(waiting))
        self._left = most - count
        if count:
            self._next = self._loop.call_soon(self._begin)
        for _ in range(count):
            waiting.popleft().served()
