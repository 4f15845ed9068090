"""The sanitiser: nothing that acts on a terminal survives, and safe text is untouched."""

from __future__ import annotations

import unicodedata

import pytest
from fetchdeck.core.printable import printable, printable_lines
from hypothesis import given
from hypothesis import strategies as st

ANY = st.text(st.characters(exclude_categories=[]))
BIDI = {chr(code) for code in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}


@given(ANY)
def test_nothing_that_acts_survives(text: str) -> None:
    shown = printable(text)
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in BIDI]
    assert printable(shown) == shown
    shown.encode()


def test_every_single_character_is_safe_or_visible() -> None:
    for code in (*range(0x2FFF), *range(0xD7FF, 0xE001), *range(0xFE00, 0x10000)):
        shown = printable(chr(code))
        assert shown
        assert unicodedata.category(shown[0]) not in ("Cc", "Cs", "Zl", "Zp")
        assert shown[0] not in BIDI


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs", "M"])))
def test_safe_text_is_untouched(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]52;c;eA==\x07", "␛]52;c;eA==␇"),
        ("a\tb\r\nc\x7f", "a␉b␍␊c␡"),
        ("\x9b6n", "<U+009B>6n"),
        ("user\u202egnp.exe", "user<U+202E>gnp.exe"),
        ("\ud800", "<U+D800>"),
        ("[@click=app.quit]x[/]", "[@click=app.quit]x[/]"),
        ("Zürich 東京 👍", "Zürich 東京 👍"),
    ],
)
def test_what_it_becomes(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(ANY)
def test_lines_keep_line_feeds_and_tabs_alone(text: str) -> None:
    shown = printable_lines(text)
    assert [line.split("\t") for line in shown.split("\n")] == [
        [printable(cell) for cell in line.split("\t")] for line in text.split("\n")
    ]
    assert {c for c in shown if unicodedata.category(c) == "Cc"} <= {"\n", "\t"}
