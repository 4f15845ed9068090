"""The states of a run as a whole, and what moves it from one to the next."""

from __future__ import annotations

from msgspec import Struct

from ..snapshot import RunState


class Facts(Struct, frozen=True):
    """What decides whether a run goes on."""

    pending: int
    """Requests without a terminal state, as the journal has them."""
    idle: bool
    """Nothing is in flight, and nothing waits to be made durable."""
    reading: bool
    """The input is still being read."""
    input_known: bool
    """The input has been read to its end."""
    leaving: bool = False
    """Nothing more is started, because the run is being left."""


def settled(state: RunState, facts: Facts) -> RunState:
    """The state a run takes by itself, given the facts; commands move it from running to paused and draining."""
    if state in (RunState.FINISHED, RunState.INTERRUPTED):
        if not facts.pending:
            return state
        return RunState.INTERRUPTED if facts.leaving else RunState.RUNNING
    over = facts.idle and not facts.pending and not facts.reading
    if over and facts.input_known:
        return RunState.FINISHED
    if over or (state is RunState.DRAINING and facts.idle):
        return RunState.INTERRUPTED
    return state
