"""Widths without Rich agree with Rich, and what is cut fits."""

from __future__ import annotations

from fetchdeck.core.printable import printable
from fetchdeck.tui.cells import cells_of, clip
from fetchdeck.tui.shell_words import quote_path
from fetchdeck.tui.spans import Span, width_of
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

KNOWN = st.characters(max_codepoint=0x1FAFF, categories=["L", "N", "P", "S", "Zs", "Mn"]) | st.sampled_from(
    "日本語한글👍\u0301\u1161 x"
)


def agrees(text: str) -> bool:
    """Rich's tables are of a newer Unicode than Python's: a few old characters have become wide since."""
    return all(cells_of(c) == cell_len(c) for c in text)


@given(st.text(KNOWN, max_size=40).map(printable).filter(agrees), st.integers(-1, 50))
def test_a_clipped_text_fits_and_says_that_it_was_longer(text: str, cells: int) -> None:
    shown = clip(text, cells)
    assert cell_len(shown) <= max(cells, 0)
    assert shown == text or not shown or shown.endswith("…")
    assert shown == text or cell_len(text) > cells
    assert cell_len(clip(text, cells, ellipsis="")) <= max(cells, 0)


def test_letters_of_the_world_have_the_width_that_rich_gives_them() -> None:
    for text in ("Zürich", "東京タワー", "한국 한국", "نورماندي", "ﾊﾝｶｸ", "👍☕½", "e\u0301", "मस्ते"):
        assert cells_of(text) == cell_len(text)


@given(st.lists(st.text(KNOWN | st.sampled_from("▌▐│━█⣿⊘‖…→✓ "), max_size=8), max_size=6))
def test_a_line_is_as_wide_as_its_spans(texts: list[str]) -> None:
    assert width_of(tuple(map(Span, texts))) == sum(map(cell_len, texts))


def test_a_path_is_no_option() -> None:
    assert quote_path("-rf.run") == "./-rf.run"
    assert quote_path("a b") == "'a b'"
    assert quote_path("\udcff\x1b") == "$'\\xff\\x1b'"
