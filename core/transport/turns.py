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

ARRIVALS_A_TURN = 64
"""Arrivals handed on in one iteration of the loop; with 4 a request costs a twentieth more."""
_WHILE_TYPED = 1
"""The same while a key waits for its paint, which takes ten iterations. The iteration in which it is pressed ends."""


class Receiver(Protocol):
    """A connection whose octets wait for their turn."""

    def served(self) -> None:
        """Take in all that has arrived."""
        ...


class Turns:
    """Says who may take in what arrives at once, and calls the others later, in order."""

    def __init__(self, courtesy: Courtesy | None = None, most: int = ARRIVALS_A_TURN) -> None:
        """For connections of the running loop; `most` arrivals are let through in one iteration.

        `courtesy` tells when somebody types; None where nobody can.
        """
        self._loop = asyncio.get_running_loop()
        self._courtesy = courtesy or Courtesy()
        self._most = self._left = most
        self._waiting: deque[Receiver] = deque()
        self._next: asyncio.Handle | None = None

    def granted(self, receiver: Receiver) -> bool:
        """Whether the receiver may go on at once; otherwise it is called later."""
        if self._next is None:
            self._next = self._loop.call_soon(self._begin)
        if self._left and not self._courtesy.asked:
            self._left -= 1
            return True
        self._waiting.append(receiver)
        return False

    def _begin(self) -> None:
        """Another iteration: those that wait come first."""
        self._next = None
        waiting = self._waiting
        most = min(_WHILE_TYPED, self._most) if self._courtesy.due else self._most
        count = min(most, len(waiting))
        self._left = most - count
        if count:
            self._next = self._loop.call_soon(self._begin)
        for done in range(count):
            if done >= _WHILE_TYPED and self._courtesy.asked:
                break
            waiting.popleft().served()
