"""Lines that go to the screen as they are drawn leave nothing in memory, and are cut as Textual's own are."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

from fetchdeck.core.latencies import Latency
from fetchdeck.core.snapshot import InFlightRow
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.spans import Line, Span
from fetchdeck.tui.widgets.bare_lines import BareStrip, cropped
from fetchdeck.tui.widgets.columns import Tone
from fetchdeck.tui.widgets.in_flight_table import InFlightTable
from fetchdeck.tui.widgets.lines import Lines
from fetchdeck.tui.widgets.status_header import StatusHeader
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.containers import Container
from textual.geometry import Region
from textual.pilot import Pilot
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import ContentSwitcher

from ..support.scripted_engine import ScriptedEngine, in_flight, rows, running, scripted

TEXTS = st.lists(st.text("ab 例e\u0301", max_size=6), min_size=1, max_size=5)


def segments_of(texts: list[str]) -> list[Segment]:
    return [Segment(text) for text in texts]


@given(TEXTS, st.sets(st.integers(1, 40), max_size=4), st.integers(0, 2))
def test_it_is_cut_as_any_strip_and_filled_where_nothing_else_begins(
    texts: list[str], inner: set[int], beyond: int
) -> None:
    plain, bare = Strip(segments_of(texts)), BareStrip(segments_of(texts))
    whole = plain.cell_length
    cuts = sorted({cut for cut in inner if cut < whole} | {whole + beyond})
    if whole:
        filled = plain.adjust_cell_length(whole + beyond)
        assert [piece.text for piece in bare.divide(cuts)] == [piece.text for piece in filled.divide(cuts)]
        beside = [*cuts[:-1], whole, whole + 1]
        assert [piece.text for piece in bare.divide(beside)] == [piece.text for piece in plain.divide(beside)]


@given(TEXTS, st.integers(0, 10), st.integers(0, 10))
def test_it_is_cropped_to_what_is_seen(texts: list[str], x: int, width: int) -> None:
    strip = BareStrip(segments_of(texts))
    assert cropped([strip], Region(0, 0, strip.cell_length, 1), strip.cell_length) == [strip]
    assert cropped([strip], Region(x, 0, width, 1), strip.cell_length) == [strip.crop(x, x + width)]


async def test_a_line_is_filled_up_on_its_ground_whatever_the_width_of_its_text() -> None:
    class Told(Lines):
        DEFAULT_CSS = "Told { background: #123456; width: 100%; height: 3; }"

        def composed(self, width: int, height: int) -> tuple[Line, ...]:
            return (Span("例外 e\u0301", Tone.BAD),), (Span("x" * 100),)

    class Telling(App[None]):
        def compose(self) -> ComposeResult:
            yield Told()

    async with Telling().run_test(size=(30, 5)) as pilot:
        told = pilot.app.query_one(Told)
        strips = told.render_lines(Region(0, 0, 30, 3))
        assert [(strip.cell_length, cell_len(strip.text)) for strip in strips] == [(30, 30)] * 3
        for strip in (strips[0], strips[2]):
            assert list(strip)[-2].style == told.rich_style
        assert told.render_line(0).text == "例外 e\u0301" + " " * 22


def test_it_is_gone_when_nobody_shows_it() -> None:
    class Watched(BareStrip):
        __slots__ = ("__weakref__",)

    strip = Watched([Segment("a row")])
    gone = weakref.ref(strip)
    gc.disable()
    try:
        assert strip.divide([strip.cell_length]) == [strip]
        del strip
        assert gone() is None
    finally:
        gc.enable()


async def test_what_holds_others_keeps_the_rules_of_textuals_own(tmp_path: Path) -> None:
    async with (app := FetchdeckApp(scripted(tmp_path, rows()))).run_test(size=(120, 40)):
        screen = app.screen
        assert "screen--selection" in screen._get_component_classes()
        for kind in (Screen, Container, ContentSwitcher):
            assert any(kind.__name__ in node._css_type_names for node in screen.walk_children(with_self=True))


async def test_looks_at_a_busy_run_leave_nothing_in_circles(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows())
    base = in_flight(200)
    app = FetchdeckApp(engine)
    async with app.run_test(size=(200, 60)) as pilot:
        await look(app, pilot, engine, base[:100], 0)
        gc.collect()
        gc.disable()
        try:
            # The scroll bar is as long as the number of rows says, and all that has a figure is drawn anew.
            for n in range(1, 91):
                await look(app, pilot, engine, base[: 100 + n], n)
            left = gc.collect()
            assert left < 200, left
        finally:
            gc.enable()


async def look(
    app: FetchdeckApp, pilot: Pilot[object], engine: ScriptedEngine, flights: tuple[InFlightRow, ...], n: int
) -> None:
    """Pull and paint a run whose rows in flight and figures are all others each time."""
    engine.flying = tuple(replace(row, id=row.id + 1000 * n) for row in flights)
    engine.now = replace(
        engine.now,
        in_use=len(flights),
        rate_per_s=5000.0 + n,
        received_bytes=10**6 * n,
        latency=Latency(100.0 + n, 300.0 + n, 900.0 + n),
    )
    app.pull()
    app.screen.query_one(InFlightTable).resize_to(len(flights), now=True)
    await pilot.pause()


async def test_text_can_be_dragged_over(tmp_path: Path) -> None:
    async with (app := FetchdeckApp(scripted(tmp_path, rows()))).run_test(size=(120, 40)) as pilot:
        await pilot.press("3", "slash")
        await pilot.pause()
        await pilot.mouse_down(".filter--hint", offset=(2, 0))
        await pilot.hover(".filter--hint", offset=(20, 0))
        await pilot.pause()
        await pilot.mouse_up(".filter--hint", offset=(20, 0))
        await pilot.pause()
        assert app.screen.get_selected_text()


class Watched(StatusHeader):
    """Notes how wide lines were asked for, and how wide they came."""

    def __init__(self) -> None:
        super().__init__()
        self.widths: list[tuple[int, int]] = []

    def render_lines(self, crop: Region) -> list[Strip]:
        strips = super().render_lines(crop)
        self.widths += [(crop.width, strip.cell_length) for strip in strips]
        return strips


async def test_the_first_frame_of_a_new_size_has_its_width() -> None:
    class Bench(App[None]):
        def compose(self) -> ComposeResult:
            yield Watched()

    async with (app := Bench()).run_test(size=(40, 5)) as pilot:
        header = app.query_one(Watched)
        header.follow(running())
        for width in (60, 30):
            await pilot.resize_terminal(width, 5)
            await pilot.pause()
        assert {asked for asked, _ in header.widths} == {40, 60, 30}
        assert all(asked == came for asked, came in header.widths)
