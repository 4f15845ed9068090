from __future__ import annotations

from contextlib import suppress

import pytest
from fetchdeck.core.errors import OptionError
from fetchdeck.core.model import FailureKind
from fetchdeck.core.policies.durations import duration_text, parse_duration
from fetchdeck.core.policies.stop import MaxFailures, StopOn, StopWatch
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("2h30m", 9000), ("90m", 5400), ("3600", 3600), ("1.5h", 5400), ("45s", 45), ("0.5", 0.5)),
        *(("1d", 86_400), ("1 day 2 hours", 93_600), (" 1h   5min 3sec ", 3903), ("2H30M", 9000)),
    ],
)
def test_lengths_of_time(text: str, seconds: float) -> None:
    assert parse_duration(text, "--time-limit") == seconds


@pytest.mark.parametrize(
    "text", ["", "0", "0h", "-1", "long", "30m2h", "2h30", "1h1h", "10ms", "1e3", "nan", "9" * 12, "٣h"]
)
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(OptionError, match="--time-limit"):
        parse_duration(text, "--time-limit")


@given(st.text(st.sampled_from("0123456789.dhms "), max_size=20))
def test_any_text_is_a_time_or_an_option_error(text: str) -> None:
    with suppress(OptionError):
        assert parse_duration(text, "x") > 0


@given(st.integers(1, 10**8))
def test_a_time_reads_back(seconds: int) -> None:
    assert parse_duration(duration_text(seconds), "x") == seconds


@pytest.mark.parametrize(
    ("seconds", "text"), [(9000, "2h30m"), (90, "1m30s"), (1.5, "1.5s"), (0.25, "0.25s"), (93_600, "1d2h")]
)
def test_a_time_is_short_to_read(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_stop_on_reads_statuses_and_kinds() -> None:
    stop = StopOn.parse("401, 520-529,TLS, 5xx")
    assert stop.statuses == {401, *range(500, 600)}
    assert stop.kinds == {FailureKind.TLS}
    assert StopOn.parse("outcome-unknown").kinds == {FailureKind.OUTCOME_UNKNOWN}


@pytest.mark.parametrize("text", ["600", "401 403", "sometimes", "4x", "http_status", "cancelled"])
def test_what_nothing_ends_by(text: str) -> None:
    with pytest.raises(OptionError, match=r"--stop-on: '.*' is neither .*401.* nor .*tls"):
        StopOn.parse(text)


@given(st.sets(st.integers(200, 599)), st.integers(200, 599))
def test_exactly_the_statuses_that_are_named_stop_a_run(named: set[int], status: int) -> None:
    watch = StopWatch(stop_on=StopOn.parse(",".join(map(str, named))))
    reason = watch.attempted(status, FailureKind.HTTP_STATUS)
    assert (reason is not None) == (status in named)
    assert reason is None or str(status) in reason


def test_a_kind_that_is_named_stops_a_run() -> None:
    watch = StopWatch(stop_on=StopOn.parse("tls"))
    assert watch.attempted(None, FailureKind.TLS) == "an attempt failed by tls, which --stop-on names"
    assert watch.attempted(None, FailureKind.RESET) is None
    assert watch.attempted(200, None) is None


def test_time_runs_out_and_begins_again_when_a_user_goes_on() -> None:
    watch = StopWatch(time_limit_s=5400)
    assert watch.passed(5399) is None
    assert watch.left_s(5399) == 1
    assert watch.passed(5400) == "the run has taken 1h30m, the limit of --time-limit"
    watch.reset(6000)
    assert watch.passed(11_399) is None
    assert watch.left_s(6000) == 5400
    assert watch.passed(11_400) is not None


def test_failures_are_counted_anew_when_a_user_goes_on() -> None:
    watch = StopWatch(max_failures=MaxFailures(count=2))
    assert watch.ended(failed=True) is None
    assert watch.ended(failed=True) is not None
    watch.reset(1.0)
    assert watch.ended(failed=True) is None


@given(st.integers(0, 10**6), st.integers(100, 599), st.floats(0, 1e9))
def test_without_conditions_nothing_stops_a_run(failures: int, status: int, passed: float) -> None:
    watch = StopWatch()
    assert watch.ended(failed=bool(failures)) is None
    assert watch.attempted(status, FailureKind.HTTP_STATUS) is None
    assert watch.passed(passed) is watch.left_s(passed) is None
