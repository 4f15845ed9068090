from __future__ import annotations

import errno
import io
import json
import os
import stat
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from fetchdeck.core.errors import OptionError, RunError
from fetchdeck.core.export import Choice, ExportStates, export_run
from fetchdeck.core.journal.filter import RowFilter
from fetchdeck.core.model import FailureKind, State

from ..support.journal_factory import Made, make_journal, open_journal, requeue

HEADERS = b"Content-Type: application/json\r\nX-Odd: caf\xe9\r\nEmpty:"

GOLDEN = (
    '{"id":0,"row":{"place": "Zürich"},"method":"GET","url":"http://api/a?key=***","state":"succeeded","status":200,'
    '"headers":[["Content-Type","application/json"],["X-Odd","café"],["Empty",""]],"body":"{\\"é\\":1}\\n","bytes":9,'
    '"attempts":[{"n":1,"started":"2023-11-14T22:13:22.000Z","elapsed_ms":333.125,"status":503,'
    '"error":{"kind":"http_status","message":"HTTP 503"}},{"n":2,"started":"2023-11-14T22:13:24.000Z",'
    '"elapsed_ms":333.125,"status":200,"error":null}],"error":null,"elapsed_ms":333.125,'
    '"finished_at":"2023-11-14T22:13:21.000Z"}\n'
)


def run_with(tmp_path: Path, *rows: Made) -> Path:
    return make_journal(tmp_path / "places.run" / "journal.sqlite", rows).parent


async def exported(folder: Path, states: ExportStates = ExportStates.ALL) -> list[dict[str, object]]:
    output = folder.parent / "out.jsonl"
    count = await export_run(folder, output, choice=Choice(states))
    lines = [json.loads(line) for line in output.read_text().split("\n")[:-1]]
    assert len(lines) == count
    return lines


def answered(body: bytes = b"ok", **more: object) -> Made:
    return Made(status=200, size=len(body), reply=(b"A: b", body), **more)  # pyright: ignore


async def test_a_line_is_exactly_as_the_design_has_it(tmp_path: Path) -> None:
    made = Made(
        url="http://api/a?key=***",
        columns={"place": "Zürich"},
        status=200,
        attempts=2,
        size=9,
        elapsed_ms=333.1251,
        reply=(HEADERS, '{"é":1}\n'.encode()),
    )
    folder = run_with(tmp_path, made)
    db = open_journal(folder / "journal.sqlite")
    with db:
        db.execute("UPDATE requests SET row = ?", ('{"place": "Zürich"}',))
    db.close()
    assert await export_run(folder, tmp_path / "o.jsonl") == 1
    assert (tmp_path / "o.jsonl").read_text() == GOLDEN


async def test_every_row_has_one_line_in_input_order_with_its_own_attempts(tmp_path: Path) -> None:
    rows = [
        answered(b"zero"),
        Made(State.QUEUED, elapsed_ms=None, attempts=0),
        Made(State.FAILED, status=404, kind=FailureKind.HTTP_STATUS, message="HTTP 404", attempts=3),
        Made(State.INVALID, attempts=0, kind=FailureKind.INVALID, message="line 5: no URL", elapsed_ms=None),
        answered(b"four", attempts=2),
    ]
    lines = await exported(run_with(tmp_path, *rows))
    assert [line["id"] for line in lines] == [0, 1, 2, 3, 4]
    assert [line["state"] for line in lines] == ["succeeded", "queued", "failed", "invalid", "succeeded"]
    assert [[a["n"] for a in line["attempts"]] for line in lines] == [[1], [], [1, 2, 3], [], [1, 2]]  # pyright: ignore
    assert [line["body"] for line in lines] == ["zero", None, None, None, "four"]
    assert lines[2]["error"] == {"kind": "http_status", "message": "HTTP 404"}
    assert lines[1]["finished_at"] is None
    assert lines[1]["headers"] == []


