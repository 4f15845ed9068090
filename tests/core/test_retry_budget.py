from __future__ import annotations

from random import Random

import pytest
from fetchdeck.core.model import FailureKind
from fetchdeck.core.policies.retry_budget import CAPACITY, RETRY_COST, TIMEOUT_COST, RetryBudgets
from hypothesis import given
from hypothesis import strategies as st

KINDS = st.sampled_from([FailureKind.HTTP_STATUS, FailureKind.RESET, FailureKind.TIMEOUT])
STEPS = st.lists(
    st.one_of(st.tuples(st.just("retry"), KINDS), st.tuples(st.just("success"), st.integers(0, 3))),
    max_size=400,
)


def ask(budgets: RetryBudgets, kind: FailureKind = FailureKind.HTTP_STATUS) -> int:
    return budgets.retry("h", kind, cap_s=30.0, chance=0.0).cost


@given(STEPS, st.floats(0, 1, exclude_max=True))
def test_retries_never_use_more_than_the_budget_and_what_came_in(
    steps: list[tuple[str, FailureKind | int]], chance: float
) -> None:
    budgets, used, came_in, costs = RetryBudgets(20), 0, 0, list[int]()
    for what, fact in steps:
        if what == "success":
            cost = costs.pop() if costs and fact else 0
            budgets.succeeded("h", cost)
            came_in += max(1, cost)
        else:
            assert isinstance(fact, FailureKind)
            grant = budgets.retry("h", fact, cap_s=30.0, chance=chance)
            assert (grant.cost == 0) == (30 <= grant.delay_s <= 60)
            assert grant.cost or grant.delay_s
            used += grant.cost
            costs.append(grant.cost)
        assert 0 <= budgets.left("h") <= 20
        assert used <= 20 + came_in


def test_the_numbers_are_those_of_the_standard_retry_mode() -> None:
    budgets = RetryBudgets()
    assert [ask(budgets) for _ in range(101)] == [5] * 100 + [0]
    budgets.clear()
    assert [ask(budgets, FailureKind.TIMEOUT) for _ in range(51)] == [10] * 50 + [0]
    assert ask(budgets, FailureKind.CONNECT_TIMEOUT) == 0
    for _ in range(4):
        budgets.succeeded("h")
    assert ask(budgets) == 0
    budgets.succeeded("h")
    assert ask(budgets) == RETRY_COST
    budgets.succeeded("h", TIMEOUT_COST)
    assert ask(budgets, FailureKind.TIMEOUT) == TIMEOUT_COST


@pytest.mark.parametrize(("failing", "suffices"), [(0.25, True), (0.4, False)])
def test_a_third_of_the_attempts_may_fail(failing: float, suffices: bool) -> None:
    budgets, held_back, dice = RetryBudgets(), 0, Random(1)
    for _ in range(20_000):
        cost = 0
        for _ in range(5):
            if dice.random() >= failing:
                budgets.succeeded("h", cost)
                break
            cost = ask(budgets)
            held_back += cost == 0
    assert (held_back == 0) is suffices


def test_an_empty_budget_is_told_once_until_it_was_half_full() -> None:
    budgets = RetryBudgets()

    def facts() -> list[str | None]:
        grants = [budgets.retry("h.example", None, cap_s=30.0, chance=0.5) for _ in range(300)]
        return [grant.fact for grant in grants if grant.fact]

    assert facts() == ["h.example: too many retries, each further one waits 30 to 60 s."]
    assert facts() == []
    for _ in range(CAPACITY // 2 - 1):
        budgets.succeeded("h.example")
    assert facts() == []
    for _ in range(CAPACITY // 2):
        budgets.succeeded("h.example")
    assert len(facts()) == 1


@given(st.floats(0, 1, exclude_max=True))
def test_beyond_the_budget_retries_are_spread_behind_the_longest_backoff(chance: float) -> None:
    budgets = RetryBudgets(RETRY_COST)
    assert budgets.retry("h", None, cap_s=30.0, chance=chance).delay_s == 0
    assert budgets.retry("h", None, cap_s=30.0, chance=chance).delay_s == 30 * (1 + chance)


def test_hosts_do_not_share_and_memory_is_bounded() -> None:
    budgets = RetryBudgets()
    while ask(budgets):
        pass
    assert budgets.left("other") == CAPACITY
    budgets.succeeded("other")
    assert len(budgets) == 1
    for number in range(30_000):
        budgets.retry(f"h{number}", None, cap_s=1.0, chance=0.0)
        ask(budgets)
    assert len(budgets) <= 10_000
    assert budgets.left("h") == 0, "the hosts that are drawn on are those that are kept"
    budgets.succeeded("h29999", RETRY_COST)
    assert len(budgets) <= 9_999, "full ones are not kept"
