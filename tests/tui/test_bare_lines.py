"""Lines that go to the screen as they are drawn leave nothing in memory, and are cut as Textual's own are."""

from __future__ import annotations

import gc
import weakref

from fetchdeck.tui.widgets.bare_lines import BareStrip, cropped
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip

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
