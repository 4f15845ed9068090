from __future__ import annotations

from random import Random

import pytest
from fetchdeck.core.errors import OptionError
from fetchdeck.core.policies.cost import Price, projected_attempts
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "attempts", "shown"),
    [
        ("0.017", 27_000, "459.00"),
        ("0.017 USD", 100_000, "1,700.00 USD"),
        ("$0.017", 1, "$0.0170"),
        ("€ 2", 3, "€6.00"),
        ("0.5eur", 3, "1.50 EUR"),
        ("0", 5, "0.00"),
    ],
)
def test_prices(text: str, attempts: int, shown: str) -> None:
    assert Price.parse(text).of(attempts) == shown


@pytest.mark.parametrize(
    "text", ["", "free", "-1", "1,5", "1e3", "$", "$1 USD", "1 DOLLAR", "\x1b[1", "nan", "\u202e1", "1" * 40]
)
def test_what_is_no_price(text: str) -> None:
    with pytest.raises(OptionError, match="--cost"):
        Price.parse(text)


def projected(**counts: int) -> float:
    return projected_attempts(
        **({"sent": 0, "landed": 0, "ended": 0, "in_flight": 0, "most_each": 5} | counts)
    )


def test_before_anything_has_ended_each_request_is_one_attempt() -> None:
    assert projected(idle=100) == 100
    assert projected(idle=90, sent=10, in_flight=10) == 100


def test_what_is_over_is_what_was_sent() -> None:
    assert projected(idle=0, sent=137, landed=137, ended=100) == 137


@given(
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.integers(0, 1000),
    st.integers(1, 9),
)
def test_a_projection_lies_between_no_retries_and_all(
    landed: int, ended: int, idle: int, in_flight: int, most: int
) -> None:
    sent = landed + in_flight
    found = projected_attempts(
        sent=sent, landed=landed, ended=ended, idle=idle, in_flight=in_flight, most_each=most
    )
    assert sent + idle <= found <= sent + idle * most + in_flight * (most - 1)


@pytest.mark.parametrize("failing", [0.0, 0.1, 0.5])
def test_a_projection_in_mid_run_comes_true(failing: float) -> None:
    dice, sent, ended, guess = Random(2), 0, 0, 0.0
    waiting = list[int]()
    fresh = 10_000
    while fresh or waiting:
        tries = waiting.pop(0) if len(waiting) > 200 or not fresh else 0
        fresh -= tries == 0
        sent += 1
        if dice.random() < failing and tries < 49:
            waiting.append(tries + 1)
        else:
            ended += 1
        if ended == 3000 and not guess:
            guess = projected(sent=sent, landed=sent, ended=ended, idle=fresh + len(waiting), most_each=50)
    assert guess == pytest.approx(sent, rel=0.05)
