from __future__ import annotations

import math

import pytest
from fetchdeck.core.limits.gate import Gate
from fetchdeck.core.limits.hosts import HostLimits
from fetchdeck.core.limits.ready import ReadyQueue
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule


class GateMachine(RuleBasedStateMachine):
    """Any order of acquiring, releasing, resizing and pausing."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate(4, HostLimits(3))
        self.held: list[str] = []
        self.limit = 4
        self.paused = False

    @rule(host=st.sampled_from("abc"))
    def acquire(self, host: str) -> None:
        expected = not self.paused and len(self.held) < self.limit and self.held.count(host) < 3
        assert self.gate.try_acquire(host, 0.0) == (0.0 if expected else math.inf)
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
        assert (self.gate.limit, self.gate.in_use) == (self.limit, len(self.held))
        assert all(self.gate.hosts.in_use(host) == self.held.count(host) for host in "abc")
        assert self.gate.free == (0 if self.paused else max(0, self.limit - len(self.held)))


TestGate = GateMachine.TestCase


def test_lowering_below_what_is_held_and_raising_again_admits_only_up_to_the_new_limit() -> None:
    gate = Gate(10, HostLimits())
    assert sum(gate.try_acquire("h", 0.0) == 0 for _ in range(20)) == 10
    gate.limit = 3
    assert gate.try_acquire("h", 0.0) == math.inf
    for _ in range(5):
        gate.release("h")
    assert gate.try_acquire("h", 0.0) == math.inf
    gate.limit = 7
    assert sum(gate.try_acquire("h", 0.0) == 0 for _ in range(20)) == 2
    assert gate.in_use == 7


def test_a_slot_that_nobody_holds_cannot_be_released() -> None:
    with pytest.raises(RuntimeError, match="nobody held"):
        Gate(1, HostLimits()).release("h")


class Item:
    def __init__(self, host: str, number: int) -> None:
        self.host = host
        self.number = number


@given(st.lists(st.sampled_from("abcd"), max_size=60), st.integers(1, 3))
def test_the_ready_queue_hands_out_each_item_once_and_in_order_within_a_host(
    hosts: list[str], per_host: int
) -> None:
    gate, queue = Gate(5, HostLimits(per_host)), ReadyQueue[Item]()
    for number, host in enumerate(hosts):
        queue.push(Item(host, number))
    out: list[Item] = []
    held: list[Item] = []
    while len(queue):
        item = queue.pop(gate, 0.0)
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
    gate, queue = Gate(10, HostLimits(1)), ReadyQueue[Item]()
    for number, host in enumerate("aaab"):
        queue.push(Item(host, number))
    got = [queue.pop(gate, 0.0), queue.pop(gate, 0.0), queue.pop(gate, 0.0)]
    assert [item.number if item else None for item in got] == [0, 3, None]
    gate.release("a")
    queue.unblock("a")
    third = queue.pop(gate, 0.0)
    assert third is not None
    assert third.number == 1
    assert (len(queue), queue.available) == (1, 1)
    assert queue.pop(gate, 0.0) is None
    assert (len(queue), queue.available) == (1, 0)


def test_a_cooling_host_holds_no_slot_and_delays_no_other_host() -> None:
    gate, queue = Gate(10, HostLimits()), ReadyQueue[Item]()
    for number, host in enumerate("aab"):
        queue.push(Item(host, number))
    assert gate.hosts.cool("a", until=5.0, now=0.0)
    assert not gate.hosts.cool("a", until=4.0, now=0.0)
    taken = queue.pop(gate, 0.0)
    assert taken is not None
    assert taken.host == "b"
    assert queue.pop(gate, 4.9) is None
    assert (gate.in_use, queue.available, queue.next_wake()) == (1, 0, 5.0)
    again = queue.pop(gate, 5.0)
    assert again is not None
    assert again.host == "a"


def test_a_host_with_a_ration_starts_no_more_than_that_until_it_ends() -> None:
    gate, queue = Gate(100, HostLimits()), ReadyQueue[Item]()
    for number in range(8):
        queue.push(Item("a", number))
    assert not gate.hosts.ration("a", 2, until=5.0, now=0.0)
    assert [queue.pop(gate, 0.0) is not None for _ in range(3)] == [True, True, False]
    assert queue.next_wake() == 5.0
    assert not gate.hosts.ration("a", 0, until=5.0, now=1.0)
    assert gate.hosts.ration("a", 1, until=5.0, now=2.0)
    queue.reconsider("a")
    assert [queue.pop(gate, 2.0) is not None for _ in range(2)] == [True, False]
    assert all(queue.pop(gate, 5.0) for _ in range(5))


def test_a_paced_host_starts_at_its_pace_and_others_at_once() -> None:
    gate, queue = Gate(100, HostLimits()), ReadyQueue[Item]()
    gate.hosts.restrict("slow", None, 2.0, 0.0)
    for number in range(6):
        queue.push(Item("slow", number))
        queue.push(Item("fast", number))
    started: list[tuple[float, str]] = []
    for tick in range(40):
        now = tick / 10
        while (item := queue.pop(gate, now)) is not None:
            started.append((now, item.host))
    assert [now for now, host in started if host == "fast"] == [0.0] * 6
    assert [now for now, host in started if host == "slow"] == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]


def test_a_raised_limit_takes_effect_at_once() -> None:
    gate, queue = Gate(10, HostLimits()), ReadyQueue[Item]()
    gate.hosts.restrict("a", 1, None, 0.0)
    for number in range(3):
        queue.push(Item("a", number))
    assert queue.pop(gate, 0.0) is not None
    assert queue.pop(gate, 0.0) is None
    gate.hosts.restrict("a", 2, None, 0.0)
    queue.reconsider("a")
    assert queue.pop(gate, 0.0) is not None
    assert queue.pop(gate, 0.0) is None


def test_a_host_may_have_less_than_the_default_but_never_more() -> None:
    hosts = HostLimits(concurrency=3, rate=10.0)
    hosts.restrict("a", 5, 100.0, 0.0)
    limit = hosts.of("a")
    assert limit is not None
    assert (limit.concurrency, limit.pacer.per_second) == (3, 10.0)


def test_limits_of_hosts_long_past_are_forgotten() -> None:
    hosts = HostLimits(rate=1000.0)
    for number in range(25_000):
        host = f"h{number}"
        assert hosts.try_acquire(host, float(number)) == 0
        hosts.release(host)
    assert sum(hosts.of(f"h{number}") is not None for number in range(25_000)) <= 10_001


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.floats(0, 2)), max_size=60),
    st.dictionaries(st.sampled_from("abc"), st.tuples(st.integers(1, 3), st.floats(0.5, 50)), max_size=3),
)
def test_what_is_set_aside_is_never_lost(
    steps: list[tuple[str, bool, float]], limits: dict[str, tuple[int, float]]
) -> None:
    gate, queue = Gate(4, HostLimits()), ReadyQueue[Item]()
    for host, (concurrency, pace) in limits.items():
        gate.hosts.restrict(host, concurrency, pace, 0.0)
    now, pushed, out = 0.0, 0, 0
    held: list[Item] = []
    for host, arrives, passed in steps:
        now += passed
        if arrives:
            queue.push(Item(host, pushed))
            pushed += 1
        elif held:
            done = held.pop(0)
            gate.release(done.host)
            queue.unblock(done.host)
        while (item := queue.pop(gate, now)) is not None:
            held.append(item)
            out += 1
        assert 0 <= queue.available <= len(queue) == pushed - out
    for _ in range(10 * pushed + 10):
        now += 2.0
        while (item := queue.pop(gate, now)) is not None:
            held.append(item)
            out += 1
        while held:
            done = held.pop()
            gate.release(done.host)
            queue.unblock(done.host)
    assert (out, len(queue)) == (pushed, 0)
