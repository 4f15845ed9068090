"""The charts' strips: every stretch has its place, scales hold, and any past can be drawn."""

from __future__ import annotations

from fetchdeck.core.engine.timeline import Timeline
from fetchdeck.core.latencies import Latencies, Latency, cell_of
from fetchdeck.core.past import EventKind, Mark, PastView, Stretch
from fetchdeck.core.snapshot import Second
from fetchdeck.tui import rate_steps
from fetchdeck.tui.dots import Canvas
from fetchdeck.tui.spans import Span, text_of, width_of
from fetchdeck.tui.widgets import charts_drawing as drawing
from fetchdeck.tui.widgets.charts_axis import SPREAD, Axis, axis_for, round_up
from fetchdeck.tui.widgets.charts_time import GUTTER, nearest, time_axis
from fetchdeck.tui.widgets.columns import Tone
from hypothesis import given
from hypothesis import strategies as st

from ..support.scripted_engine import made_past

CELLS = st.dictionaries(st.integers(-160, 420), st.integers(1, 10**6), max_size=6).map(Latencies.of)
STRETCHES = st.builds(
    Stretch,
    st.floats(1e9, 2e9),
    st.sampled_from((1.0, 10.0, 600.0)),
    st.sampled_from((0.0, 1.0)),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.floats(0, 1e5),
    st.integers(1, 10**5),
    CELLS,
)
PASTS = st.lists(STRETCHES | st.none(), min_size=1, max_size=120).map(tuple)


@given(PASTS, st.integers(1, 100), st.integers(1, 30))
def test_any_past_fills_its_rectangle(columns: tuple[Stretch | None, ...], width: int, height: int) -> None:
    across = drawing.dots_across(width)
    view = PastView((columns * across)[:across], 60.0, (Mark(0, 1e9, EventKind.TROUBLE, "x"),))
    for draw, least in (
        (drawing.throughput, 2),
        (drawing.latency, 1),
        (drawing.flying, 1),
        (drawing.errors, 1),
        (lambda view, width, height: drawing.histogram(view.latencies, width, height), 2),
    ):
        lines = draw(view, width, height)
        assert len(lines) in {max(least, height), height + 1}
        assert len({width_of(line) for line in lines}) == 1
        assert width_of(lines[0]) == max(8, width)
    assert width_of(time_axis(view, width, live=True)) == max(7, width)


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


def drawn(draw: object, seconds: list[Second], width: int, height: int) -> list[str]:
    view = made_past(seconds).view(30, drawing.dots_across(width))
    return [text_of(line) for line in draw(view, width, height)]  # type: ignore[operator]


def test_the_labels_of_a_logarithmic_axis_stand_where_their_values_are() -> None:
    usual, slow = Latency(333, 450, 600), Latency(400, 1000, 9_000)
    lines = drawn(drawing.latency, [Second(1000, 0, usual)] * 29 + [Second(1000, 0, slow)], 47, 9)
    assert [line[:7] for line in lines] == [
        "  10 s│", "      │", "      │", "      │", " 1.0 s┤", "      │", "      │", "      │", "100 ms│",
    ]  # fmt: skip
    # The usual second reaches a quarter of the height, not a thirtieth.
    assert [line[8] for line in lines].index("⣿") == 7


def test_failures_hang_below_the_line_that_successes_stand_on() -> None:
    upper, lower = (line[7:] for line in drawn(drawing.throughput, [Second(8, 0, None)] * 30, 17, 2))
    assert (upper, lower.strip()) == ("⣿" * 10, "")
    upper, lower = (line[7:] for line in drawn(drawing.throughput, [Second(0, 8, None)] * 30, 17, 2))
    assert (upper.strip(), lower) == ("", "⣿" * 10)


