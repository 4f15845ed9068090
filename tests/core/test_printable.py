"""The sanitiser: nothing that acts, hides or piles up survives, and what people write is untouched."""

from __future__ import annotations

import json
import unicodedata

import pytest
from fetchdeck.core.printable import printable, printable_lines, safe_json
from hypothesis import example, given
from hypothesis import strategies as st

from ..support.hostile import ACTS, HIDES, harmful

MARKS = "".join(map(chr, (*range(0x300, 0x310), 0x93E, 0x94D, 0x1161, 0x11A8, 0x103B, 0x20E3)))
ANY = st.text(
    st.characters(exclude_categories=[]) | st.sampled_from(MARKS + "\ufe0f\u2764\U0001f44d\U0001f3fd")
)


@given(ANY)
@example("\u2764\ufe0f\ufe0f")
@example("e" + "\u0301" * 6 + "\u093e" * 30)
def test_nothing_that_acts_or_hides_survives(text: str) -> None:
    shown = printable(text)
    assert not harmful(shown)
    assert printable(shown) == shown
    shown.encode()


def test_every_single_character_is_safe_and_visible() -> None:
    for code in range(0x110000):
        shown = printable(chr(code))
        assert shown
        assert unicodedata.category(shown[0]) not in (*ACTS, "Mn", "Me", "Mc")
        if code in HIDES or unicodedata.category(chr(code)) in ACTS:
            assert shown == f"<U+{code:04X}>" or (code in (*range(0x20), 0x7F) and len(shown) == 1)


WORDS = (
    "Zürich Kraków Tashkent Nuku‘alofa L’Aquila",
    "東京 Ａ 한국 한국 パリ",
    "Việt Nam, Việt Nam (NFD)",
    "नमस्ते दुनिया ভাষা தமிழ்",
    "ကျွန်ုပ်တို့၏ မျှော့် ညွှန့်",
    "རྒྱུ ཧཱུྃ",
    "שָׁלוֹם العَرَبِيَّةُ فارسی",
    "ᾄδω Ǖ ấ",
    "👍 🇨🇭 ☕ ½ € → ■",
    "[@click=app.quit]x[/] [/x] \\[b]",
)


@pytest.mark.parametrize("text", WORDS)
def test_what_people_write_is_untouched(text: str) -> None:
    assert printable(text) == text
    assert printable(unicodedata.normalize("NFD", text)) == unicodedata.normalize("NFD", text)


@given(
    st.text(st.characters(categories=["L", "N", "P", "Sc", "Sm", "Zs"], exclude_characters=map(chr, HIDES)))
)
def test_letters_figures_and_signs_are_untouched(text: str) -> None:
    if not any(0x1160 <= ord(c) < 0x1200 or 0xD7B0 <= ord(c) < 0xD800 for c in text):
        assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]52;c;eA==\x07", "␛]52;c;eA==␇"),
        ("a\tb\r\nc\x7f", "a␉b␍␊c␡"),
        ("\x9b6n", "<U+009B>6n"),
        ("user\u202egnp.exe", "user<U+202E>gnp.exe"),
        ("\ud800", "<U+D800>"),
        ("ad\u200bmin\u00ad", "ad<U+200B>min<U+00AD>"),
        ("می\u200cخواهم", "می<U+200C>خواهم"),
        ("👩\u200d🚀", "👩<U+200D>🚀"),
        ("❤\ufe0f ☕\ufe0e 1\ufe0f\u20e3 👍\U0001f3fd", "❤ ☕ 1\u20e3 👍"),
        ("❤\ufe0f\ufe0f x\ufe0f \U0001f3fd", "❤<U+FE0F> x<U+FE0F> <U+1F3FD>"),
        ("x\U000e0041\U000e0100", "x<U+E0041><U+E0100>"),
        ("e" + "\u0301" * 100, "e\u0301\u0301\u0301\u0301<+96 marks>"),
        ("क" + "\u093e" * 100, "क" + "\u093e" * 8 + "<+92 marks>"),
        ("\u1100" + "\u1161" * 100, "\u1100" + "\u1161" * 8 + "<+92 marks>"),
        ("\u0301x", "\u25cc\u0301x"),
        ("", ""),
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


@given(
    st.recursive(ANY, lambda inner: st.lists(inner) | st.dictionaries(ANY, inner)), st.sampled_from([None, 2])
)
@example("\x7f\x9b\u202e\U000e0041\ud800", None)
def test_safe_json_means_the_same_and_shows_all(value: object, indent: int | None) -> None:
    safe = safe_json(json.dumps(value, ensure_ascii=False, indent=indent))
    assert json.loads(safe) == json.loads(json.dumps(value))
    assert not harmful(safe.replace("\n", ""))
