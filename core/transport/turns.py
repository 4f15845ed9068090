"""What arrives on many connections, handed on a few arrivals at a time, so that keys and timers come in between.

A loop serves every ready socket before it looks at anything else, and each reply is a tenth of a millisecond of
work: with a thousand of them a dashboard would stand still. Who sends only after a reply has been handed on gets
few new ones, too, so that a saturated loop never has more to do in one iteration than this lets through.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

from ..courtesy import ATTENDED_S, GIVES_WAY_S, Courtesy

UNSEEN = 64
"""Arrivals handed on in one iteration of the loop where nobody can type: timers alone are waited for."""
UNATTENDED = 16
"""The same where nobody has typed for a while. With 64 a request costs 2 % less, but with 2,000 in flight the paint of
the first key comes after 44 ms in the median, and at times after 200; with 16 after 25 and 70."""
ATTENDED = 4
"""The same while somebody types: 15 and 36 ms for each further key, and a request costs 2 % more."""
PAINTING = 1
"""The same while a key waits for its paint, which takes ten iterations."""


class Receiver(Protocol):
    """A connection whose octets wait for their turn."""

    def served(self) -> None:
        """Take in all that has arrived."""
        ...


class Turns:
    """Says who may take in what arrives at once, and calls the others later, in order."""

    def __init__(self, courtesy: Courtesy | None = None, most: int | None = None) -> None:
        """For connections of the running loop; at most `most` arrivals are let through in one iteration.

        `courtesy` tells when somebody types; None where nobody can.
        """
        if most is None:
            most = UNSEEN if courtesy is None else UNATTENDED
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
        most = self._most
        if self._courtesy is not None and (idle_s := self._courtesy.idle_s) < ATTENDED_S:
            most = min(PAINTING if idle_s < GIVES_WAY_S else ATTENDED, most)
        count = min(most, len(waiting))
        self._left = most - count
        if count:
            self._next = self._loop.call_soon(self._begin)
        for _ in range(count):
            waiting.popleft().served()
