from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from fetchdeck.core.export import Choice, ExportStates, export_run
from fetchdeck.core.export.csv_lines import OWN_COLUMNS, cell, own_names
from fetchdeck.core.model import FailureKind, State
from hypothesis import given
from hypothesis import strategies as st

from ..support.journal_factory import Made, make_journal


async def table(tmp_path: Path, *rows: Made, states: ExportStates = ExportStates.ALL) -> list[list[str]]:
    folder = make_journal(tmp_path / "a.run" / "journal.sqlite", rows).parent
    assert await export_run(folder, tmp_path / "o.csv", choice=Choice(states)) == len(
        [row for row in rows if row.state in states.states]
    )
    text = (tmp_path / "o.csv").read_bytes().decode()
    return list(csv.reader(io.StringIO(text, newline="")))


def answered(body: bytes = b"ok", columns: dict[str, Any] | None = None) -> Made:
    return Made(status=200, size=len(body), reply=(b"", body), columns=columns or {}, url="http://api/x")


async def test_the_inputs_columns_come_first_then_ours(tmp_path: Path) -> None:
    header, row, failed = await table(
        tmp_path,
        answered(b'a,"b"\r\nc', {"name": "Zürich", "lat": "-33.86"}),
        Made(
            State.FAILED,
            status=404,
            kind=FailureKind.HTTP_STATUS,
            message="HTTP 404",
            url="http://api/y",
            attempts=2,
        ),
    )
    assert header == ["name", "lat", *OWN_COLUMNS]
    assert row == [
        *("Zürich", "-33.86", "http://api/x", "succeeded", "200", "8", "1", "333.0"),
        *("2023-11-14T22:13:21.000Z", "", 'a,"b"\r\nc'),
    ]
    assert failed[:6] == ["", "", "http://api/y", "failed", "404", ""]
    assert failed[6] == "2"
    assert failed[9:] == ["http_status: HTTP 404", ""]


async def test_rows_with_columns_of_their_own_share_one_header(tmp_path: Path) -> None:
    header, first, second = await table(
        tmp_path,
        answered(columns={"a": 1, "tags": ["x", {"y": None}]}),
        answered(columns={"b": True, "a": None}),
    )
    assert header[:3] == ["a", "tags", "b"]
    assert first[:3] == ["1", '["x",{"y":null}]', ""]
    assert second[:3] == ["", "", "true"]


async def test_names_that_collide_get_a_number(tmp_path: Path) -> None:
    header, row = await table(tmp_path, answered(columns={"url": "mine", "url_2": "too", "body": "b"}))
    assert header[:4] == ["url", "url_2", "body", "url_3"]
    assert header[-1] == "body_2"
    assert row[0] == "mine"
    assert row[3] == "http://api/x"
    assert len(set(header)) == len(header)


async def test_bodies_that_are_no_text(tmp_path: Path) -> None:
    _, binary, large, empty = await table(
        tmp_path,
        answered(b"\xff\x00"),
        Made(status=200, size=9_999_999, body_path="bodies/00000/1-1"),
        answered(b""),
    )
    assert binary[-1] == "data:;base64,/wA="
    assert large[-1] == "bodies/00000/1-1"
    assert empty[-1] == ""


async def test_a_formula_from_anywhere_is_defused(tmp_path: Path) -> None:
    header, row = await table(
        tmp_path, answered(b"@SUM(1+1)*cmd|' /C calc'!A0", {"=evil()": "=HYPERLINK(1)", "n": "+1 234"})
    )
    assert header[:2] == ["'=evil()", "n"]
    assert row[:2] == ["'=HYPERLINK(1)", "'+1 234"]
    assert row[-1].startswith("'@SUM")


async def test_a_run_without_rows_has_a_header(tmp_path: Path) -> None:
    assert await table(tmp_path) == [list(OWN_COLUMNS)]


@pytest.mark.parametrize("number", ["-33.86", "+41", "-0", "-1e-7", "-.5", "1796236", -33.86, -5, 1e300])
def test_plain_numbers_stay(number: object) -> None:
    assert cell(number) == str(number)


@pytest.mark.parametrize(
    "text", ["=1", "+a", "-", "--1", "-1+1", "@x", "\tx", "\rx", "\n=1", "＝1", "-1\n", "+1-1"]
)
def test_what_a_spreadsheet_would_run_is_quoted(text: str) -> None:
    assert cell(text) == "'" + text


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_a_cell_never_begins_like_a_formula_and_loses_nothing(text: str) -> None:
    shown = cell(text)
    assert shown.removeprefix("'") == text or shown == text
    if shown[:1] in set("=@\t\r\n"):
        pytest.fail(f"{shown!r} would be taken for a formula")
    if shown[:1] in set("+-"):
        float(shown)


@given(st.lists(st.sampled_from([*OWN_COLUMNS, "url_2", "url_3", "name"]), unique=True))
def test_all_names_of_a_header_differ(taken: list[str]) -> None:
    names = [*taken, *own_names(tuple(taken))]
    assert len(set(names)) == len(names)
    assert len(names) == len(taken) + len(OWN_COLUMNS)
