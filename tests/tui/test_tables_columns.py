"""Cutting foreign text to cells, and sharing a width among columns."""

from __future__ import annotations

import pytest
from fetchdeck.core.printable import printable
from fetchdeck.tui.widgets import quantities
from fetchdeck.tui.widgets.columns import GAP, Cell, Column, fit, layout
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

NASTY = st.text(
    st.characters() | st.sampled_from("\x1b\x07\x9b\u202e\u2066\u200d\ufe0f\u0301\ud800日👩❤é[]/@"),
    max_size=60,
)


@given(NASTY, st.integers(0, 40), st.booleans(), st.booleans())
def test_fitted_text_is_exactly_as_wide_as_asked_and_harmless(
    text: str, width: int, right: bool, middle: bool
) -> None:
    fitted = fit(text, width, right=right, middle=middle)
    assert cell_len(fitted) == width
    assert printable(fitted) == fitted


def test_a_long_text_is_cut_at_its_end_or_in_its_middle() -> None:
    assert fit("0123456789", 6) == "01234…"
    assert fit("0123456789", 6, middle=True) == "01…789"
    assert fit("日本語日本語", 6) == "日本 …"
    assert fit("42", 6, right=True) == "    42"


def test_piled_up_marks_cost_no_more_than_the_width() -> None:
    assert len(fit("e" + "\u0301" * 100_000, 10)) < 400


def column(width: int, share: int = 0, drop: int = 0) -> Column[int]:
    return Column(f"w{width}", width, lambda row: Cell(str(row)), share=share, drop=drop)


def test_a_wide_screen_gives_flexible_columns_the_rest_by_share() -> None:
    placed = layout((column(5), column(10, share=1), column(10, share=3)), 67)
    assert [width for _, width in placed] == [5, 20, 40]


def test_a_narrow_screen_drops_columns_by_priority() -> None:
    columns = (column(5), column(6, drop=1), column(7, drop=3), column(8, drop=2), column(10, share=1))
    assert [c.title for c, _ in layout(columns, 32)] == ["w5", "w6", "w8", "w10"]
    assert [c.title for c, _ in layout(columns, 31)] == ["w5", "w6", "w10"]
    assert [c.title for c, _ in layout(columns, 3)] == ["w5", "w10"]


@given(
    st.lists(st.builds(column, st.integers(1, 12), st.integers(0, 3), st.integers(1, 5))), st.integers(0, 99)
)
def test_columns_never_take_more_than_there_is(columns: list[Column[int]], width: int) -> None:
    placed = layout(columns, width)
    taken = sum(cells for _, cells in placed) + GAP * max(0, len(placed) - 1)
    assert taken <= width
    assert not any(c.share for c, _ in placed) or taken == width


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (None, "–"),
        (0.4, "0 ms"),
        (999.4, "999 ms"),
        (999.6, "1.0 s"),
        (59_960, "1m 00s"),
        (7_620_000, "2h 07m"),
    ],
)
def test_latencies(ms: float | None, text: str) -> None:
    assert quantities.latency(ms) == text


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (None, "–"),
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1 kB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (2**40, "1.1 TB"),
    ],
)
def test_sizes(octets: int | None, text: str) -> None:
    assert quantities.size(octets) == text


@given(st.integers(0, 999 * 10**12))
def test_sizes_fit_their_column(octets: int) -> None:
    assert len(quantities.size(octets)) <= 7
