from __future__ import annotations

import pytest
from fetchdeck.core.model import FailureKind, Fault, Hop, Reply
from fetchdeck.core.policies.outage import OutageWatch, reached, unreached
from hypothesis import given
from hypothesis import strategies as st

REPLY = Reply(503, b"", b"", 0, 0.1, "")


@pytest.mark.parametrize(
    ("outcome", "sign"),
    [
        (REPLY, True),
        (Fault(FailureKind.DNS, ""), False),
        (Fault(FailureKind.CONNECT, ""), False),
        (Fault(FailureKind.CONNECT_TIMEOUT, ""), False),
        (Fault(FailureKind.TIMEOUT, ""), False),
        (Fault(FailureKind.TIMEOUT, "", wire_bytes=1), True),
        (Fault(FailureKind.RESET, "", status=200), True),
        (Fault(FailureKind.DNS, "", hops=(Hop("http://a/", 302),)), True),
        (Fault(FailureKind.PROXY, ""), False),
        (Fault(FailureKind.PROXY, "", status=407), True),
        (Fault(FailureKind.TLS, ""), True),
        (Fault(FailureKind.PROTOCOL, ""), True),
        (Fault(FailureKind.LOCAL, ""), None),
        (Fault(FailureKind.DISK, "", wire_bytes=0), None),
        (Fault(FailureKind.INTERRUPTED, ""), None),
        (Fault(FailureKind.UNEXPECTED, ""), None),
    ],
)
def test_what_an_attempt_tells_of_the_network(outcome: Reply | Fault, sign: bool | None) -> None:
    assert reached(outcome) is sign
    if isinstance(outcome, Fault):
        assert unreached(outcome) is (sign is False)


@given(st.sampled_from(FailureKind), st.none() | st.integers(200, 599), st.integers(0, 2))
def test_a_sign_of_life_and_its_absence_exclude_each_other(
    kind: FailureKind, status: int | None, octets: int
) -> None:
    fault = Fault(kind, "", octets, (), status)
    assert not (reached(fault) and unreached(fault))


def failing(watch: OutageWatch, requests: range, host: str = "a", now: float = 0.0) -> None:
    for request in requests:
        watch.unreached(request, host, f"http://{host}/", now)


def test_the_same_request_counts_once() -> None:
    watch = OutageWatch()
    watch.reached("a", "http://a/")
    for _ in range(10):
        failing(watch, range(4))
    assert not watch.due(0.0)
    failing(watch, range(5))
    assert watch.due(0.0)


def test_it_takes_more_while_nothing_has_been_reached() -> None:
    watch = OutageWatch()
    failing(watch, range(19))
    assert not watch.due(0.0)
    failing(watch, range(20))
    assert watch.due(0.0)


@given(st.lists(st.booleans(), max_size=200))
def test_it_is_due_only_after_five_failures_in_a_row(signs: list[bool]) -> None:
    watch = OutageWatch()
    watch.reached("a", "http://a/")
    row = 0
    for request, sign in enumerate(signs):
        if sign:
            watch.reached("a", "http://a/")
            row = 0
        else:
            failing(watch, range(request, request + 1), "b")
            row += 1
        assert watch.due(0.0) is (row >= 5)


def test_hosts_that_fail_while_the_network_is_up_do_not_count_for_a_minute() -> None:
    watch = OutageWatch()
    watch.reached("a", "http://a/")
    failing(watch, range(5), "dead")
    watch.cleared(0.0)
    failing(watch, range(5, 50), "dead", now=10.0)
    assert not watch.due(10.0)
    failing(watch, range(50, 55), "other", now=10.0)
    assert watch.due(10.0)
    failing(watch, range(60, 65), "dead", now=61.0)
    assert watch.due(61.0)


def test_a_host_that_answers_again_counts_at_once() -> None:
    watch = OutageWatch()
    watch.reached("a", "http://a/")
    failing(watch, range(5), "dead")
    watch.cleared(0.0)
    watch.reached("dead", "http://dead/")
    failing(watch, range(5, 10), "dead", now=6.0)
    assert watch.due(6.0)


def test_the_network_is_looked_at_every_five_seconds_at_most() -> None:
    watch = OutageWatch()
    watch.reached("a", "http://a/")
    failing(watch, range(5))
    watch.cleared(0.0)
    failing(watch, range(5, 10), "b", now=1.0)
    assert not watch.due(4.9)
    assert watch.due(5.0)


def test_suspects_are_few_and_include_hosts_known_to_work() -> None:
    watch = OutageWatch()
    for host in "abcdef":
        watch.reached(host, f"http://{host}/")
    for request in range(3000):
        failing(watch, range(request, request + 1), f"dead{request}")
    suspects = list(watch.suspects())
    assert len(suspects) <= 8
    assert {"http://e/", "http://f/", "http://dead0/"} <= set(suspects)


def test_after_a_user_went_on_nothing_is_due_until_a_host_is_reached() -> None:
    watch = OutageWatch()
    watch.reached("a", "http://a/")
    watch.dismissed = True
    failing(watch, range(50))
    assert not watch.due(0.0)
    watch.reached("a", "http://a/")
    failing(watch, range(50))
    assert watch.due(0.0)


def test_the_last_few_requests_are_enough_once_a_host_has_been_reached() -> None:
    watch = OutageWatch()
    watch.unreached(1, "a", "http://a/1", 0.0)
    watch.unreached(2, "a", "http://a/2", 0.0)
    assert not watch.due(0.0, pending=2)
    watch.reached("a", "http://a/")
    watch.unreached(1, "a", "http://a/1", 1.0)
    assert not watch.due(1.0, pending=2)
    watch.unreached(2, "a", "http://a/2", 1.0)
    assert watch.due(1.0, pending=2)
