from __future__ import annotations

import json
import math
from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from fetchdeck.core.errors import OptionError
from fetchdeck.core.policies.quota import Quota
from fetchdeck.core.policies.quota_terms import Period, QuotaTerms
from hypothesis import example, given
from hypothesis import strategies as st

ZONES = st.sampled_from(
    [
        "UTC",
        "America/Los_Angeles",
        "Europe/Berlin",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
        "America/Sao_Paulo",
    ]
)
MOMENTS = st.floats(0, 4e9)
LEAST_S = {Period.MINUTE: 60, Period.HOUR: 3600, Period.DAY: 86_400, Period.MONTH: 28 * 86_400}
MOST_S = {Period.MINUTE: 60, Period.HOUR: 3600, Period.DAY: 86_400, Period.MONTH: 31 * 86_400}
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC).timestamp()
DAY = 86_400.0


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("100000/day", QuotaTerms(100_000, Period.DAY)),
        ("5/m", QuotaTerms(5, Period.MINUTE)),
        ("5 per Hours", QuotaTerms(5, Period.HOUR)),
        (" 7/mo ", QuotaTerms(7, Period.MONTH)),
        ("7/d@America/Los_Angeles", QuotaTerms(7, Period.DAY, "America/Los_Angeles")),
    ],
)
def test_quotas_as_people_write_them(text: str, terms: QuotaTerms) -> None:
    assert QuotaTerms.parse(text) == terms


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        *((text, "is no quota") for text in ("", "many", "5", "5/s", "5/ms", "-5/day", "1.5/day", "5/day@")),
        ("0/day", "would send nothing"),
        ("5/hour@Europe/Berlin", "a time zone is for"),
        *((f"5/day@{zone}", "no time zone") for zone in ("Nowhere/At_All", "America", "/etc/passwd")),
    ],
)
def test_what_is_no_quota(text: str, sentence: str) -> None:
    with pytest.raises(OptionError, match=f"--quota: .*{sentence}"):
        QuotaTerms.parse(text)


@given(st.text(max_size=20))
def test_any_text_is_a_quota_or_an_option_error(text: str) -> None:
    with suppress(OptionError):
        assert QuotaTerms.parse(text).limit > 0


@given(st.sampled_from(Period), ZONES, MOMENTS)
def test_periods_cover_all_time_without_a_gap(period: Period, zone: str, moment: float) -> None:
    terms = QuotaTerms(1, period, "UTC" if period in (Period.MINUTE, Period.HOUR) else zone)
    start = terms.start_of(moment)
    end = terms.end_of(start)
    assert start <= moment < end
    assert terms.start_of(end) == end
    assert terms.start_of(end - 0.001) == terms.start_of(start) == start
    assert abs(end - start - MOST_S[period]) <= (3 * DAY if period is Period.MONTH else 0) + 3600


@given(ZONES, MOMENTS)
@example("America/Sao_Paulo", 499748400.0)
def test_days_begin_with_the_date_of_their_zone(zone: str, moment: float) -> None:
    day = QuotaTerms(1, Period.DAY, zone)
    start = datetime.fromtimestamp(day.start_of(moment), ZoneInfo(zone))
    # In time, not on the clock: there are days that begin at one, and the second before that is on no clock.
    before = datetime.fromtimestamp(day.start_of(moment) - 1, ZoneInfo(zone))
    assert start.date() == datetime.fromtimestamp(moment, ZoneInfo(zone)).date()
    assert before.date() < start.date()


def test_a_quota_is_spent_and_begins_anew_at_midnight() -> None:
    quota = Quota(QuotaTerms.parse("3/day"))
    assert [quota.take(NOON + second, second) for second in range(4)] == [0, 0, 0, 60]
    assert (quota.spent(NOON, 0), quota.left(NOON, 0)) == (3, 0)
    assert quota.resets_at(NOON, 0) == NOON + DAY / 2
    midnight = DAY / 2
    assert quota.take(NOON + midnight - 1, midnight - 1) == pytest.approx(1)
    assert quota.take(NOON + midnight, midnight) == 0
    assert quota.left(NOON + midnight, midnight) == 2
    assert quota.resets_at(NOON + midnight, midnight) == NOON + midnight + DAY


