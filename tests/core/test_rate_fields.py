from __future__ import annotations

import time

import pytest
from fetchdeck.core.policies.rate_fields import Allowance, allowance
from hypothesis import given
from hypothesis import strategies as st

NOW = 1_700_000_000.0
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"ratelimit": '"default";r=50;t=30'}, Allowance(50, 30.0)),
        (
            {
                "ratelimit": '"a";r=50;t=30, "b";r=2;t=3600',
                "ratelimit-policy": '"a";q=100;w=60, "b";q=9;w=3600',
            },
            Allowance(2, 3600.0, 9),
        ),
        ({"ratelimit": '"a";r=0', "ratelimit-policy": '"a";q=100;w=60'}, Allowance(0, 60.0, 100)),
        ({"ratelimit": "limit=100, remaining=7, reset=5"}, Allowance(7, 5.0, 100)),
        (
            {"ratelimit-limit": "10", "ratelimit-remaining": "3", "ratelimit-reset": "7"},
            Allowance(3, 7.0, 10),
        ),
        (
            {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000060"},
            Allowance(0, 60.0, 5000),
        ),
        ({"x-ratelimit-remaining": "1", "x-ratelimit-reset": "1700000060000"}, Allowance(1, 60.0)),
        ({"x-rate-limit-remaining": "1", "x-rate-limit-reset": "1699999999"}, Allowance(1, 0.0)),
        ({"x-ratelimit-remaining": "4", "x-ratelimit-reset-after": "1.25"}, Allowance(4, 1.25)),
        ({"x-ratelimit-remaining-requests": "9", "x-ratelimit-reset-requests": "6m0s"}, Allowance(9, 360.0)),
        ({"x-ratelimit-remaining-requests": "9", "x-ratelimit-reset-requests": "20ms"}, Allowance(9, 0.02)),
        ({"x-ratelimit-remaining-minute": "9"}, Allowance(9, 60.0)),
        ({"x-ratelimit-remaining": "9", "x-ratelimit-reset": "9999999"}, Allowance(9, 86_400.0)),
        ({"x-ratelimit-limit": "100, 100;w=60", "x-ratelimit-remaining": "5"}, None),
        ({"x-ratelimit-remaining": "-1", "x-ratelimit-reset": "3"}, None),
        ({"x-ratelimit-remaining": "many", "x-ratelimit-reset": "3"}, None),
        ({"x-ratelimit-remaining": "1", "x-ratelimit-reset": "soon"}, None),
        ({"ratelimit": '"a";r=99999999999999999999;t=3'}, None),
        ({}, None),
    ],
)
def test_the_forms_in_use(fields: dict[str, str], expected: Allowance | None) -> None:
    assert allowance(fields, NOW) == expected


def test_a_point_in_time_is_held_against_the_servers_own_clock() -> None:
    fields = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000010", "date": DATE}
    assert allowance(fields, NOW + 5000) == Allowance(0, 10.0)


def test_a_clock_without_a_zone_is_that_of_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    fields = {
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": "1700000010",
        "date": DATE.replace("GMT", "-0000"),
    }
    try:
        assert allowance(fields, NOW + 5000) == Allowance(0, 10.0)
    finally:
        monkeypatch.undo()
        time.tzset()


NAMES = st.sampled_from(
    [
        "ratelimit", "ratelimit-policy", "ratelimit-remaining", "ratelimit-reset", "x-ratelimit-remaining",
        "x-ratelimit-reset", "x-rate-limit-reset-after", "x-ratelimit-remaining-requests",
        "x-ratelimit-reset-requests", "date",
    ]
)  # fmt: skip
VALUES = st.text(st.sampled_from('0123456789rtqw=;, ".hms-e+'), max_size=30) | st.text(
    st.characters(max_codepoint=0x700), max_size=8
)


@given(st.dictionaries(NAMES, VALUES), st.floats(0, 4e9))
def test_whatever_a_server_says_is_bounded(fields: dict[str, str], now: float) -> None:
    found = allowance(fields, now)
    if found is not None:
        assert found.remaining >= 0
        assert 0 <= found.reset_s <= 86_400
