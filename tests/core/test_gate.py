from __future__ import annotations

import pytest
from fetchdeck.core.limits.gate import Gate, GateStatistics
from fetchdeck.core.limits.ready import ReadyQueue
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule


class GateMachine(RuleBasedStateMachine):
    """Any order of acquiring, releasing, resizing and pausing."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate(4, per_host=3)
        self.held: list[str] = []
        self.limit = 4
        self.paused = False

    @rule(host=st.sampled_from("abc"))
    def acquire(self, host: str) -> None:
        expected = not self.paused and len(self.held) < self.limit and self.held.count(host) < 3
        assert self.gate.try_acquire(host) is expected
        if expected:
            self.held.append(host)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        host = data.draw(st.sampled_from(self.held))
        self.held.remove(host)
        self.gate.release(host)

    @rule(limit=st.integers(-2, 12))
    def resize(self, limit: int) -> None:
        self.gate.limit = limit
        self.limit = max(1, limit)

    @rule(paused=st.booleans())
    def pause(self, paused: bool) -> None:
        self.gate.paused = paused
        self.paused = paused

    @invariant()
    def never_over_admits(self) -> None:
        assert self.gate.statistics() == GateStatistics(self.limit, len(self.held), self.paused)
        assert self.gate.free == (0 if self.paused else max(0, self.limit - len(self.held)))


TestGate = GateMachine.TestCase


def test_lowering_below_what_is_held_and_raising_again_admits_only_up_to_the_new_limit() -> None:
    gate = Gate(10)
    assert sum(gate.try_acquire("h") for _ in range(20)) == 10
    gate.limit = 3
    assert not gate.try_acquire("h")
    for _ in range(5):
        gate.release("h")
    assert not gate.try_acquire("h")
    gate.limit = 7
    assert sum(gate.try_acquire("h") for _ in range(20)) == 2
    assert gate.in_use == 7


def test_a_slot_that_nobody_holds_cannot_be_released() -> None:
    with pytest.raises(RuntimeError, match="nobody held"):
        Gate(1).release("h")


class Item:
    def __init__(self, host: str, number: int) -> None:
        self.host = host
        self.number = number


@given(st.lists(st.sampled_from("abcd"), max_size=60), st.integers(1, 3))
def test_the_ready_queue_hands_out_each_item_once_and_in_order_within_a_host(
    hosts: list[str], per_host: int
) -> None:
    gate, queue = Gate(5, per_host), ReadyQueue[Item](by_host=True)
    for number, host in enumerate(hosts):
        queue.push(Item(host, number))
    out: list[Item] = []
    held: list[Item] = []
    while len(queue):
        item = queue.pop(gate)
        if item is None:
            assert held, "nothing is held, so something must be free"
            done = held.pop(0)
            gate.release(done.host)
            queue.unblock(done.host)
            continue
        assert all(sum(one.host == host for one in [*held, item]) <= per_host for host in hosts)
        held.append(item)
        out.append(item)
    assert sorted(item.number for item in out) == list(range(len(hosts)))
    for host in set(hosts):
        numbers = [item.number for item in out if item.host == host]
        assert numbers == sorted(numbers)


def test_a_full_host_delays_no_other_host() -> None:
    gate, queue = Gate(10, per_host=1), ReadyQueue[Item](by_host=True)
    for number, host in enumerate("aaab"):
        queue.push(Item(host, number))
    got = [queue.pop(gate), queue.pop(gate), queue.pop(gate)]
    assert [item.number if item else None for item in got] == [0, 3, None]
    gate.release("a")
    queue.unblock("a")
    third = queue.pop(gate)
    assert third is not None
    assert third.number == 1
    assert (len(queue), queue.available) == (1, 1)
    assert queue.pop(gate) is None
    assert (len(queue), queue.available) == (1, 0)
