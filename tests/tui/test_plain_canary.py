"""What plain runs print of their first requests before they stop for an answer."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from fetchdeck.core.model import FailureKind, State
from fetchdeck.core.report import run_status
from fetchdeck.tui.plain_canary import canary_lines

from ..support.canaries import EchoServer, leaks
from ..support.hostile import SHOWN, check_terminal
from ..support.journal_factory import Made, make_journal

REPLY = b"Content-Type: application/json\r\nX-Served-By: a"


async def test_a_request_its_reply_and_the_beginning_of_the_body(tmp_path: Path) -> None:
    body = json.dumps({"status": "OK", "n": list(range(20))}).encode()
    path = make_journal(
        tmp_path / "journal.sqlite",
        [
            Made(
                url="https://h/?key=***", headers=[("Authorization", "***")], status=200, reply=(REPLY, body)
            ),
            Made(State.QUEUED),
            Made(State.INVALID),
            Made(State.FAILED, "https://h/2", kind=FailureKind.TIMEOUT, message="no reply within 60 s"),
            Made(url="https://h/3", method="HEAD", status=204, reply=(b"", b"")),
            Made(url="https://h/4", status=200, size=400_000, body_path="bodies/4", reply=(b"", None)),
        ],
    )
    assert await canary_lines(path) == [
        "[1 of 4] GET https://h/?key=***",
        "    Authorization: ***",
        "  200 in 333 ms",
        "    Content-Type: application/json",
        "    {",
        '      "status": "OK",',
        '      "n": [',
        "        0,",
        "        1,",
        "        2,",
        "        3,",
        "        4,",
        "    …",
        "[2 of 4] GET https://h/2",
        "  timeout: no reply within 60 s in 333 ms",
        "[3 of 4] HEAD https://h/3",
        "  204 in 333 ms",
        "[4 of 4] GET https://h/4",
        "  200 in 333 ms",
        "    (400,000 bytes, in bodies/4)",
    ]


async def test_many_are_counted_and_not_all_printed(tmp_path: Path) -> None:
    path = make_journal(tmp_path / "journal.sqlite", [Made(status=200) for _ in range(25)])
    lines = await canary_lines(path)
    assert sum(line.startswith("[") for line in lines) == 10
    assert lines[-1] == "(15 more: fetchdeck export has them.)"


async def test_hostile_texts_are_made_visible_and_long_ones_cut(tmp_path: Path) -> None:
    made = [
        Made(
            State.SUCCEEDED,
            f"http://h/{text}" + "x" * 1000,
            status=200,
            headers=[("X-Given", text)],
            reply=(b"Content-Type: " + text.encode(), text.encode()),
        )
        for text in SHOWN
    ]
    lines = await canary_lines(make_journal(tmp_path / "journal.sqlite", made[:10]))
    check_terminal("\n".join(lines))
    assert all(len(line) <= 110 for line in lines)
    for shown in list(SHOWN.values())[:10]:
        assert any(shown[:12] in line for line in lines)


async def test_a_journal_that_cannot_be_read_is_told_of(tmp_path: Path) -> None:
    (line,) = await canary_lines(tmp_path / "journal.sqlite")
    assert line.startswith("The first requests cannot be shown: ")


async def test_a_plain_run_prints_them_stops_with_3_and_is_resumable(tmp_path: Path) -> None:
    secret = "CnryPlain51"
    async with EchoServer() as server:
        (tmp_path / "in.txt").write_text(
            "".join(f"http://127.0.0.1:{server.port}/ok/{n}?key={secret}\n" for n in range(6))
        )

        async def fetchdeck(*arguments: str) -> tuple[int | None, str]:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", "from fetchdeck.tui.cli import main; main()", *arguments),
                cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
            output, _ = await asyncio.wait_for(process.communicate(), 60)
            return process.returncode, output.decode()

        status, output = await fetchdeck("run", "in.txt", "--headless", "--canary", "2")
        assert status == 3
        assert f"[1 of 2] GET http://127.0.0.1:{server.port}/ok/0?key=***" in output
        assert "[2 of 2] GET" in output
        assert "  200 in " in output
        assert "Stopped: " in output
        assert "fetchdeck resume in.run" in output
        assert run_status(tmp_path / "in.run").counts.succeeded == 2
        status, output = await fetchdeck("resume", "in.run", "--headless")
        assert (status, run_status(tmp_path / "in.run").counts.succeeded) == (0, 6)
        assert "[1 of" not in output
        assert leaks(output, [secret]) == []