def test_what_was_never_sent_is_given_back_to_its_own_day_only() -> None:
    quota = Quota(QuotaTerms.parse("2/day"))
    assert quota.take(NOON, 0) == quota.take(NOON, 0) == 0
    quota.give_back(NOON)
    assert quota.left(NOON, 0) == 1
    assert quota.take(NOON + DAY, DAY) == 0
    quota.give_back(NOON)
    assert quota.spent(NOON + DAY, DAY) == 1


def test_the_next_session_goes_on() -> None:
    terms = QuotaTerms.parse("3/day")
    quota = Quota(terms)
    quota.take(NOON, 0)
    quota.take(NOON, 0)
    kept = json.loads(json.dumps(quota.to_json()))
    assert Quota.from_json(terms, kept).left(NOON + 60, 5e6) == 1
    assert Quota.from_json(terms, kept).left(NOON + DAY, 5e6) == 3
    assert Quota.from_json(QuotaTerms.parse("9/day"), kept).left(NOON, 0) == 7
    assert Quota.from_json(QuotaTerms.parse("1/day"), kept).left(NOON, 0) == 0
    assert Quota.from_json(QuotaTerms.parse("3/hour"), kept).left(NOON, 0) == 3
    unused = json.loads(json.dumps(Quota(terms).to_json()))
    assert Quota.from_json(terms, unused).left(NOON, 0) == 3


@pytest.mark.parametrize(
    "kept",
    [
        *(None, 7, [], {}, {"start": "x", "spent": 1}, {"start": NOON, "spent": None}),
        *({"period": "day", "zone": "UTC", "start": start, "spent": 1} for start in (math.nan, 1e300, -1.0)),
    ],
)
def test_what_cannot_be_understood_is_nothing_spent(kept: object) -> None:
    assert Quota.from_json(QuotaTerms.parse("3/day"), kept).left(NOON, 0) == 3


def test_a_clock_that_is_set_forward_and_back_grants_nothing() -> None:
    quota = Quota(QuotaTerms.parse("1/day"))
    assert quota.take(NOON, 0) == 0
    assert quota.take(NOON + 3 * DAY, 1) > 0
    assert quota.take(NOON + 1, 2) > 0
    assert quota.resets_at(NOON + 1, 2) == NOON + DAY / 2


def test_a_clock_that_is_set_back_and_forward_grants_nothing() -> None:
    quota = Quota(QuotaTerms.parse("1/day"))
    assert quota.take(NOON, 0) == 0
    for second in range(1, 9):
        assert quota.take(NOON - second % 2 * 3 * DAY, second) > 0


def test_a_session_on_a_clock_far_ahead_locks_the_next_one_for_two_days_at_most() -> None:
    terms = QuotaTerms.parse("1/day")
    ahead = Quota(terms)
    ahead.take(NOON + 3650 * DAY, 0)
    quota = Quota.from_json(terms, ahead.to_json())
    assert quota.take(NOON, 0) > 0
    assert quota.resets_at(NOON, 0) == NOON + 1.5 * DAY
    assert quota.take(NOON + 1.5 * DAY, 1.5 * DAY) == 0


JUMPS = st.lists(
    st.tuples(st.floats(0, 2.0), st.one_of(st.just(0.0), st.floats(-5, 5)), st.integers(1, 8)),
    min_size=1,
    max_size=60,
)


@given(st.sampled_from([Period.MINUTE, Period.DAY, Period.MONTH]), st.integers(1, 5), MOMENTS, JUMPS)
def test_clock_jumps_neither_grant_a_second_quota_nor_lock_for_ever(
    period: Period, limit: int, began: float, steps: list[tuple[float, float, int]]
) -> None:
    quota, steady, offset, granted = Quota(QuotaTerms(limit, period)), 0.0, 10 * MOST_S[period] + began, 0
    for pause, jump, asked in steps:
        steady += pause * LEAST_S[period]
        offset += jump * LEAST_S[period]
        for _ in range(asked):
            wait = quota.take(steady + offset, steady)
            granted += wait == 0
            assert 0 <= wait <= 60
        assert granted <= limit * (2 + steady / LEAST_S[period])
    steady += 2 * MOST_S[period] + 3600
    assert quota.take(steady + offset, steady) == 0
    assert quota.spent(steady + offset, steady) == 1
