"""The accounting line adds up and fits, whatever the counts."""

from __future__ import annotations

import re

import pytest
from fetchdeck.core.model import Counts, State
from fetchdeck.core.snapshot import Eta
from fetchdeck.tui import figures
from fetchdeck.tui.spans import text_of, width_of
from fetchdeck.tui.widgets.accounting import RARE, accounting_line
from fetchdeck.tui.widgets.cause_columns import whole_percent
from fetchdeck.tui.widgets.status_header import share_cells
from hypothesis import given
from hypothesis import strategies as st

MOST = 9_999_999
SEVEN = st.lists(st.integers(0, MOST // 7), min_size=7, max_size=7) | st.tuples(
    st.integers(0, 6), st.integers(0, MOST)
).map(lambda one: [one[1] if at == one[0] else 0 for at in range(7)])


@given(SEVEN, st.booleans(), st.integers(0, 500), st.integers(78, 250))
def test_it_adds_up_and_fits_from_80_columns_up(
    numbers: list[int], known: bool, saving: int, width: int
) -> None:
    counts = Counts(*numbers)
    line = accounting_line(counts, total_known=known, saving=min(saving, counts.in_flight), width=width)
    assert width_of(line) <= width
    text = re.sub(r"\(.*?saving\)", "", text_of(line))
    parts, total = text.split("=")
    assert sum(figure(part) for part in parts.split("+")) == counts.total == figure(total)
    assert total.endswith("+") is not known


@given(SEVEN, SEVEN, st.booleans(), st.integers(78, 250), st.sets(st.sampled_from(sorted(RARE))))
def test_the_same_total_has_the_same_form_whatever_is_in_it(
    one: list[int], other: list[int], known: bool, width: int, shown: set[State]
) -> None:
    other[0] += max(0, sum(one) - sum(other))
    one[0] += sum(other) - sum(one)
    shown |= {state for state in RARE if one[state] or other[state]}
    forms = {
        re.sub(
            r"[\d,]+",
            "n",
            text_of(accounting_line(Counts(*numbers), total_known=known, saving=0, width=width, shown=shown)),
        )
        for numbers in (one, other)
    }
    assert len(forms) == 1


@given(st.integers(1, MOST // 10), st.integers(78, 250))
def test_an_open_total_that_grows_a_little_keeps_its_form(total: int, width: int) -> None:
    lines = {
        re.sub(
            r"[\d,]+", "n", text_of(accounting_line(Counts(n), total_known=False, saving=None, width=width))
        )
        for n in (int(f"{str(total)[0]}{'0' * (len(str(total)) - 1)}"), total)
    }
    assert len(lines) == 1


def figure(text: str) -> int:
    return int("".join(re.findall(r"\d", text)))


def test_wide_lines_name_every_state() -> None:
    text = text_of(accounting_line(Counts(1, 2, 3, 4, 5, 6, 7), total_known=True, saving=1, width=160))
    assert text == (
        "○ queued 1 + ◐ in flight 2 (1 saving) + ↻ waiting 3 + ✓ succeeded 4 + ✗ failed 5 + ⊘ skipped 6"
        " + ! invalid 7 = 28"
    )


def test_narrow_lines_leave_out_only_states_that_nobody_is_in() -> None:
    counts = Counts(queued=21_004, in_flight=500, succeeded=5_003, failed=493)
    assert text_of(accounting_line(counts, total_known=True, saving=0, width=78)) == (
        "○ queued 21,004 + ◐ in flight 500 + ✓ ok 5,003 + ✗ failed 493 = 27,000"
    )


def test_a_state_that_was_named_stays_named() -> None:
    counts = Counts(queued=21_004, in_flight=500, succeeded=5_003, failed=493)
    line = accounting_line(counts, total_known=True, saving=0, width=78, shown={State.WAITING})
    assert text_of(line) == "queued 21,004 + flight 500 + wait 0 + ok 5,003 + failed 493 = 27,000"


def test_every_state_has_a_glyph_of_its_own() -> None:
    assert len({figures.STATE_GLYPHS[state] for state in State}) == len(State)


@given(st.lists(st.integers(0, 10**7), min_size=5, max_size=5), st.integers(5, 300))
def test_a_bar_is_full_and_nothing_in_it_vanishes(amounts: list[int], width: int) -> None:
    cells = share_cells(amounts, width)
    assert sum(cells) == (width if sum(amounts) else 0)
    assert all(bool(n) == bool(cell) for n, cell in zip(amounts, cells, strict=True))


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (14, 19, "14–19 s"),
        (240, 360, "4–6 min"),
        (60, 62, "61 s"),
        (80, 95, "1.3–1.6 min"),
        (7200, 7300, "2 h"),
        (3000, 12_000, "0.8–3 h"),
        (0, 0, "0 s"),
    ],
)
def test_an_eta_is_a_range_while_it_is_unsure(low: float, high: float, text: str) -> None:
    assert figures.eta(Eta(low, high)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (42.9, "0:42"), (725, "12:05"), (3723, "1:02:03"), (180_000, "2 d 02:00:00")],
)
def test_elapsed_time(seconds: float, text: str) -> None:
    assert figures.clock(seconds) == text


@pytest.mark.parametrize(
    ("rate", "text"), [(None, "no limit"), (10, "10/s"), (0.5, "30/min"), (5000 / 3600, "1.38889/s")]
)
def test_rates(rate: float | None, text: str) -> None:
    assert figures.rate(rate) == text


@pytest.mark.parametrize(
    ("done", "total", "text"),
    [
        (0, 0, "0%"),
        (0, 10, "0%"),
        (2, 27_000, "<0.1%"),
        (27, 27_000, "0.1%"),
        (999_999, 10**6, "99.9%"),
        (10, 10, "100%"),
    ],
)
def test_only_all_is_100_percent(done: int, total: int, text: str) -> None:
    assert figures.percent(done, total) == text


@given(st.integers(0, 10**7), st.integers(1, 10**7))
def test_shares_are_never_rounded_to_all_or_to_more_than_they_are(part: int, total: int) -> None:
    part = min(part, total)
    for text, step in ((figures.percent(part, total), 0.1), (whole_percent(part, total), 1)):
        assert (text == "100%") is (part == total)
        assert text.startswith("<") is (0 < part / total * 100 < step) or part == 0
        if text[0] != "<":
            assert abs(float(text[:-1]) - 100 * part / total) <= step


@given(st.floats(0, 9e11))
def test_short_figures_are_short(n: float) -> None:
    assert len(figures.short(n)) <= 10
