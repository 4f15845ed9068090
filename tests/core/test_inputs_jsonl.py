"""JSON lines: what a row says of its request, its columns, and every way a line can be wrong."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from fetchdeck.core.inputs.jsonl import MAX_DEPTH, MAX_LINE, SPEC_KEYS, JsonlParser
from fetchdeck.core.inputs.parser import Mark
from fetchdeck.core.model import BadRow, Row, RowSpec
from hypothesis import given
from hypothesis import strategies as st

from tests.support.reading import parsed, records_of

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
COLUMNS = st.dictionaries(TEXT.filter(lambda name: name not in SPEC_KEYS), VALUES, max_size=4)


def one(line: bytes) -> Row | BadRow:
    (record,) = parsed(JsonlParser(Mark()), line, [len(line) + 1], MAX_LINE)
    return record


@given(
    st.lists(COLUMNS),
    st.booleans(),
    st.sampled_from(["\n", "\r\n", "\n \n"]),
    st.lists(st.integers(1, 40), min_size=1),
)
def test_columns_are_the_objects(
    rows: list[dict[str, Any]], ascii_only: bool, ending: str, sizes: list[int]
) -> None:
    data = ending.join(json.dumps(row, ensure_ascii=ascii_only) for row in rows).encode()
    records = parsed(JsonlParser(Mark()), data, sizes)
    step = ending.count("\n")
    assert records == [Row(number, 1 + number * step, row) for number, row in enumerate(rows)]
    assert all(
        isinstance(record, Row) and same(record.columns, row)
        for record, row in zip(records, rows, strict=True)
    )


def same(one: object, other: object) -> bool:
    """Equal with their types: 1, 1.0 and True are three things."""
    return repr(one) == repr(other)


@pytest.mark.parametrize(
    ("line", "columns", "spec"),
    [
        ({"n": 1}, {"n": 1}, None),
        ({"url": "http://a/", "n": 1}, {"url": "http://a/", "n": 1}, RowSpec(url="http://a/")),
        ({"url": None, "method": None, "body": None, "headers": None}, {}, None),
        ({"method": "purge"}, {}, RowSpec(method="purge")),
        ({"headers": {"A": "b"}}, {}, RowSpec(headers=(("A", "b"),))),
        ({"headers": [["A", "b"], ["A", "c"]]}, {}, RowSpec(headers=(("A", "b"), ("A", "c")))),
        ({"headers": {}}, {}, RowSpec(headers=())),
        ({"body": "é"}, {}, RowSpec(body="é".encode())),
        ({"body": ""}, {}, RowSpec(body=b"")),
        (
            {"json": {"a": [1, 1.5, "é", None]}},
            {},
            RowSpec(body='{"a":[1,1.5,"é",null]}'.encode(), json_body=True),
        ),
        ({"json": None, "body": None}, {}, RowSpec(body=b"null", json_body=True)),
        ({"body_base64": base64.b64encode(b"\xff\0").decode()}, {}, RowSpec(body=b"\xff\0")),
    ],
)
def test_what_a_row_says_of_its_request(
    line: dict[str, Any], columns: dict[str, Any], spec: RowSpec | None
) -> None:
    assert one(json.dumps(line).encode()) == Row(0, 1, columns, spec)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"nonsense", "not JSON"),
        (b'{"a": 1', "not JSON"),
        (b'{"a": 1} x', "not JSON"),
        (b'{"a": NaN}', "not JSON"),
        (b'{"a": 1e999}', "not JSON"),
        (b"[1]", "not an object"),
        (b'"x"', "not an object"),
        (b'{"a": "\xff"}', "not UTF-8 (byte 0xFF)"),
        (b'{"a": "\0"}', "not JSON"),
        (b'{"a": "\\ud800"}', "not JSON"),
        (b'{"a": "\\ud800x"}', "not JSON"),
        (b'{"a": 9223372036854775808}', "64 bits"),
        (b'{"a": [{"b": -9223372036854775809}]}', "64 bits"),
        (b'{"json": 18446744073709551616}', "64 bits"),
        (b'{"a": ' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}", "levels deep"),
        (b"[" * 100_000, "levels deep"),
        (b'{"url": 1}', "`url` is not a string"),
        (b'{"method": "GE T"}', "method name"),
        (b'{"method": ""}', "method name"),
        (b'{"headers": "A: b"}', "`headers` are neither"),
        (b'{"headers": {"A": 1}}', "`headers` are neither"),
        (b'{"headers": [["A"]]}', "`headers` are neither"),
        (b'{"body": {}}', "`body` is not a string"),
        (b'{"body": "a", "json": null}', "both `body` and `json`"),
        (b'{"body_base64": "a", "body": "b"}', "both `body` and `body_base64`"),
        (b'{"body_base64": "a"}', "not base64"),
        (b'{"body_base64": "\xc3\xa9"}', "not base64"),
        (b'{"a": "' + b"x" * MAX_LINE + b'"}', "longer than 16 MiB"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_a_bad_row_with_its_reason(line: bytes, reason: str) -> None:
    record = one(line)
    assert isinstance(record, BadRow)
    assert reason in record.reason
    assert len(record.text) <= 200


def test_limits_are_inclusive() -> None:
    assert isinstance(one(b'{"a": 9223372036854775807, "b": -9223372036854775808}'), Row)
    deep = MAX_DEPTH - 1
    assert isinstance(one(b'{"a": ' + b"[" * deep + b"]" * deep + b"}"), Row)
    assert isinstance(one(json.dumps({"a": "[{" * 100, "n": "1" * 30}).encode()), Row)


@given(st.binary(max_size=60).filter(lambda line: b"\n" not in line and line.strip()))
def test_any_line_is_one_record_and_the_next_goes_on(line: bytes) -> None:
    records = parsed(JsonlParser(Mark()), b"{}\n" + line + b"\n{}\n", [7])
    assert [record.id for record in records] == list(range(len(records)))
    assert (records[0], records[-1]) == (Row(0, 1, {}), Row(len(records) - 1, 3, {}))


async def test_a_file_with_bad_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\r\n\r\n{"a":\n{"a": 2}')
    records = await records_of(path)
    assert [(type(record), record.id, record.line) for record in records] == [
        (Row, 0, 1),
        (BadRow, 1, 3),
        (Row, 2, 4),
    ]