def test_a_pause_is_a_gap_and_its_moments_stand_on_the_axis() -> None:
    timeline, busy = Timeline(), Stretch(1e9, 1, 1, 8, 0, 4, 8, Latencies())
    for _ in range(10):
        timeline.add(busy)
    timeline.mark(1e9 + 10, EventKind.PAUSED, "Paused by hand.")
    for n in range(10):
        timeline.add(Stretch(1e9 + 10 + n, 1, 0, 0, 0, 0, 8, Latencies()))
    timeline.mark(1e9 + 20, EventKind.RESUMED, "Resumed by hand.")
    for _ in range(10):
        timeline.add(busy)
    view = timeline.view(30, 60)
    top = text_of(drawing.throughput(view, 37, 2)[0])[7:]
    assert top == "⣿" * 10 + " " * 10 + "⣿" * 10
    axis = text_of(time_axis(view, 37, live=True))[7:]
    assert (axis[10], axis[20], axis[-3:]) == ("‖", "▶", "now")
    pause, resumption = view.marks
    assert nearest(view, 22, 3) is pause
    assert nearest(view, 39, 3) is resumption
    assert nearest(view, 30, 3) is None


def test_percentiles_are_marked_below_their_place_in_the_histogram() -> None:
    latencies = Latencies.of({cell_of(100): 90, cell_of(1000): 9, cell_of(9000): 1})
    *bars, below = (text_of(line) for line in drawing.histogram(latencies, 87, 5))
    assert [below.index(f"▴p{name}") for name in ("50", "95")] == sorted(
        below.index(f"▴p{name}") for name in ("50", "95")
    )
    for name in ("50", "95"):
        assert bars[-1][below.index(f"▴p{name}")] != " "


def test_the_rate_is_stepped_by_a_tenth_and_never_stands_still() -> None:
    assert rate_steps.up(None) is None
    assert rate_steps.down(None, 1482.4) == 1300
    assert (rate_steps.up(10.0), rate_steps.down(10.0, 0)) == (11, 9)
    for low in (1 / 3600, 0.013, 1.0, 9.9, 10_000.0):
        higher = rate_steps.up(low)
        assert higher is not None
        assert low < higher < 1.3 * low
        assert rate_steps.down(low, 0) < low or low == 1 / 3600


@given(
    st.lists(st.none() | st.floats(0, 1e7), max_size=20),
    st.sampled_from((Axis(0.0, 1.0), Axis(0.0, 3e6), Axis(0.01, 5e4, logarithmic=True))),
    st.integers(1, 40),
)
def test_heights_are_the_dots_of_each_value(values: list[float | None], axis: Axis, height: int) -> None:
    heights = axis.heights(values, height)
    assert heights == [None if value is None else axis.dots(value, height) for value in values]
    assert all(1 <= one <= height for one in heights if one is not None)


def test_nothing_is_drawn_of_nothing() -> None:
    quiet = Stretch(1e9, 1.0, 1.0, 5, 0, 0.0, 10, Latencies.of({cell_of(100): 5}))
    failing = Stretch(1e9 + 1, 1.0, 1.0, 0, 5, 0.0, 10, Latencies.of({}))
    view = PastView((quiet, quiet, failing, failing), 4.0)
    assert [text_of(line)[GUTTER:] for line in drawing.errors(view, GUTTER + 2, 1)] == [" ⣿"]
    above, below = drawing.throughput(view, GUTTER + 2, 2)
    assert [text_of(line)[GUTTER:] for line in (above, below)] == ["⣿ ", " ⣿"]
    assert below[0].tone is Tone.BAD
    calm = PastView((quiet, quiet), 2.0)
    assert drawing.throughput(calm, GUTTER + 1, 2)[-1][0].tone is Tone.MUTED


def test_dots_stand_where_they_were_set_in_the_tone_of_most() -> None:
    canvas = Canvas(3, 2)
    canvas.draw([(0, 1), None, None, None, (1, 8)], Tone.GOOD)
    canvas.draw([None, None, None, (7, 99), None, (5, 6)], Tone.BAD)
    assert canvas.lines() == (
        (Span("⠁ ⡆", Tone.GOOD),),
        (Span(" ⢀", Tone.BAD), Span("⡗", Tone.GOOD)),
    )
