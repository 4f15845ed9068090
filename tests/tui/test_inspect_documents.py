"""Documents of the inspector: whatever the octets, lines are harmless, fold right, and lose nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from fetchdeck.core.errors import OptionError
from fetchdeck.core.journal.records import AttemptRecord, RequestDetail, TableRow
from fetchdeck.core.model import FailureKind, State
from fetchdeck.core.printable import printable
from fetchdeck.tui.inspector.book import Book, Kind, Look, open_book
from fetchdeck.tui.inspector.charsets import coding, decode
from fetchdeck.tui.inspector.document import Document, LineDocument, Rows, part_of
from fetchdeck.tui.inspector.editing import Draft, draft_of, edited
from fetchdeck.tui.inspector.images import image_facts
from fetchdeck.tui.inspector.json_document import NotJsonError, read_json
from fetchdeck.tui.inspector.markup_document import read_markup
from fetchdeck.tui.inspector.saving import SaveName, save
from fetchdeck.tui.inspector.search import Match, pattern_of, search_book
from fetchdeck.tui.inspector.source import PAGE, BodySource, Pages
from fetchdeck.tui.inspector.timeline import CONNECT, DNS, TLS, TRANSFER, WAITING, bar, segments
from fetchdeck.tui.pauses import Pauses, StoppedError
from fetchdeck.tui.spans import text_of, width_of
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
TYPES = st.sampled_from(
    ["", "application/json", "text/html; charset=utf-16", "image/png", "text/plain; charset=idna", "text/xml"]
) | st.text(max_size=20)


def lines_of(document: Document) -> list[str]:
    return [document.text(line) for line in range(len(document))]


def shown(rows: Rows) -> list[str]:
    """The rows of the screen, without what stands behind folded ones."""
    made: list[str] = []
    for row in range(len(rows)):
        line, start, end = rows.place(row)
        made.append("".join(span.text for span in part_of(rows.document.spans(line), start, end)))
    return made


def book_of(data: bytes, content_type: str, look: Look = Look.PRETTY) -> Book:
    return open_book(BodySource(len(data), data), content_type, look, Pauses())


@given(VALUES, st.booleans(), st.integers(0, 3) | st.none())
def test_a_tree_of_json_is_the_same_json(value: object, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    document = read_json(text, Pauses())
    if printable(text) == text:
        assert json.loads("\n".join(lines_of(document))) == value


def test_numbers_doubled_keys_and_order_stay_as_they_came() -> None:
    text = '{"n":123456789012345678901234567890.10,"a":1E5,"a":[{},[]]}'
    assert lines_of(read_json(text, Pauses())) == [
        "{",
        '  "n": 123456789012345678901234567890.10,',
        '  "a": 1E5,',
        '  "a": [',
        "    {},",
        "    []",
        "  ]",
        "}",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        '{"a" 1}',
        "[1,]",
        "{,}",
        "[1 2]",
        '{"a":1,}',
        '"abc',
        "[}",
        '{"a":}',
        "tru",
        "[01]",
        ":",
        ",",
        "}",
        '{"a"',
    ],
)
def test_what_is_no_json_is_not_shown_as_some(text: str) -> None:
    with pytest.raises(NotJsonError):
        read_json(text, Pauses())


def test_any_depth_is_read() -> None:
    assert len(read_json("[" * 50_000 + "1" + "]" * 50_000, Pauses())) == 100_001


@settings(deadline=None)
@given(st.lists(st.integers(0, 3), max_size=30), st.lists(st.integers(0, 29)), st.integers(8, 20))
def test_folding_shows_what_no_folded_block_hides(depths: list[int], toggles: list[int], width: int) -> None:
    lines = [f"{depth} " + "x" * (number % 7) * 5 for number, depth in enumerate(depths)]
    ends = [
        next((at - 1 for at in range(n + 1, len(depths)) if depths[at] <= depth), len(depths) - 1)
        for n, depth in enumerate(depths)
    ]
    rows = Rows(LineDocument(lines, ends), width)
    folded: set[int] = set()
    for line in toggles:
        if line < len(lines) and ends[line] > line:
            folded ^= {line}
            rows.toggle(line)
            hidden = {inner for head in folded for inner in range(head + 1, ends[head] + 1)}
            kept = [text for n, text in enumerate(lines) if n not in hidden]
            assert "".join(shown(rows)) == "".join(kept)
            assert shown(rows.refolded(folded)) == shown(rows)
            assert rows.folds == folded
    for line in range(len(lines)):
        rows.reveal(line)
        assert rows.place(rows.row_of(line)).line == line


@given(st.lists(st.text().map(printable), max_size=5), st.integers(8, 30))
def test_rows_fit_their_width_and_lose_nothing(lines: list[str], width: int) -> None:
    rows = Rows(LineDocument(lines), width)
    assert "".join(shown(rows)) == "".join(lines)
    assert all(cell_len(row) <= width for row in shown(rows))


@settings(deadline=None)
@given(
    st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace")),
    TYPES,
    st.sampled_from(Look),
)
def test_any_body_becomes_harmless_lines(data: bytes, content_type: str, look: Look) -> None:
    book = book_of(data, content_type, look)
    for page in range(book.count):
        document = book.load(page, Pauses())
        for line in range(len(document)):
            text = document.text(line)
            assert "\n" not in text
            assert re.sub(r"^◌", "", printable(text)) == re.sub(r"^◌", "", text)
            assert text_of(document.spans(line)) == text


@given(st.text(st.sampled_from("<>/!-ab \n\"'=[]?") | st.characters(), max_size=80), st.booleans())
def test_markup_loses_nothing_but_white_space(text: str, html: bool) -> None:
    document = read_markup(text, html=html, pauses=Pauses())
    squeezed = re.sub(r"\s", "", "".join(lines_of(document)))
    if printable(text) == text:
        assert squeezed == re.sub(r"\s", "", text)
    assert all(end >= line for line, end in enumerate(document.ends))


def test_html_is_indented_and_folds() -> None:
    text = (
        "<html><head><title>A</title><script>if (a<b) {}</script></head><body><p>x<br><b>y</b></body></html>"
    )
    document = read_markup(text, html=True, pauses=Pauses())
    assert lines_of(document) == [
        "<html>",
        "  <head>",
        "    <title>A</title>",
        "    <script>if (a<b) {}</script>",
        "  </head>",
        "  <body>",
        "    <p>",
        "      x",
        "      <br>",
        "      <b>y</b>",
        "  </body>",
        "</html>",
    ]
    assert (document.ends[0], document.ends[1], document.ends[5]) == (11, 4, 10)


@pytest.mark.parametrize(
    ("name", "found"),
    [("UTF8", "utf-8"), ("latin1", "iso8859-1"), ("Shift_JIS", "shift_jis"), ("idna", "utf-8")]
    + [
        (name, "utf-8") for name in ("punycode", "base64", "zlib", "unicode_escape", "rot13", "../x", "nul\0")
    ],
)
def test_only_codings_of_text_are_used(name: str, found: str) -> None:
    assert coding(name) == found


def test_what_cannot_be_decoded_is_seen() -> None:
    assert decode(b"a\xffb", "utf-8") == "a\ufffdb"


@given(st.binary(max_size=40), st.integers(0, 3))
def test_pages_cover_a_body_without_gaps(tail: bytes, pages: int) -> None:
    data = (b"abc\n" * (PAGE // 2))[: pages * PAGE] + tail + "é".encode() * 20
    cut = Pages(BodySource(len(data), data), "utf-8")
    assert b"".join(cut.read(page) for page in range(cut.count)) == data
    for page in range(cut.count):
        assert not cut.read(page)[:1] or cut.read(page)[0] & 0xC0 != 0x80 or tail


def test_a_search_goes_through_all_pages_from_where_it_begins() -> None:
    data = b"".join(b"line %06d\n" % n for n in range(60_000))
    book = book_of(data, "text/plain")
    pattern = pattern_of("LINE 000007".lower())
    assert pattern is not None
    found = [match for report in search_book(book, pattern, 1, Pauses()) for match in report.found]
    assert found == [Match(0, 7, 0)]
    pauses = Pauses()
    pauses.stop()
    with pytest.raises(StoppedError):
        list(search_book(book, pattern, 0, pauses))


@pytest.mark.parametrize(
    ("head", "facts"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\2\x80\0\0\1\xe0", "PNG, 640×480"),
        (b"GIF89a\x80\x02\xe0\x01", "GIF, 640×480"),
        (b"\xff\xd8\xff\xc0\0\x11\x08\x01\xe0\x02\x80", "JPEG, 640×480"),
        (b"\xff\xd8\xff", "JPEG"),
        (b"text", ""),
    ],
)
def test_pictures_are_told_by_their_octets(head: bytes, facts: str) -> None:
    assert image_facts(head) == facts
    assert not facts or book_of(head + b"\0" * 20, "text/plain").kind is Kind.IMAGE


def attempt(**fields: object) -> AttemptRecord:
    made = {"n": 1, "started": 0.0, "elapsed_ms": 100.0, "ttfb_ms": 70.0, "status": 200, "kind": None}
    return AttemptRecord(**{**made, "message": None, "hops": (), **fields})  # type: ignore[arg-type]


def test_the_parts_of_an_attempt_add_up() -> None:
    assert segments(attempt(dns_ms=10.0, connect_ms=20.0, tls_ms=30.0)) == (
        (DNS, 10.0),
        (CONNECT, 20.0),
        (TLS, 30.0),
        (WAITING, 10.0),
        (TRANSFER, 30.0),
    )
    late = attempt(ttfb_ms=None, dns_ms=10.0, kind=FailureKind.CONNECT_TIMEOUT)
    assert segments(late) == ((DNS, 10.0), (CONNECT, 90.0))


MS = st.floats(0, 1e6)


@given(
    MS,
    st.none() | MS,
    st.none() | MS,
    st.none() | MS,
    st.sampled_from([None, *FailureKind]),
    st.integers(8, 100),
)
def test_bars_have_one_scale(
    elapsed: float,
    ttfb: float | None,
    dns: float | None,
    tls: float | None,
    kind: FailureKind | None,
    width: int,
) -> None:
    spent = segments(attempt(elapsed_ms=elapsed, ttfb_ms=ttfb, dns_ms=dns, tls_ms=tls, kind=kind))
    assert sum(ms for _, ms in spent) == pytest.approx(elapsed)
    assert all(ms >= 0 for _, ms in spent)
    assert width_of(bar(spent, max(elapsed, 1.0) * 2, width)) == width


def detail(**fields: object) -> RequestDetail:
    row = TableRow(0, 1, State.FAILED, "POST", "http://h/\x1b?k=***", 1, 500, None, None, 2, 1.0, 1.0)
    made = {"row": row, "columns": {}, "headers": (("X", "a\x07b"), ("Y", "***")), "body": b"a\x1b=1\r\n"}
    return RequestDetail(**{**made, "attempts": (), "response": None, **fields})  # type: ignore[arg-type]


def test_what_is_not_edited_stays_octet_for_octet() -> None:
    whole = detail()
    draft = draft_of(whole)
    assert printable(draft.url) == draft.url
    sent = edited(whole, draft)
    assert (sent.method, sent.url, sent.headers, sent.body) == (
        "POST",
        whole.row.url,
        whole.headers,
        whole.body,
    )
    changed = edited(whole, Draft("PUT", "https://h/", "Y: ***\nZ:  1 ", ""))
    assert (changed.method, changed.headers, changed.body) == ("PUT", (("Y", "***"), ("Z", "1")), None)
    for wrong in (
        Draft("G T", "http://h/", "", ""),
        Draft("GET", "h", "", ""),
        Draft("GET", "http://h/", "no", ""),
    ):
        with pytest.raises(OptionError):
            edited(whole, wrong)


def test_saving_is_private_and_replaces_only_with_leave(tmp_path: Path) -> None:
    file, source = tmp_path / "row-1.json", BodySource(2, b"{}")
    assert save(source, file, replace=False) == 2
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        save(BodySource(1, b"x"), file, replace=False)
    assert file.read_bytes() == b"{}"
    assert [path.name for path in tmp_path.iterdir()] == ["row-1.json"]
    names = SaveName()
    with pytest.raises(OptionError):
        names(str(file))
    assert names.replaces(names(str(file)))
    for wrong in ("", str(tmp_path), str(tmp_path / "no" / "x"), "a\x1bb"):
        with pytest.raises(OptionError):
            names(wrong)