@pytest.mark.parametrize(("states", "ids"), [("all", [0, 1, 2, 3]), ("succeeded", [0]), ("failed", [1, 3])])
async def test_states_choose_the_lines(tmp_path: Path, states: str, ids: list[int]) -> None:
    folder = run_with(
        tmp_path,
        answered(),
        Made(State.FAILED, kind=FailureKind.TIMEOUT, message="timed out", attempts=2),
        Made(State.SKIPPED, kind=FailureKind.CANCELLED, message="skipped by hand"),
        Made(State.INVALID, kind=FailureKind.INVALID, message="no URL", attempts=0),
    )
    lines = await exported(folder, ExportStates(states))
    assert [line["id"] for line in lines] == ids
    tries = {0: 1, 1: 2, 2: 1, 3: 0}
    assert [len(line["attempts"]) for line in lines] == [tries[number] for number in ids]  # pyright: ignore


async def test_a_body_stands_under_the_key_that_fits_it(tmp_path: Path) -> None:
    folder = run_with(
        tmp_path,
        answered(b""),
        answered(b"\xff\x00\xfe"),
        Made(status=200, size=5_000_000, body_path="bodies/00000/2-1"),
        answered("\U0001f600 \x1b[31m".encode()),
    )
    empty, binary, large, text = await exported(folder)
    assert empty["body"] == ""
    assert binary["body_base64"] == "/wD+"
    assert "body" not in binary
    assert large["body_path"] == "bodies/00000/2-1"
    assert not {"body", "body_base64"} & set(large)
    assert text["body"] == "\U0001f600 \x1b[31m"


async def test_the_reply_of_an_earlier_attempt_is_not_passed_off_as_the_last_ones(tmp_path: Path) -> None:
    stale = Made(
        State.FAILED,
        kind=FailureKind.RESET,
        message="connection reset",
        attempts=2,
        reply=(b"Retry-After: 1", b"wait"),
    )
    (line,) = await exported(run_with(tmp_path, stale))
    assert (line["status"], line["headers"], line["body"], line["bytes"]) == (None, [], None, None)


async def test_a_run_can_be_exported_while_it_is_written(tmp_path: Path) -> None:
    folder = run_with(tmp_path, answered(), Made(State.FAILED, kind=FailureKind.DNS, message="no such host"))
    db = open_journal(folder / "journal.sqlite")
    requeue(db, [1])
    assert [line["state"] for line in await exported(folder)] == ["succeeded", "queued"]
    db.close()


async def test_the_file_is_private_and_replaces_an_older_one_whole(tmp_path: Path) -> None:
    folder = run_with(tmp_path, answered())
    output = tmp_path / "out.jsonl"
    output.write_text("old")
    (tmp_path / "out.jsonl.part").write_text("left by a killed export")
    await export_run(folder, output)
    assert output.read_text().startswith('{"id":0,')
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl", "places.run"]


async def test_a_failed_export_leaves_the_older_file_and_no_part(tmp_path: Path) -> None:
    folder = run_with(tmp_path, *[answered()] * 600)
    db = open_journal(folder / "journal.sqlite")
    with db:
        db.execute("UPDATE requests SET row = CAST(x'ff' AS TEXT) WHERE id = 599")
    db.close()
    output = tmp_path / "out.jsonl"
    output.write_text("old")
    with pytest.raises(RunError, match=r"is damaged .* 'fetchdeck salvage"):
        await export_run(folder, output)
    assert output.read_text() == "old"
    assert not (tmp_path / "out.jsonl.part").exists()


@pytest.mark.parametrize("name", ["out.txt", "out", "out.parquet", "out.jsonl.gz"])
async def test_an_unknown_suffix_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(OptionError, match=r"must end in \.jsonl or \.csv"):
        await export_run(run_with(tmp_path, answered()), tmp_path / name)


