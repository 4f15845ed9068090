from __future__ import annotations

import pytest
from fetchdeck.core.model import FailureKind, Fault, Hop, Reply
from fetchdeck.core.policies.breaker import Breakers, Sign, sign
from hypothesis import given
from hypothesis import strategies as st

HOP = (Hop("http://a/", 302),)


def fail(breakers: Breakers, now: float, times: int = 1, sign: Sign = Sign.LOST) -> list[str]:
    facts = [breakers.ended("h", sign, now, now) for _ in range(times)]
    return [fact for fact in facts if fact]


@pytest.mark.parametrize(
    ("status", "expected"),
    [(200, Sign.ANSWERED), (404, Sign.ANSWERED), (429, Sign.ANSWERED), (500, Sign.SERVER_ERROR)],
)
def test_every_answer_below_500_is_a_sign_of_life(status: int, expected: Sign) -> None:
    assert sign(Reply(status, b"", b"", 0, 0.0, "")) is expected


def test_what_other_hosts_do_says_nothing() -> None:
    assert sign(Reply(503, b"", b"", 0, 0.0, "", hops=HOP)) is Sign.NOTHING
    assert sign(Fault(FailureKind.CONNECT, "", hops=HOP)) is Sign.NOTHING
    assert sign(None) is Sign.NOTHING


@given(st.sampled_from(FailureKind))
def test_our_own_faults_and_broken_answers_are_never_held_against_a_host(kind: FailureKind) -> None:
    expected = kind in (
        FailureKind.DNS,
        FailureKind.CONNECT,
        FailureKind.CONNECT_TIMEOUT,
        FailureKind.TIMEOUT,
        FailureKind.RESET,
    )
    assert sign(Fault(kind, "")) is (Sign.LOST if expected else Sign.NOTHING)


def test_it_opens_probes_and_closes() -> None:
    breakers = Breakers(least_s=0)
    assert fail(breakers, 0.0, 9) == []
    assert (breakers.allows("h", 0.0), breakers.limit("h")) == (0, None)
    assert fail(breakers, 1.0) == ["h: 10 attempts in a row failed; it rests, and is asked now and then."]
    assert (breakers.allows("h", 1.0), breakers.allows("h", 2.5), breakers.limit("h")) == (2.0, 0.5, 1)
    assert (breakers.allows("h", 3.0), breakers.limit("h"), breakers.final("h")) == (0, 1, False)
    rests, now = list[float](), 3.0
    for _ in range(6):
        assert fail(breakers, now) == []
        rests.append(breakers.allows("h", now))
        now += rests[-1]
    assert rests == [4, 8, 16, 32, 60, 60]
    assert breakers.ended("h", Sign.ANSWERED, now, now) == f"h answers again, after {now:.0f} s."
    assert (breakers.allows("h", now), breakers.limit("h"), len(breakers)) == (0, None, 0)


def test_what_was_under_way_when_it_opened_is_no_probe() -> None:
    breakers = Breakers(least_s=0)
    fail(breakers, 10.0, 10)
    for _ in range(50):
        breakers.ended("h", Sign.LOST, 9.0, 11.0)
    assert breakers.allows("h", 11.0) == 1.0
    assert breakers.ended("h", Sign.ANSWERED, 9.0, 11.5) is not None
    assert breakers.allows("h", 11.5) == 0


def test_a_server_that_refuses_by_503_above_its_rate_is_not_taken_for_dead() -> None:
    breakers = Breakers()
    for tick in range(200):
        now = tick / 10
        assert fail(breakers, now, 50, Sign.SERVER_ERROR) == []
        if tick % 10 == 9:
            breakers.ended("h", Sign.ANSWERED, now, now)
    assert breakers.limit("h") is None


def test_server_errors_that_go_on_open_it() -> None:
    breakers = Breakers()
    assert fail(breakers, 0.0, 50, Sign.SERVER_ERROR) == []
    assert fail(breakers, 9.9, 1, Sign.SERVER_ERROR) == []
    assert len(fail(breakers, 10.0, 1, Sign.SERVER_ERROR)) == 1


