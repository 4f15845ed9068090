from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from fetchdeck.core.errors import OptionError
from fetchdeck.core.job import DEFAULT_RETRY_ON
from fetchdeck.core.model import UNSENT_KINDS, FailureKind, Fault, Reply, State
from fetchdeck.core.policies.rate import parse_rate
from fetchdeck.core.policies.retry import RetryPolicy, interrupted
from fetchdeck.core.policies.retry_after import CAP_S, retry_after_s
from fetchdeck.core.policies.rules.judgement import Judgement, Ruling
from fetchdeck.core.policies.signature import signature
from fetchdeck.core.policies.statuses import CONNECTION_KINDS, RETRIABLE_KINDS, RetryOn, parse_statuses
from fetchdeck.core.policies.stop import WINDOW, FailureWatch, MaxFailures
from hypothesis import given
from hypothesis import strategies as st

POLICY = RetryPolicy(retries=3, retry_on=RetryOn(parse_statuses("429,5xx", "x"), CONNECTION_KINDS))
chances = st.floats(0, 1, exclude_max=True)


def reply(status: int) -> Reply:
    return Reply(status, b"", b"", 0, 0.0, "http://h/")


@given(st.integers(200, 599), st.integers(1, 10), chances, st.booleans())
def test_a_reply_succeeds_or_is_retried_or_fails(
    status: int, tries: int, chance: float, idempotent: bool
) -> None:
    verdict = POLICY.decide(
        reply(status), idempotent=idempotent, tries=tries, retry_after_s=None, chance=chance
    )
    if status < 300:
        assert verdict.state is State.SUCCEEDED
    elif idempotent and tries <= 3 and (status == 429 or status >= 500):
        assert verdict.state is State.WAITING
        assert 0 <= verdict.delay_s <= min(30, 0.5 * 2 ** (tries - 1))
    else:
        assert verdict.state is State.FAILED
        assert verdict.kind is FailureKind.HTTP_STATUS


@given(st.sampled_from(FailureKind), st.integers(1, 10), chances)
def test_a_non_idempotent_request_is_sent_again_only_if_it_never_left(
    kind: FailureKind, tries: int, chance: float
) -> None:
    verdict = POLICY.decide(
        Fault(kind, "x"), idempotent=False, tries=tries, retry_after_s=None, chance=chance
    )
    if verdict.state is State.WAITING:
        assert kind in UNSENT_KINDS - {FailureKind.TLS}
    if kind in (FailureKind.RESET, FailureKind.TIMEOUT):
        assert verdict.kind is FailureKind.OUTCOME_UNKNOWN


def test_statuses_that_a_user_names_hold_for_post_too() -> None:
    named = RetryPolicy(retries=1, retry_on=RetryOn.parse("429"))
    verdict = named.decide(reply(429), idempotent=False, tries=1, retry_after_s=None, chance=0.5)
    assert verdict.state is State.WAITING


def test_a_local_fault_charges_nothing_and_never_fails_the_request() -> None:
    verdict = POLICY.decide(
        Fault(FailureKind.LOCAL, "no descriptors"), idempotent=True, tries=99, retry_after_s=None, chance=0
    )
    assert (verdict.state, verdict.charged) == (State.WAITING, False)


def test_an_interrupted_attempt_is_repeated_only_where_that_is_safe() -> None:
    fault = Fault(FailureKind.INTERRUPTED, "slept")
    assert interrupted(fault, idempotent=True, chance=0).state is State.WAITING
    assert interrupted(fault, idempotent=False, chance=0).kind is FailureKind.OUTCOME_UNKNOWN


@given(st.floats(0, 300), chances)
def test_a_retry_never_comes_before_retry_after(wait: float, chance: float) -> None:
    assert wait <= POLICY.delay_s(1, wait, chance) <= wait + POLICY.base_s


NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", 0.0),
        ("17", 17.0),
        (" 17 ", 17.0),
        ("999999999999999999999", CAP_S),
        ("Sun, 22 Nov 2026 12:01:00 GMT", 60.0),
        ("Sunday, 22-Nov-26 12:01:00 GMT", 60.0),
        ("Sun Nov 22 12:01:00 2026", 60.0),
        ("Sun, 22 Nov 2026 11:59:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", CAP_S),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_in_all_its_forms(value: str, expected: float | None) -> None:
    assert retry_after_s(value, date=None, now=NOW.timestamp()) == expected


