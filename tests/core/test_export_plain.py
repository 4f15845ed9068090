"""What an export writes is what one row after the other, in the plainest way, would be."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from fetchdeck.core.errors import RunError
from fetchdeck.core.export import Choice, ExportStates, blocks, export_run
from fetchdeck.core.journal.filter import RowFilter
from fetchdeck.core.model import FailureKind, State
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..support.journal_factory import Made, make_journal

NASTY = st.text(
    st.one_of(
        st.sampled_from('"\\/\x00\x08\x0c\x1b\x7f\u2028\u2029\ufeff\U0001f600é\n\r\t'),
        st.characters(codec="utf-8"),
    )
)
BODIES = st.one_of(
    st.none(), st.binary(), NASTY.map(str.encode), st.sampled_from([b"\xed\xa0\x80", b"\xff", b"a\x00b"])
)
VALUES = st.one_of(
    NASTY, st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.none(), st.booleans()
)
TIMES = st.floats(0, 1e7)
KINDS = st.one_of(st.none(), st.sampled_from(FailureKind))
FIELD_LINES = st.lists(st.one_of(st.binary(), NASTY.map(lambda text: f"X: {text}".encode())), max_size=4)


@st.composite
def requests(draw: st.DrawFn) -> Made:
    body, path = draw(BODIES), draw(st.one_of(st.none(), st.just("bodies/0/1")))
    reply = (b"\r\n".join(draw(FIELD_LINES)), body) if draw(st.booleans()) else None
    return Made(
        draw(st.sampled_from(State)),
        url=draw(NASTY),
        host="h",
        method=draw(st.sampled_from(["GET", "POST", '"'])),
        columns=draw(st.dictionaries(NASTY, VALUES, max_size=3)),
        status=draw(st.one_of(st.none(), st.integers(100, 599))),
        kind=draw(KINDS),
        message=draw(st.one_of(st.none(), NASTY)),
        attempts=draw(st.sampled_from([0, 1, 1, 1, 2, 5])),
        size=draw(st.one_of(st.none(), st.integers(0, 2**56))),
        elapsed_ms=draw(st.one_of(st.none(), TIMES)),
        reply=reply,
        body_path=path,
    )


def plain_lines(journal: Path) -> Iterator[bytes]:
    """The lines of all requests, each looked up and written on its own."""
    with closing(sqlite3.connect(journal)) as db:
        db.row_factory = sqlite3.Row
        for request in db.execute("SELECT * FROM requests ORDER BY id").fetchall():
            key = (request["id"],)
            reply = db.execute("SELECT * FROM responses WHERE request = ?", key).fetchone()
            attempts = db.execute("SELECT * FROM attempts WHERE request = ? ORDER BY n", key).fetchall()
            yield plain_line(request, reply if request["bytes"] is not None else None, attempts)


def plain_line(request: sqlite3.Row, reply: sqlite3.Row | None, attempts: list[sqlite3.Row]) -> bytes:
    state = State(request["state"])
    line = {
        "id": request["id"],
        "row": msgspec.Raw(request["row"].encode()),
        "method": request["method"],
        "url": request["url"],
        "state": state.label,
        "status": request["status"],
        "headers": [plain_pair(field) for field in reply["headers"].split(b"\r\n")]
        if reply and reply["headers"]
        else [],
        **plain_body(reply),
        "bytes": request["bytes"],
        "attempts": [
            {
                "n": one["n"],
                "started": plain_time(one["started"]),
                "elapsed_ms": round(one["elapsed_ms"], 3),
                "status": one["status"],
                "error": plain_problem(one),
            }
            for one in attempts
        ],
        "error": plain_problem(request) if state is not State.SUCCEEDED else None,
        "elapsed_ms": round(request["elapsed_ms"], 3) if request["elapsed_ms"] is not None else None,
        "finished_at": plain_time(request["ended_at"]) if request["ended_at"] is not None else None,
    }
    return msgspec.json.encode(line) + b"\n"


def plain_pair(field: bytes) -> list[str]:
    name, _, value = field.partition(b":")
    return [plain_text(name), plain_text(value.strip())]


def plain_text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def plain_body(reply: sqlite3.Row | None) -> dict[str, object]:
    if reply is None:
        return {"body": None}
    body, path = reply["body"], reply["body_path"]
    found: dict[str, object] = {}
    if body is None:
        found["body"] = None
    else:
        try:
            found["body"] = body.decode()
        except UnicodeDecodeError:
            found["body_base64"] = base64.b64encode(body).decode()
    if path is not None:
        found.pop("body", None)
        found["body_path"] = path
    return found


def plain_problem(found: sqlite3.Row) -> dict[str, object] | None:
    return {"kind": found["kind"], "message": found["message"]} if found["kind"] is not None else None


def plain_time(at: float) -> str:
    moment = datetime.fromtimestamp(round(at * 1000) // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{round(at * 1000) % 1000:03d}Z"


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(requests(), max_size=6), size=st.integers(1, 4))
async def test_lines_are_those_that_one_request_after_the_other_would_give(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Made], size: int
) -> None:
    folder = tmp_path_factory.mktemp("plain")
    journal = make_journal(folder / "a.run" / "journal.sqlite", rows)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(blocks, "_ROWS", size)
        assert await export_run(journal.parent, folder / "o.jsonl") == len(rows)
    assert (folder / "o.jsonl").read_bytes() == b"".join(plain_lines(journal))


@pytest.mark.parametrize(
    "filter_text", ["", "cause:1", "attempts>1", "row:0-900 kind:reset", "-state:succeeded"]
)
@pytest.mark.parametrize("states", ExportStates)
async def test_rows_found_by_an_index_stand_in_input_order_too(
    tmp_path: Path, states: ExportStates, filter_text: str
) -> None:
    failed = Made(State.FAILED, kind=FailureKind.RESET, message="lost", attempts=3)
    journal = make_journal(
        tmp_path / "a.run" / "journal.sqlite", [failed, Made(), failed, Made(attempts=2)] * 150
    )
    with closing(sqlite3.connect(journal)) as db, db:
        # The last to be read was the first to end.
        db.execute("UPDATE requests SET ended = 10000 - ended")
    choice = Choice(states, RowFilter.parse(filter_text))
    await export_run(journal.parent, tmp_path / "o.jsonl", choice=choice)
    lines = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert [line["id"] for line in lines] == sorted({line["id"] for line in lines})
    tries = {0: [1, 2, 3], 1: [1], 2: [1, 2, 3], 3: [1, 2]}
    assert all([one["n"] for one in line["attempts"]] == tries[line["id"] % 4] for line in lines)


async def test_a_text_that_is_none_is_told_as_damage(tmp_path: Path) -> None:
    journal = make_journal(tmp_path / "a.run" / "journal.sqlite", [Made()])
    with closing(sqlite3.connect(journal)) as db, db:
        db.execute("UPDATE requests SET url = CAST(x'ff' AS TEXT)")
    with pytest.raises(RunError, match=r"is damaged \(Could not decode to UTF-8\)"):
        await export_run(journal.parent, tmp_path / "o.jsonl")


@pytest.mark.parametrize(("column", "time"), [("elapsed_ms", 9e999), ("ended_at", 9e999), ("ended_at", 1e18)])
@pytest.mark.parametrize("name", ["o.jsonl", "o.csv"])
async def test_a_time_that_is_none_is_told_as_damage(
    tmp_path: Path, column: str, time: float, name: str
) -> None:
    journal = make_journal(tmp_path / "a.run" / "journal.sqlite", [Made()])
    with closing(sqlite3.connect(journal)) as db, db:
        db.execute(f"UPDATE requests SET {column} = ?", (time,))
    with pytest.raises(RunError, match=r"is damaged"):
        await export_run(journal.parent, tmp_path / name)
