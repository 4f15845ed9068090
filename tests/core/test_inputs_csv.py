"""CSV and TSV: every table the csv module writes is read back, and no broken quote costs the file."""

from __future__ import annotations

import csv
import io
from itertools import pairwise
from pathlib import Path

from fetchdeck.core.inputs.delimited import MAX_RECORD, DelimitedParser, allow_long_fields, read_header
from fetchdeck.core.inputs.parser import Mark
from fetchdeck.core.model import BadRow, Row
from hypothesis import given
from hypothesis import strategies as st

from tests.support.reading import parsed, records_of

CELLS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8
) | st.sampled_from(['"', '""', "\n", "\r\n", ",", "\t", ' "x" ', '"\n"', ""])
TABLES = st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width)))
SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=4)


@given(TABLES, SIZES, st.sampled_from([",", "\t"]), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_what_csv_writes_is_read_back(
    table: list[list[str]], sizes: list[int], delimiter: str, ending: str, ends: bool
) -> None:
    text = io.StringIO()
    # A writer that ends lines with LF leaves a CR unquoted before Python 3.13.
    quoting = csv.QUOTE_ALL if any("\r" in cell for row in table for cell in row) else csv.QUOTE_MINIMAL
    writer = csv.writer(text, delimiter=delimiter, lineterminator=ending, quoting=quoting)
    lines: list[int] = []
    for row in table:
        lines.append(1 + text.getvalue().count("\n"))
        writer.writerow(row)
    data = text.getvalue().encode()
    if not ends and table and table[-1] != [""]:
        data = data.removesuffix(ending.encode())
    columns = [f"c{number}" for number in range(len(table[0]) if table else 1)]
    records = parsed(DelimitedParser(columns, delimiter, Mark()), data, sizes)
    assert records == [
        Row(number, line, dict(zip(columns, row, strict=True)))
        for number, (line, row) in enumerate(zip(lines, table, strict=True))
    ]


@given(
    st.lists(st.sampled_from([b"a,b", b'"', b'""', b'"a,b', b'a",b', b",", b"\r", b"\xff", b"\0", b"x"])),
    SIZES,
)
def test_chunk_boundaries_change_nothing_however_broken_the_quotes(
    parts: list[bytes], sizes: list[int]
) -> None:
    data = b"\n".join(parts)
    whole = parsed(DelimitedParser(["a", "b"], ",", Mark()), data, [len(data) + 1])
    assert parsed(DelimitedParser(["a", "b"], ",", Mark()), data, sizes) == whole
    assert [record.id for record in whole] == list(range(len(whole)))
    assert all(before.line < after.line for before, after in pairwise(whole))
    for skip in range(len(whole) + 1):
        assert parsed(DelimitedParser(["a", "b"], ",", Mark(), skip), data, sizes) == whole[skip:]


async def test_lines_are_counted_through_quoted_newlines(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'\xef\xbb\xbf\r\n"the\r\nid",url\r\n1,"a\r\nb ""c"""\r\n\r\n2,d\r\n   \n3,e')
    assert await records_of(path) == [
        Row(0, 4, {"the\r\nid": "1", "url": 'a\r\nb "c"'}),
        Row(1, 7, {"the\r\nid": "2", "url": "d"}),
        Row(2, 9, {"the\r\nid": "3", "url": "e"}),
    ]


async def test_bad_records_have_a_reason_and_the_others_go_on(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'id,url\n1\n2,b,c\n3,\xff\n4,"d"e\n5,\0\n6,f\rg\n7,h\n8,"open\n9,i\n')
    records = await records_of(path)
    assert [record.reason for record in records if isinstance(record, BadRow)] == [
        "it has 1 fields, and the header has 2",
        "it has 3 fields, and the header has 2",
        "it is not UTF-8 (byte 0xFF)",
        """its quotes are broken (',' expected after '"')""",
        "it holds a NUL character",
        "it holds a carriage return outside of quotes",
        "a quote is opened here that is not closed",
    ]
    assert [record for record in records if isinstance(record, Row)] == [
        Row(6, 8, {"id": "7", "url": "h"}),
        Row(8, 10, {"id": "9", "url": "i"}),
    ]


async def test_an_open_quote_does_not_swallow_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = 3 * MAX_RECORD // 100
    path.write_text('id,url\n0,"http://broken\n' + "".join(f"{n},{'x' * 92:}\n" for n in range(1, rows)))
    records = await records_of(path)
    assert len(records) == rows
    assert [type(record) for record in records[:2]] == [BadRow, Row]
    assert sum(isinstance(record, BadRow) for record in records) == 1


async def test_skipping_agrees_with_reading_past_an_open_quote(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('id,url\n0,a\n1,"b\n' + f"2,{'x' * 90}\n" * 15_000 + '3,"c\nd"\n')
    records = await records_of(path)
    for skip in (1, 2, 9_000, len(records) - 1):
        assert await records_of(path, skip=skip) == records[skip:]


def test_a_record_has_one_limit_whatever_its_lines() -> None:
    allow_long_fields()
    for room, kind in ((0, Row), (1, BadRow)):
        one = b'a,"' + b"x" * (MAX_RECORD - 5 + room) + b'"\n'
        more = b'a,"\n' + b"x" * (MAX_RECORD - 6 + room) + b'"\n'
        for record in (one, more):
            assert len(record) == MAX_RECORD + room
            found = parsed(DelimitedParser(["a", "b"], ",", Mark()), record + b"c,d\n", [70_000])
            assert isinstance(found[0], kind)
            assert found[-1] == Row(len(found) - 1, found[-1].line, {"a": "c", "b": "d"})


def test_a_header_waits_for_its_end() -> None:
    assert read_header([b"\n"], ",", final=False) is None
    assert read_header([b'"a\n'], ",", final=False) is None
    assert read_header([b'"a\n', b'b",c\n', b"\xff\n"], ",", final=False) == (("a\nb", "c"), 2)