def test_a_date_is_measured_by_the_servers_own_clock() -> None:
    assert (
        retry_after_s("Sun, 22 Nov 2026 12:01:00 GMT", date="Sun, 22 Nov 2026 12:00:30 GMT", now=0.0) == 30.0
    )


@given(st.text(max_size=40), st.none() | st.text(max_size=40))
def test_retry_after_never_raises(value: str, date: str | None) -> None:
    found = retry_after_s(value, date=date, now=NOW.timestamp())
    assert found is None or 0 <= found <= CAP_S


@given(st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_an_http_date_reads_back(moment: datetime) -> None:
    whole = moment.replace(microsecond=0)
    text = format_datetime(whole, usegmt=True)
    assert retry_after_s(text, date=None, now=whole.timestamp() - 100) == pytest.approx(100)


def test_statuses() -> None:
    assert parse_statuses("429, 5xx,520-521", "--stop-on") == {429, *range(500, 600)}
    assert parse_statuses("none", "--stop-on") == frozenset()
    for wrong in ("600", "5x", "abc", "429 500", "99", "199", "1xx", "520-519", "599-600", "٤٢٩"):
        with pytest.raises(OptionError, match="--stop-on"):
            parse_statuses(wrong, "--stop-on")


DEFAULT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 522, 524})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DEFAULT_RETRY_ON, RetryOn(DEFAULT_STATUSES, CONNECTION_KINDS)),
        ("429", RetryOn(frozenset({429}), CONNECTION_KINDS, unsafe=True)),
        ("timeout", RetryOn(DEFAULT_STATUSES, frozenset({FailureKind.TIMEOUT}))),
        (" Reset , 503", RetryOn(frozenset({503}), frozenset({FailureKind.RESET}), unsafe=True)),
        ("connect-timeout,TLS", RetryOn(DEFAULT_STATUSES, {FailureKind.CONNECT_TIMEOUT, FailureKind.TLS})),
        ("connection,decode", RetryOn(DEFAULT_STATUSES, CONNECTION_KINDS | {FailureKind.DECODE})),
        ("none", RetryOn()),
        ("", RetryOn()),
    ],
)
def test_what_is_retried(text: str, expected: RetryOn) -> None:
    assert RetryOn.parse(text) == expected


@pytest.mark.parametrize("text", ["timeot", "429,none", "http_status", "cancelled", "429 timeout", "6xx"])
def test_what_cannot_be_retried_is_refused_with_all_that_can(text: str) -> None:
    with pytest.raises(OptionError, match=r"--retry-on: '.*' is no status") as refused:
        RetryOn.parse(text)
    assert all(kind.value in str(refused.value) for kind in RETRIABLE_KINDS)


@given(st.text("0123456789x-, abcdeimnorstu", max_size=12))
def test_any_text_says_what_to_retry_or_is_an_option_error(text: str) -> None:
    try:
        found = RetryOn.parse(text)
    except OptionError:
        return
    assert all(200 <= status <= 599 for status in found.statuses)
    assert found.kinds <= RETRIABLE_KINDS


@given(st.frozensets(st.sampled_from(sorted(RETRIABLE_KINDS)), min_size=1), st.sampled_from(FailureKind))
def test_only_kinds_that_are_named_are_retried(named: frozenset[FailureKind], kind: FailureKind) -> None:
    policy = RetryPolicy(retries=1, retry_on=RetryOn.parse(",".join(named)))
    verdict = policy.decide(Fault(kind, "x"), idempotent=True, tries=1, retry_after_s=None, chance=0.5)
    at_our_own_expense = {FailureKind.LOCAL, FailureKind.DISK}
    assert (verdict.state is State.WAITING) == (kind in named | at_our_own_expense)


def test_a_2xx_that_is_named_is_tried_again() -> None:
    policy = RetryPolicy(retries=1, retry_on=RetryOn.parse("202"))
    states = [
        policy.decide(reply(status), idempotent=True, tries=tries, retry_after_s=None, chance=0.5).state
        for status, tries in ((202, 1), (202, 2), (200, 1))
    ]
    assert states == [State.WAITING, State.FAILED, State.SUCCEEDED]


