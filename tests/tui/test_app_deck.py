"""The deck by mouse and keys, in the real app: controls that are clicked, charts that are zoomed and switched."""

from __future__ import annotations

from pathlib import Path

import pytest
from fetchdeck.core.latencies import Latencies, Latency, cell_of
from fetchdeck.core.model import Counts
from fetchdeck.core.snapshot import RunState, Snapshot
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.screens.prompt import PromptScreen
from fetchdeck.tui.spans import text_of, width_of
from fetchdeck.tui.widgets import charts_drawing as drawing
from fetchdeck.tui.widgets.charts import Chart, ChartKind
from fetchdeck.tui.widgets.controls import Controls, panel_lines, strip_lines
from fetchdeck.tui.widgets.deck import SPANS_S, Deck
from fetchdeck.tui.widgets.lines import Lines
from fetchdeck.tui.widgets.status_header import StatusHeader
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.pilot import Pilot

from ..support.scripted_engine import running, scripted, seen

PAUSING = running(state=RunState.PAUSED, in_use=37, counts=Counts(queued=21_004, in_flight=37))
SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])


def place_of(widget: Lines, text: str) -> tuple[int, int]:
    """The middle of a text of a widget, from its corner."""
    for y in range(widget.size.height):
        row = widget.render_line(y).text
        if text in row:
            left, top = widget.content_region.offset - widget.region.offset
            return left + row.index(text) + len(text) // 2, top + y
    raise AssertionError(f"{text!r} is not there")


async def click(pilot: Pilot[None], widget: type[Lines], text: str) -> None:
    await pilot.pause()
    found = pilot.app.screen.query_one(widget)
    await pilot.click(found, offset=place_of(found, text))
    await pilot.pause()


async def click_button(pilot: Pilot[None], label: str, glyph: str) -> None:
    """Click a − or + of the control after `label`."""
    await pilot.pause()
    controls = pilot.app.screen.query_one(Controls)
    x, y = place_of(controls, label)
    row = controls.render_line(y - (controls.content_region.y - controls.region.y)).text
    left = controls.content_region.x - controls.region.x
    await pilot.click(controls, offset=(left + row.index(glyph, x - left), y))
    await pilot.pause()


@SIZES
async def test_a_click_steps_or_switches_what_it_is_on(tmp_path: Path, size: tuple[int, int]) -> None:
    engine = scripted(tmp_path, now=running(rate_limit=20.0))
    async with FetchdeckApp(engine).run_test(size=size) as pilot:
        for label in ("concurrency", "rate"):
            await click_button(pilot, label, "−")
            await click_button(pilot, label, "+")
        await click(pilot, Controls, "manual")
        await click(pilot, Controls, "pause")
        assert engine.commands == [
            ("set_concurrency", 450), ("set_concurrency", 550), ("set_rate", 18), ("set_rate", 22),
            ("set_auto", True), ("pause",),
        ]  # fmt: skip


@SIZES
async def test_a_pause_that_waits_can_be_ended_by_clicks(tmp_path: Path, size: tuple[int, int]) -> None:
    engine = scripted(tmp_path, now=PAUSING)
    async with FetchdeckApp(engine).run_test(size=size) as pilot:
        await click(pilot, Controls, "abort")
        await click(pilot, StatusHeader, "abort")
        await click(pilot, Controls, "resume")
        assert engine.commands == [("abort_in_flight",), ("abort_in_flight",), ("resume",)]


@SIZES
async def test_a_click_on_a_figure_asks_for_another(tmp_path: Path, size: tuple[int, int]) -> None:
    engine = scripted(tmp_path, now=running(rate_limit=20.0))
    async with FetchdeckApp(engine).run_test(size=size) as pilot:
        for figure, asked in ((" 500 ", "Concurrency"), (" 20/s ", "Rate limit")):
            await click(pilot, Controls, figure)
            assert isinstance(pilot.app.screen, PromptScreen)
            assert asked in seen(pilot.app)
            await pilot.press("escape")
        assert engine.commands == []


@pytest.mark.parametrize(
    ("key", "now", "commanded"),
    [
        ("<", running(rate_limit=20.0), [("set_rate", 18)]),
        (">", running(rate_limit=20.0), [("set_rate", 22)]),
        ("<", running(rate_per_s=1482.4), [("set_rate", 1300)]),
        (">", running(), []),
        ("b", PAUSING, [("abort_in_flight",)]),
        ("b", running(), []),
        ("b", running(state=RunState.PAUSED, in_use=0), []),
    ],
)
async def test_keys_step_the_rate_and_abort_only_where_that_makes_sense(
    tmp_path: Path, key: str, now: Snapshot, commanded: list[tuple[object, ...]]
) -> None:
    engine = scripted(tmp_path, now=now)
    async with FetchdeckApp(engine).run_test() as pilot:
        await pilot.pause()
        await pilot.press(key)
        assert engine.commands == commanded


async def test_a_run_that_is_only_looked_at_takes_neither_click_nor_key(tmp_path: Path) -> None:
    engine = scripted(tmp_path, now=running(read_only=True, rate_limit=20.0), read_only=True)
    async with FetchdeckApp(engine).run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        controls = pilot.app.screen.query_one(Controls)
        width, height = controls.size
        assert not any(controls.action_at(x, y) for x in range(width) for y in range(height))
        for text in ("500", "manual", "20/s"):
            await click(pilot, Controls, text)
        await pilot.press("<", ">", "b", "plus", "minus")
        assert engine.commands == []
        assert not isinstance(pilot.app.screen, PromptScreen)


