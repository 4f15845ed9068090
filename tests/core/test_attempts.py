"""Attempts that have ended are landed together, few at a time while somebody types."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from fetchdeck.core.courtesy import ATTENDED, ATTENDED_S, GIVES_WAY_S, PAINTING, Courtesy
from fetchdeck.core.engine.attempts import Attempts
from fetchdeck.core.engine.ticket import Flight, Ticket
from fetchdeck.core.model import FailureKind, Fault, Outcome, Request

from ..support.clock import Clock


class Refusing:
    """A transport on which every attempt ends before it began."""

    def start(self, *_: object) -> Any:
        raise RuntimeError


async def test_few_are_landed_at_once_while_somebody_types() -> None:
    clock, landed = Clock(), list[Outcome | None]()
    courtesy = Courtesy(clock)
    attempts = Attempts(
        cast("Any", Refusing()),
        cast("Any", None),
        courtesy,
        None,
        lambda _, end: landed.append(end),
        lambda: None,
    )
    for number in range(100):
        attempts.start(
            Flight(Ticket(number, Request("GET", "http://h/"), "http://h/", "h", 1, 0, 1), 0.0, 0.0)
        )
    courtesy.give_way()
    for passes_s, count in ((0.0, PAINTING), (GIVES_WAY_S, ATTENDED), (ATTENDED_S, 64)):
        clock.now += passes_s
        before = len(landed)
        await asyncio.sleep(0)
        assert len(landed) - before == count
    await asyncio.sleep(0)
    assert landed == [Fault(FailureKind.UNEXPECTED, "RuntimeError")] * 100
