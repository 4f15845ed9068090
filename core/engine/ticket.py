"""A request on its way through the engine."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ..model import Progress, Request


@dataclass(slots=True)
class Ticket:
    """A leased request: what to send, and what has been charged for it so far."""

    id: int
    request: Request
    url: str
    """Masked."""
    host: str
    attempt: int
    """The number of the attempt it is leased for, 1-based."""
    tries: int
    """Charged attempts before this one."""


@dataclass(slots=True)
class Flight:
    """One attempt under way; it holds a slot."""

    ticket: Ticket
    started: float
    """On the loop's clock."""
    started_at: float
    """Wall clock, seconds since the epoch."""
    progress: Progress = field(default_factory=Progress)
    task: asyncio.Task[None] | None = None
    abandoned: bool = False
    """It was cancelled because the run is left, not because a user wanted this request gone."""
