"""Replies as scripts: what a misbehaving server writes, waits for and breaks off, octet by octet."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Send:
    """Write these octets."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Drip:
    """Write these octets again and again, `times` times or until the client leaves."""

    data: bytes
    times: int | None = None
    every_s: float = 0.0
    """Seconds between two writes; 0 writes as fast as they are taken."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Go on when the event is set; without one, when the client leaves."""

    event: asyncio.Event | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Go on after so many seconds of the loop's clock."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Signal:
    """Set an event, so that others know that the script has come this far."""

    event: asyncio.Event


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection in order (FIN)."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Abort the connection (RST)."""


Step = Send | Drip | Wait | Pause | Signal | Close | Reset
Script = Sequence[Step]


class Peer(Protocol):
    """The server's end of one connection."""

    @property
    def gone(self) -> bool:
        """Whether the client has left."""
        ...

    async def send(self, data: bytes) -> None:
        """Write octets; returns when there is room for more."""
        ...

    async def left(self) -> None:
        """Return when the client has left."""
        ...

    def reset(self) -> None:
        """Abort the connection with RST."""
        ...


async def play(script: Script, peer: Peer) -> bool:
    """Play a script to its end; whether the connection may serve another request.

    Closing after False is the caller's part. Raises ConnectionError where the client left in the middle.
    """
    for step in script:
        match step:
            case Send(data):
                await peer.send(data)
            case Drip():
                await _drip(step, peer)
            case Wait(event):
                await (event.wait() if event is not None else peer.left())
            case Pause(seconds):
                await asyncio.sleep(seconds)
            case Signal(event):
                event.set()
            case Close():
                return False
            case Reset():
                peer.reset()
                return False
    return True


async def _drip(step: Drip, peer: Peer) -> None:
    sent = 0
    while sent != step.times and not peer.gone:
        await peer.send(step.data)
        await asyncio.sleep(step.every_s)
        sent += 1
