"""What is kept of hosts: bounded, cheap for each new one, and nothing of it in force once nobody holds it."""

from __future__ import annotations

import pytest
from fetchdeck.core.engine import governors
from fetchdeck.core.engine.governors import START, Governors
from fetchdeck.core.engine.host_care import HostCare
from fetchdeck.core.engine.ticket import Flight, Ticket
from fetchdeck.core.limits import hosts
from fetchdeck.core.limits.hosts import HostLimits
from fetchdeck.core.model import FailureKind, Fault, Reply, Request
from fetchdeck.core.policies import breaker
from fetchdeck.core.policies.breaker import Breakers
from fetchdeck.core.policies.governor import Bounds, Signal

MOST = 20


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for few hosts."""
    monkeypatch.setattr(hosts, "_MOST_KEPT", MOST)
    monkeypatch.setattr(governors, "_MOST_HOSTS", MOST)
    monkeypatch.setattr(breaker, "_MOST_HOSTS", MOST)


def governed(limits: HostLimits) -> Governors:
    found = Governors(limits, Bounds(1, 1000), lambda *_: None, lambda _: None)
    found.switch(True, 0.0)
    return found


def visit(limits: HostLimits, found: Governors, host: str, now: float) -> None:
    assert limits.try_acquire(host, now) == 0
    limits.release(host)
    found.landed(host, Signal.ACCEPTED, 0.1, now)


@pytest.mark.usefixtures("few")
def test_governed_hosts_that_were_visited_once_are_forgotten() -> None:
    limits = HostLimits()
    found = governed(limits)
    for number in range(50 * MOST):
        visit(limits, found, f"host-{number}", 0.0)
    assert len(limits.limited) <= 3 * MOST


@pytest.mark.usefixtures("few")
def test_no_host_stays_restricted_when_the_governor_is_switched_off() -> None:
    limits = HostLimits()
    found = governed(limits)
    for number in range(5 * MOST):
        visit(limits, found, f"host-{number}", 0.0)
    limits.cool("never-asked", 5.0, 0.0)
    found.switch(False, 1.0)
    kept = [limits.of(host) for host in limits.limited]
    assert {limit.most for limit in kept if limit is not None} == {None}


@pytest.mark.usefixtures("few")
def test_hosts_that_must_be_kept_are_not_looked_through_for_each_new_one() -> None:
    class Counting(HostLimits):
        looks = 0

        def _forget(self, now: float) -> None:
            self.looks += 1
            super()._forget(now)

    limits = Counting()
    for number in range(64 * MOST):
        limits.cool(f"host-{number}", 60.0, 0.0)
    assert limits.looks <= 8


@pytest.mark.usefixtures("few")
def test_a_host_whose_breaker_was_forgotten_is_confined_no_longer() -> None:
    limits = HostLimits()
    off = Governors(limits, Bounds(1, 1000), lambda *_: None, lambda _: None)
    care = HostCare(limits, off, Breakers(), lambda *_: None, lambda _: None)

    def landed(host: str, outcome: Reply | Fault, now: float) -> None:
        ticket = Ticket(0, Request("GET", ""), "", host, 1, 0, 1)
        care.landed(Flight(ticket, now, now), outcome, None, now, refused=False)

    lost = Fault(FailureKind.CONNECT, "refused")
    for second in range(12):
        landed("down", lost, float(second))
    confined = limits.of("down")
    assert confined is not None
    assert confined.confined == 1
    for number in range(2 * MOST):
        landed(f"other-{number}", lost, 20.0)
    landed("down", Reply(200, b"", b"", 0, 0.1, ""), 30.0)
    assert confined.confined is None


def test_a_host_that_is_new_to_the_governor_begins_low() -> None:
    limits = HostLimits()
    limits.cool("known", 1.0, 0.0)
    found = governed(limits)
    known = limits.of("known")
    assert known is not None
    assert known.most == found.granted == START
