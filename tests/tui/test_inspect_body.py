"""Bodies as lines: whatever comes, nothing raises and nothing acts on the terminal."""

from __future__ import annotations

import json

import pytest
from fetchdeck.core.printable import printable
from fetchdeck.tui.body_text import body_text, format_json, hex_dump, paint_json
from fetchdeck.tui.screens.inspect_view import wrap
from fetchdeck.tui.spans import text_of
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

TYPES = st.sampled_from(
    [
        "",
        "application/json",
        "text/html; charset=utf-16",
        "image/png",
        "text/plain; charset=nonsense",
        "application/xml",
    ]
) | st.text(max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.binary(max_size=200) | st.text(max_size=100).map(lambda t: t.encode("utf-8", "replace")),
    TYPES,
    st.booleans(),
)
def test_any_body_becomes_harmless_lines(data: bytes, content_type: str, cut: bool) -> None:
    body = body_text(data, content_type, cut=cut)
    for line in body.lines:
        assert printable(line) == line
        assert text_of(body.paint(line)) == line


@given(JSON.filter(lambda value: isinstance(value, list | dict)), st.booleans())
def test_indented_json_is_the_same_json(value: object, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    lines = format_json(text)
    if printable(text) == text:
        assert json.loads("\n".join(lines)) == value


def test_json_is_indented_and_kept_as_it_came() -> None:
    body = body_text(b'{"a":1.50,"a":[1E5,{}],"b":[],"c":"x\\"y"}', "application/json")
    assert body.label == "JSON, indented"
    assert body.lines == (
        "{",
        '  "a": 1.50,',
        '  "a": [',
        "    1E5,",
        "    {}",
        "  ],",
        '  "b": [],',
        '  "c": "x\\"y"',
        "}",
    )


def test_a_cut_or_deep_json_is_shown_all_the_same() -> None:
    assert body_text(b'{"a": [1, "un', "application/json", cut=True).lines == (
        "{",
        '  "a": [',
        "    1,",
        '    "un',
    )
    deep = body_text(b"[" * 100_000, "application/json", cut=True)
    assert max(map(len, deep.lines)) <= 81
    assert body_text(b"[" * 100_000, "application/json").label == "not valid JSON, as text"


def test_keys_strings_numbers_and_words_have_tones_of_their_own() -> None:
    tones = {span.text: span.tone for span in paint_json('  "k": ["v", 1, null]') if span.text.strip()}
    assert len({tones['"k"'], tones['"v"'], tones["1"], tones["null"], tones["["]}) == 5


@pytest.mark.parametrize(
    ("data", "content_type", "lines"),
    [
        (b"a\tb\r\nc", "text/plain", ("a   b", "c")),
        ("é".encode("latin-1"), "text/html; charset=latin-1", ("é",)),
        ("日".encode()[:2], "text/plain", ("\ufffd",)),
        (b"\xef\xbb\xbfx", "", ("x",)),
        (b"\x1b]52;c;aGk=\x07[/x]", "text/plain", ("␛]52;c;aGk=␇[/x]",)),
        (b"\x89PNG\x00", "image/png", ("00000000  89 50 4e 47 00" + " " * 34 + " .PNG.",)),
    ],
)
def test_texts_and_binaries(data: bytes, content_type: str, lines: tuple[str, ...]) -> None:
    assert body_text(data, content_type).lines == lines


@given(st.binary(max_size=100))
def test_a_hex_dump_holds_every_octet(data: bytes) -> None:
    octets = "".join(line[10:57].replace(" ", "") for line in hex_dump(data))
    assert bytes.fromhex(octets) == data


@given(
    st.lists(st.text(st.characters() | st.sampled_from("日é\u0301"), max_size=60).map(printable)),
    st.integers(8, 30),
)
def test_wrapped_lines_fit_and_lose_nothing(lines: list[str], width: int) -> None:
    pieces = wrap(lines, width)
    assert all(cell_len(lines[p.line][p.start : p.end]) <= width for p in pieces)
    for number, line in enumerate(lines):
        kept = "".join(line[p.start : p.end] for p in pieces if p.line == number)
        assert line.startswith(kept)
        assert cell_len(line[len(kept) :]) == 0