@pytest.mark.parametrize(
    ("ruling", "status", "tries", "expected"),
    [
        (Ruling.SUCCESS, 503, 1, (State.SUCCEEDED, None)),
        (Ruling.RETRY, 200, 3, (State.WAITING, FailureKind.REJECTED)),
        (Ruling.RETRY, 200, 4, (State.FAILED, FailureKind.REJECTED)),
        (Ruling.FAIL, 503, 1, (State.FAILED, FailureKind.REJECTED)),
        (Ruling.STOP, 429, 1, (State.FAILED, FailureKind.REJECTED)),
        (Ruling.ERROR, 200, 1, (State.FAILED, FailureKind.RULE)),
        (Ruling.BY_STATUS, 200, 1, (State.SUCCEEDED, None)),
        (Ruling.BY_STATUS, 404, 1, (State.FAILED, FailureKind.HTTP_STATUS)),
        (Ruling.BY_STATUS, 503, 1, (State.WAITING, FailureKind.HTTP_STATUS)),
    ],
)
def test_what_the_rules_say_goes_before_the_status(
    ruling: Ruling, status: int, tries: int, expected: tuple[State, FailureKind | None]
) -> None:
    judgement = Judgement(ruling, "" if ruling in (Ruling.SUCCESS, Ruling.BY_STATUS) else "rule x holds")
    verdict = POLICY.decide(
        reply(status), idempotent=True, tries=tries, retry_after_s=None, chance=0.5, judgement=judgement
    )
    assert (verdict.state, verdict.kind) == expected


def test_a_retry_that_a_rule_asks_for_is_made_for_post_too_and_waits_as_the_server_says() -> None:
    verdict = POLICY.decide(
        reply(200),
        idempotent=False,
        tries=1,
        retry_after_s=7,
        chance=0,
        judgement=Judgement(Ruling.RETRY, "x"),
    )
    assert (verdict.state, verdict.delay_s) == (State.WAITING, 7)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("10", 10),
        ("10/s", 10),
        ("600/m", 10),
        ("36000/hour", 10),
        ("0.5 per s", 0.5),
        ("", None),
        ("off", None),
    ],
)
def test_rates(text: str, rate: float | None) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["0", "0/s", "0.0/h"])
def test_a_rate_of_nothing_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match="would send nothing"):
        parse_rate(text)


@pytest.mark.parametrize("text", ["ten", "-1", "10/d", "1e3", "10//s", "nan"])
def test_what_is_no_rate(text: str) -> None:
    with pytest.raises(OptionError, match="no rate"):
        parse_rate(text)


def test_max_failures_by_number_and_by_share() -> None:
    watch = FailureWatch(MaxFailures.parse("3"))
    assert [watch.ended(failed=failed) for failed in (True, False, True)] == [None] * 3
    assert "3 requests failed" in str(watch.ended(failed=True))
    share = FailureWatch(MaxFailures.parse("20%"))
    verdicts = [share.ended(failed=number % 5 == 4) for number in range(WINDOW)]
    assert verdicts[:-1] == [None] * (WINDOW - 1)
    assert "20%" in str(verdicts[-1])
    for wrong in ("0", "-1", "0%", "101%", "many", "%", ""):
        with pytest.raises(OptionError, match="--max-failures"):
            MaxFailures.parse(wrong)


def test_like_failures_share_a_signature() -> None:
    def of(message: str) -> str:
        return signature(FailureKind.CONNECT, None, message)

    assert of("refused by 10.0.0.1:80 after 3 s") == of("refused by 192.168.7.7:8080 after 12.5 s")
    assert of("no address for api.example.com") == of("no address for www.other.org:443")
    assert of("request 0a1b2c3d4e5f lost") == of("request 99aabbccddee lost")
    assert of("[::1]:80 refused") == of("[fe80::1]:8080 refused")
    assert of("refused") != of("reset")
    assert signature(FailureKind.REJECTED, 200, 'rule --ok-if "bytes > `7`" does not hold').endswith(
        '`7`" does not hold'
    )
    assert signature(FailureKind.HTTP_STATUS, 404, "HTTP 404 Not Found") == "HTTP 404 Not Found"