async def test_the_wheel_and_z_zoom_all_charts_from_the_last_minute_to_the_whole_run(tmp_path: Path) -> None:
    async with FetchdeckApp(scripted(tmp_path)).run_test(size=(120, 40)) as pilot:
        deck = pilot.app.screen.query_one(Deck)
        shown = [chart for chart in deck.query(Chart) if chart.display]
        spans = [deck.span_s]
        for _ in SPANS_S:
            await pilot.press("z")
            spans.append(deck.span_s)
        assert tuple(spans) == (*SPANS_S[1:], None, None)
        assert all(chart.render_line(0).text.rstrip().endswith("  whole run") for chart in shown)
        for _ in SPANS_S:
            await pilot.press("Z")
        assert deck.span_s == SPANS_S[0]
        assert {chart.span_s for chart in shown} == {60}
        assert "60 s" in seen(pilot.app)
        for wheel, span_s in ((events.MouseScrollDown, 300), (events.MouseScrollUp, 60)):
            await pilot._post_mouse_events([wheel], shown[1], offset=(20, 3), button=0)
            await pilot.pause()
            assert deck.span_s == span_s


async def test_h_shows_a_histogram_where_latency_is_or_in_the_only_chart(tmp_path: Path) -> None:
    for size in ((80, 24), (120, 40)):
        async with FetchdeckApp(scripted(tmp_path / str(size[0]))).run_test(size=size) as pilot:
            assert "▴p50" not in seen(pilot.app)
            await pilot.press("h")
            assert "histogram" in seen(pilot.app)
            assert all(f"▴p{name}" in seen(pilot.app) for name in (50, 95, 99))
            await pilot.press("h")
            assert "histogram" not in seen(pilot.app)
            assert "latency  ■ p50" in seen(pilot.app)


async def test_m_and_a_click_show_every_chart_in_turn_where_there_is_room_for_one(tmp_path: Path) -> None:
    async with FetchdeckApp(scripted(tmp_path)).run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        chart = pilot.app.screen.query_one("#chart-0", Chart)
        for turn in (lambda: pilot.press("m"), lambda: pilot.click(chart, offset=(20, 2))):
            kinds: list[ChartKind] = []
            for _ in ChartKind:
                kinds.append(chart.kind)
                assert chart.kind.value.replace("throughput", "attempts/s") in seen(pilot.app)
                await turn()
                await pilot.pause()
            assert set(kinds) == set(ChartKind)
            assert chart.kind is kinds[0]


@given(
    st.integers(0, 5000), st.integers(1, 5000), st.integers(0, 500), st.integers(10**8, 2 * 10**9),
    st.integers(1, 60_000),
)  # fmt: skip
def test_at_80_cells_no_figure_is_cut_while_a_limit_drains(
    in_use: int, limit: int, saving: int, received: int, slow_ms: int
) -> None:
    now = running(
        state=RunState.PAUSED, in_use=in_use, limit=limit, saving=saving, received_bytes=received,
        latency=Latency(slow_ms, 2 * slow_ms, 3 * slow_ms), rate_per_s=99_999.0,
    )  # fmt: skip
    turned, came = strip_lines(now, 78)
    assert width_of(turned) <= 78
    assert width_of(came) <= 78
    assert text_of(came).rstrip().endswith("B")
    assert all(width_of(line) <= 34 for line in panel_lines(now, 34, 10))
    if in_use > limit:
        assert f"draining {in_use:,}→{limit:,}" in text_of(came)


@given(
    st.dictionaries(st.integers(-160, 420), st.integers(1, 10**6), min_size=1, max_size=6),
    st.integers(38, 200),
)
def test_no_percentile_is_left_out_of_a_histogram(cells: dict[int, int], width: int) -> None:
    below = text_of(drawing.histogram(Latencies.of(cells), width, 5)[-1])
    assert below.count("▴") == 3
    assert below.count("▴p") == (3 if drawing.names_percentiles(width) else 0)
    assert len(below) == width


def test_percentiles_stand_below_their_bars_while_there_is_room() -> None:
    latencies = Latencies.of({cell_of(100): 90, cell_of(1000): 8, cell_of(9000): 2})
    *bars, below = (text_of(line) for line in drawing.histogram(latencies, 120, 5))
    for name in ("50", "95"):
        assert bars[-1][below.index(f"▴p{name}")] != " "


async def test_only_lines_that_have_changed_are_painted_and_none_is_forgotten(tmp_path: Path) -> None:
    engine = scripted(tmp_path)
    async with FetchdeckApp(engine).run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        controls = pilot.app.screen.query_one(Controls)
        drawn: list[int] = []
        draw = controls.segments
        controls.segments = lambda y, width: (drawn.append(y), draw(y, width))[1]  # type: ignore[method-assign]
        changed: set[int] = set()
        for limit in (640, 20):
            drawn.clear()
            engine.now = running(limit=limit)
            pilot.app.pull()  # type: ignore[attr-defined]
            await pilot.pause()
            changed.update(drawn)
            shown = seen(pilot.app)
            for widget in pilot.app.screen.query(Lines):
                widget.refresh()
            await pilot.pause()
            assert shown == seen(pilot.app)
            assert ("draining 500→20" in shown) is (limit == 20)
        lines = {text: place_of(controls, text)[1] - 1 for text in ("concurrency", "draining", "throughput")}
        assert {lines["concurrency"], lines["draining"]} <= changed
        assert lines["throughput"] not in changed
