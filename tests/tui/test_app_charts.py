"""The charts' strips: every second has its place, scales hold, and any history can be drawn."""

from __future__ import annotations

from fetchdeck.core.latencies import Latency
from fetchdeck.core.snapshot import Second
from fetchdeck.tui.dots import Canvas
from fetchdeck.tui.spans import text_of, width_of
from fetchdeck.tui.widgets.charts import latency_chart, throughput_chart
from fetchdeck.tui.widgets.charts_axis import SPREAD, Axis, axis_for, round_up
from fetchdeck.tui.widgets.charts_series import by_column, mean_of, window_s, worst
from fetchdeck.tui.widgets.columns import Tone
from hypothesis import given
from hypothesis import strategies as st

LATENCIES = st.lists(st.floats(0, 1e6), min_size=3, max_size=3).map(lambda three: Latency(*sorted(three)))
SECONDS = st.builds(Second, st.integers(0, 10**6), st.integers(0, 10**6), st.none() | LATENCIES)
HISTORIES = st.lists(SECONDS, max_size=120)


@given(HISTORIES, st.integers(1, 120), st.integers(1, 30))
def test_any_history_fills_its_rectangle(history: list[Second], width: int, height: int) -> None:
    for lines, least in (
        (throughput_chart(history, width, height), 2),
        (latency_chart(history, width, height), 1),
    ):
        assert len(lines) == max(least, height)
        assert len({width_of(line) for line in lines}) == 1
        assert width_of(lines[0]) == max(8, width)


@given(HISTORIES.filter(bool), st.integers(1, 400))
def test_every_second_is_seen_and_the_newest_is_at_the_right(history: list[Second], columns: int) -> None:
    seen: set[int] = set()
    merged = by_column(range(len(history)), columns, lambda part: seen.update(part) or part[-1])  # type: ignore[arg-type]
    assert seen == set(range(len(history)))
    assert merged[-1] == len(history) - 1


def test_a_young_run_fills_its_chart() -> None:
    assert [window_s([Second(1, 0, None)] * n) for n in (0, 30, 31, 60, 61, 120)] == [
        30,
        30,
        60,
        60,
        120,
        120,
    ]
    values = by_column([Second(5, 0, None)] * 15, 30, mean_of(lambda second: second.succeeded))
    assert values == (None,) * 15 + (5.0,) * 15


def test_the_worst_second_of_a_column_is_shown() -> None:
    part = [Second(1, 0, Latency(1, 5, 9)), Second(0, 1, None), Second(1, 0, Latency(2, 4, 8))]
    assert worst(part) == (2, 5, 9)
    assert worst(part[1:2]) is None


@given(st.floats(1e-6, 1e12))
def test_an_axis_ends_at_a_round_number_not_far_above(value: float) -> None:
    assert value <= round_up(value) * (1 + 1e-9)
    assert round_up(value) <= 2 * value * (1 + 1e-9)


def test_one_slow_second_makes_the_axis_logarithmic() -> None:
    assert axis_for([333.0] * 9, [600.0] * 8 + [333.0 * SPREAD]) == Axis(0.0, 3000.0)
    assert axis_for([333.0] * 9, [600.0] * 8 + [9_000.0]) == Axis(100.0, 10_000.0, logarithmic=True)
    assert axis_for([], []) == Axis(0.0, 1.0)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.lists(st.floats(0, 1e6), min_size=1))
def test_every_axis_holds_the_worst_and_rises(usual: list[float], worst_ones: list[float]) -> None:
    axis = axis_for(usual, worst_ones)
    assert axis.low < axis.high
    assert axis.high >= max(worst_ones) or max(worst_ones) < 1e-6
    heights = [axis.dots(value, 40) for value in sorted([*usual, *worst_ones])]
    assert heights == sorted(heights)
    assert all(axis.low < tick < axis.high for tick in axis.ticks())


def test_the_labels_of_a_logarithmic_axis_stand_where_their_values_are() -> None:
    history = [Second(1, 0, Latency(333, 450, 600))] * 29 + [Second(1, 0, Latency(400, 1000, 9_000))]
    lines = [text_of(line) for line in latency_chart(history, 47, 9)]
    assert [line[:7] for line in lines] == [
        "  10 s│", "      │", "      │", "      │", " 1.0 s┤", "      │", "      │", "      │", "100 ms│",
    ]  # fmt: skip
    # The usual second reaches a quarter of the height, not a thirtieth.
    assert [line[8] for line in lines].index("⣿") == 7
    # The last second's p95 of 1 s is on the line of that label.
    assert lines[4][-1] == "⠤"


def test_failures_hang_below_the_line_that_successes_stand_on() -> None:
    upper, lower = (text_of(line)[7:] for line in throughput_chart([Second(8, 0, None)] * 30, 17, 2))
    assert (upper, lower.strip()) == ("⣿" * 10, "")
    upper, lower = (text_of(line)[7:] for line in throughput_chart([Second(0, 8, None)] * 30, 17, 2))
    assert (upper.strip(), lower) == ("", "⣿" * 10)


def test_dots_stand_where_they_were_set_in_the_tone_of_most() -> None:
    canvas = Canvas(3, 2)
    canvas.column(0, 0, 1, Tone.GOOD)
    canvas.column(3, 7, 99, Tone.BAD)
    canvas.column(4, 1, 8, Tone.GOOD)
    canvas.column(5, 5, 6, Tone.BAD)
    assert canvas.lines() == (
        (("⠁", Tone.GOOD), (" ", Tone.MUTED), ("⡆", Tone.GOOD)),
        ((" ", Tone.MUTED), ("⢀", Tone.BAD), ("⡗", Tone.GOOD)),
    )