def give_up(breakers: Breakers, *, others_answer: bool) -> tuple[float, int]:
    """When the host is given up, and after how many attempts."""
    now, attempts = 0.0, 0
    while not breakers.final("h") and now < 1e5:
        fail(breakers, now)
        attempts += 1
        if others_answer:
            breakers.ended("other", Sign.ANSWERED, now, now)
        now += max(0.1, breakers.allows("h", now))
    return now, attempts


def test_a_silent_host_is_given_up_after_a_minute_and_later_where_it_is_the_only_one() -> None:
    after, attempts = give_up(Breakers(least_s=0), others_answer=True)
    assert 60 <= after < 130
    assert attempts <= 20
    after, attempts = give_up(Breakers(least_s=0), others_answer=False)
    assert 600 <= after < 720
    assert attempts <= 30


def test_a_long_pause_gives_no_host_up() -> None:
    breakers = Breakers(least_s=0)
    fail(breakers, 0.0, 10)
    breakers.ended("other", Sign.ANSWERED, 1.0, 1.0)
    fail(breakers, 4000.0)
    assert not breakers.final("h")


def test_a_host_given_up_has_a_few_requests_at_once_until_one_is_answered() -> None:
    breakers = Breakers(most_given_up=12)
    now, _ = give_up(breakers, others_answer=True)
    assert (breakers.allows("h", now), breakers.limit("h")) == (0, 4)
    fail(breakers, now, 100)
    assert breakers.limit("h") == 8
    fail(breakers, now, 1000)
    assert breakers.limit("h") == 12
    assert breakers.ended("h", Sign.ANSWERED, now, now)
    assert (breakers.limit("h"), breakers.final("h")) == (None, False)


SIGNS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(Sign), st.floats(0, 90), st.floats(0, 30)),
    max_size=300,
)


@given(SIGNS)
def test_whatever_happens_a_request_may_start_within_a_minute(
    steps: list[tuple[str, Sign, float, float]],
) -> None:
    breakers, now = Breakers(least_s=0), 0.0
    for host, seen, pause, took in steps:
        now += pause
        before = (breakers.allows(host, now), breakers.limit(host), breakers.final(host))
        breakers.ended(host, seen, now - took, now)
        after = (breakers.allows(host, now), breakers.limit(host), breakers.final(host))
        if seen is Sign.NOTHING:
            assert after == before
        if seen is Sign.ANSWERED:
            assert after == (0.0, None, False)
        assert 0 <= after[0] <= 60
        assert after[1] is None or 1 <= after[1] <= 4
        assert breakers.allows(host, now + after[0] + 1e-6) == 0
    breakers.clear()
    assert breakers.limit("a") is breakers.limit("b") is None


def test_one_dead_host_of_many_costs_minutes_not_hours() -> None:
    """A thousand requests to a host where each attempt takes 10 s to fail, five attempts each, 50 at once."""
    breakers, now, ended = Breakers(least_s=0), 0.0, 0
    tries = [0] * 1000
    waiting = list(range(1000))
    while waiting:
        now += breakers.allows("h", now)
        batch, waiting = (
            waiting[: breakers.limit("h") or 50],
            waiting[breakers.limit("h") or 50 :],
        )
        started, now = now, now + 10
        breakers.ended("other", Sign.ANSWERED, now, now)
        for request in batch:
            tries[request] += 1
            breakers.ended("h", Sign.LOST, started, now)
            if tries[request] == 5 or breakers.final("h"):
                ended += 1
            else:
                waiting.append(request)
    assert ended == 1000
    assert min(tries) == 1
    assert sum(tries) < 1200
    assert now < 3600


def test_memory_is_bounded() -> None:
    breakers = Breakers(least_s=0)
    for number in range(30_000):
        breakers.ended(f"h{number}", Sign.LOST, 0.0, 0.0)
    assert len(breakers) == 10_000