async def test_places_that_cannot_be_written_or_read_are_one_sentence(tmp_path: Path) -> None:
    folder = run_with(tmp_path, answered())
    with pytest.raises(OptionError, match=r"cannot be written: the folder .* is missing"):
        await export_run(folder, tmp_path / "no" / "out.jsonl")
    (tmp_path / "dir.jsonl").mkdir()
    with pytest.raises(OptionError, match="it is a folder"):
        await export_run(folder, tmp_path / "dir.jsonl")
    with pytest.raises(RunError, match="There is no run in"):
        await export_run(tmp_path, tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl.part").exists()


async def test_what_the_disk_refuses_on_the_way_is_an_error_although_the_system_says_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linux tells an error of writing back once for each open file, at the next sync."""
    said = [OSError(errno.EIO, "Input/output error")]

    def fsync(fd: int) -> None:
        if said:
            raise said.pop()

    monkeypatch.setattr(os, "fsync", fsync)
    folder = run_with(tmp_path, *[answered(b"x" * 1000)] * 3000)
    output = tmp_path / "out.jsonl"
    output.write_text("old")
    with pytest.raises(OptionError, match="Input/output error"):
        await export_run(folder, output)
    assert not said
    assert output.read_text() == "old"
    assert not (tmp_path / "out.jsonl.part").exists()


async def test_a_large_export_is_whole_with_the_disk_asked_for_it_on_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    advised: list[tuple[int, int]] = []
    before_sync: list[tuple[int, int]] = []

    def fsync(fd: int) -> None:
        synced.append(os.fstat(fd).st_size)
        before_sync.extend(advised if not before_sync else ())

    def advise(fd: int, start: int, length: int, advice: int) -> None:
        assert advice == os.POSIX_FADV_DONTNEED
        advised.append((start, length))

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "posix_fadvise", advise)
    folder = run_with(tmp_path, *[answered(bytes([65 + n % 26]) * 200_000) for n in range(400)])
    lines = await exported(folder)
    assert [str(line["body"])[0] for line in lines] == [chr(65 + n % 26) for n in range(400)]
    assert {len(str(line["body"])) for line in lines} == {200_000}
    whole = (tmp_path / "out.jsonl").stat().st_size
    assert whole > 80_000_000
    step = 1024 * 1024
    steps = list(range(0, whole - step + 1, step))
    assert {length for _, length in before_sync} == {step}
    asked = Counter(start for start, _ in before_sync)
    assert sorted(asked) == steps, "the disk is given all but the end"
    assert [start for start in steps if asked[start] == 2] == steps[:-32], (
        "memory lets go of what it has by then"
    )
    assert advised[len(before_sync) :] == [(0, whole)]
    assert synced[-2] == whole, "the last but the folder's"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_standard_output_is_an_error_not_a_success(tmp_path: Path) -> None:
    folder = run_with(tmp_path, *[answered(b"x" * 1000)] * 300)
    script = (
        "import asyncio, sys; from pathlib import Path; from fetchdeck.core.errors import OptionError\n"
        "from fetchdeck.core.export import export_run\n"
        "try: asyncio.run(export_run(Path(sys.argv[1]), Path('-')))\n"
        "except OptionError as error: print(error, file=sys.stderr); import os; os._exit(2)\n"
    )
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", script, str(folder)], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 2
    assert b"No space left" in done.stderr


async def test_standard_output_gets_json_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", stream)
    assert await export_run(run_with(tmp_path, answered(), answered()), Path("-")) == 2
    assert len(stream.buffer.getvalue().splitlines()) == 2  # pyright: ignore


async def test_a_filter_chooses_rows_and_keeps_their_attempts_and_bodies(tmp_path: Path) -> None:
    lost = Made(State.FAILED, "http://a.example/1", kind=FailureKind.RESET, message="lost", attempts=2)
    missing = Made(
        State.FAILED, "http://b.example/2", status=404, kind=FailureKind.HTTP_STATUS, message="HTTP 404",
        size=2, reply=(b"", b"no"),
    )  # fmt: skip
    folder = run_with(tmp_path, answered(), lost, missing, lost)

    async def chosen(text: str, states: ExportStates = ExportStates.ALL) -> list[tuple[object, object, int]]:
        output = tmp_path / "o.jsonl"
        await export_run(folder, output, choice=Choice(states, RowFilter.parse(text)))
        lines = [json.loads(line) for line in output.read_text().splitlines()]
        return [(line["id"], line["body"], len(line["attempts"])) for line in lines]

    assert await chosen("cause:1") == [(1, None, 2), (3, None, 2)]
    assert await chosen("cause:2 host:b.") == [(2, "no", 1)]
    assert await chosen("status:4xx size<9 404") == [(2, "no", 1)]
    assert await chosen("attempts>1", ExportStates.SUCCEEDED) == []
    assert len(await chosen("", ExportStates.FAILED)) == 3
