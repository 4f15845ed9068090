"""What is to be made durable together, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..model import FailureKind, Hop, Reply, State

if TYPE_CHECKING:
    from .store import Store


@dataclass(frozen=True, slots=True)
class Accepted:
    """A row of the input, ready to be stored; texts hold no secret."""

    id: int
    state: State
    """QUEUED, or INVALID with a message."""
    line: int
    method: str
    url: str
    host: str
    row: str
    spec: str | None
    sealed: int
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Leased:
    """A request that the journal now holds as in flight, so that it may be sent."""

    id: int
    attempt: int
    """The number of the attempt it is leased for, 1-based."""
    tries: int
    """Charged attempts before this one."""
    line: int
    method: str
    url: str
    host: str
    row: str
    spec: str | None
    sealed: int


@dataclass(frozen=True, slots=True)
class Ended:
    """One attempt that has ended, and the state its request takes."""

    id: int
    attempt: int
    tries: int
    """Charged attempts, this one included where it is charged."""
    state: State
    started: float
    """Wall clock, seconds since the epoch."""
    elapsed_ms: float
    status: int | None
    kind: FailureKind | None
    message: str | None
    reply: Reply | None
    hops: tuple[Hop, ...]
    wire_bytes: int


@dataclass(slots=True)
class Change:
    """A piece of work on the store that runs inside the batch's transaction, and who waits for its result."""

    work: Callable[[Store], Any]
    result: asyncio.Future[Any] | None = None


@dataclass(slots=True)
class Batch:
    """One transaction to be; its parts are applied in the order of its fields."""

    accepted: list[Accepted] = field(default_factory=list[Accepted])
    rows_read: int | None = None
    """How many records of the input have been read, these included."""
    input_done: bool = False
    ended: list[Ended] = field(default_factory=list[Ended])
    changes: list[Change] = field(default_factory=list[Change])
    body_bytes: int = 0

    @property
    def empty(self) -> bool:
        """Whether there is nothing to commit."""
        return not (self.accepted or self.ended or self.changes or self.input_done)

    @property
    def size(self) -> int:
        """How many things wait in it."""
        return len(self.accepted) + len(self.ended)
