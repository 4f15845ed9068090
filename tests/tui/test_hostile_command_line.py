"""Hostile servers, inputs, names and locales meet the command line: what it prints acts on no terminal.

Printed are: progress and its events, the summary, `status` and its JSON, exports to standard output, usage errors,
refusals that quote names and templates. `fetchdeck.log` is read with `cat`, so it counts as printed.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from ..support.fault_server import Close, FaultServer, Script, Send, reply
from ..support.hostile import SHOWN, SURROGATE, check_terminal, in_bytes, strange_name

COMMAND = (sys.executable, "-c", "from fetchdeck.tui.cli import main; main()")
LOCALES = (
    {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "latin-1"},
)


async def fetchdeck(folder: Path, *arguments: str | Path, **environ: str) -> tuple[int, bytes, bytes]:
    """Exit status, standard output and standard error; nothing of it acts on a terminal, or is a traceback."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *map(os.fsencode, arguments),
        cwd=folder,
        env={**os.environ, **environ},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    for told in (out, errors):
        check_terminal(told.decode("latin-1" if environ.get("PYTHONIOENCODING") == "latin-1" else "utf-8"))
        assert b"Traceback" not in told
        assert b"UnicodeEncodeError" not in told
    return process.returncode or 0, out, errors


def line_safe(text: str) -> bytes:
    """A text as one line of a header: what ends lines is left out."""
    return in_bytes(text.translate(dict.fromkeys((0, 10, 11, 12, 13), None)))


def scripts() -> dict[str, Script]:
    """Every hostile text as reason phrase, header, body and redirect, and as no HTTP at all."""
    made: dict[str, Script] = {}
    for n, text in enumerate(SHOWN):
        value, body = line_safe(text), in_bytes(text)
        made[f"/reason/{n}"] = (Send(b"HTTP/1.1 500 " + value + b"\r\nContent-Length: 0\r\n\r\n"),)
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nX-Evil: " % len(body) + value
        made[f"/header/{n}"] = (Send(head + b"\r\n\r\n" + body),)
        made[f"/body/{n}"] = (Send(reply(body, Content_Type="text/html")),)
        made[f"/redirect/{n}"] = (
            Send(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://" + value + b"\r\n\r\n"),
        )
        made[f"/coding/{n}"] = (
            Send(b"HTTP/1.1 200 OK\r\nContent-Encoding: " + value + b"\r\nContent-Length: 1\r\n\r\nx"),
        )
        made[f"/garbage/{n}"] = (Send(value + b"\r\n\r\n"), Close())
    return made


def write_input(path: Path, server: FaultServer) -> int:
    """Rows that ask for all of these with hostile columns and headers, and rows that are no requests."""
    rows: list[object] = [
        {"url": server.url(url), **{text: text for text in SHOWN}} for url in server.scripts
    ]
    rows += [{"url": text} for text in SHOWN] + [{"url": server.url("/"), "half": SURROGATE}]
    rows += [{"url": server.url("/"), "method": text, "headers": {text: text}} for text in SHOWN]
    lines = [json.dumps(row).encode() for row in rows] + [
        in_bytes(text) for text in SHOWN if "\n" not in text
    ]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return len(lines)


async def test_a_run_against_a_hostile_server(tmp_path: Path) -> None:
    source = strange_name(tmp_path, ".jsonl")
    async with FaultServer(scripts()) as server:
        total = write_input(source, server)
        command = ("run", source, "--headless", "--retries", "0", "-o", strange_name(tmp_path, ".csv"))
        status, _, errors = await fetchdeck(tmp_path, *command)
    assert status == 1
    assert "␛]0;EVIL␇<U+202E>[red]<U+DCFF>.run".encode() in errors
    run = source.with_suffix(".run")
    check_terminal((run / "fetchdeck.log").read_text())

    _, out, _ = await fetchdeck(tmp_path, "status", run)
    assert b"retry $'" in out
    _, out, _ = await fetchdeck(tmp_path, "status", run, "--json")
    assert out.isascii()
    told = json.loads(out)
    assert (told["total"], told["state"]) == (total, "finished")
    assert os.fsencode(told["run"]) == os.fsencode(run)

    _, out, _ = await fetchdeck(tmp_path, "export", run, "-o", "-")
    exported = [json.loads(line) for line in out.splitlines()]
    assert len(exported) == total
    assert {row["body"] for row in exported} >= set(SHOWN)
    assert set(SHOWN) <= set(exported[0]["row"])
    plain = tmp_path / "plain.jsonl"
    await fetchdeck(tmp_path, "export", run, "-o", plain)
    assert [json.loads(line) for line in plain.read_bytes().splitlines()] == exported

    for locale in LOCALES:
        assert (await fetchdeck(tmp_path, "status", run, **locale))[0] == 0
        status, out, _ = await fetchdeck(tmp_path, "status", run, "--json", **locale)
        assert json.loads(out)["total"] == total


REFUSED = (
    ("run", "no such \x1b]0;EVIL\x07\u202e[/x]\udcff.csv"),
    ("status", "no\x1b[95;95m\u202erun"),
    ("run", "--\x1b[95;95m\u202e"),
    ("\x9b95;95m",),
    ("run", "x.csv", "-c", "\x1b[95;95m\u202e"),
    ("run", "x.csv", "--rate", "\x1b[95;95m\u202e日本"),
    ("run", "x.csv", "-H", "\x1b[95;95m: x"),
    ("run", "x.csv", "--url", "http://h/{{ \x1b[95;95m }}"),
    ("run", "x.csv", "--url", "http://h/{{ nope\u202e }}"),
    ("run", "x.csv", "--url", "http://h/{{ env['\x1b[95;95m'] }}"),
    ("export", "x.run", "-o", "\x1b[95;95m.txt"),
    ("retry", "x.run", "--where", "status:\x1b[95;95m\x9b"),
)


@pytest.mark.parametrize("arguments", REFUSED, ids=[f"{n}-{case[0][:6]!a}" for n, case in enumerate(REFUSED)])
async def test_a_refusal_quotes_nothing_raw(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "x.csv").write_text("\x1b[95;95m,b\n1,2\n")
    status, out, errors = await fetchdeck(tmp_path, *arguments, **LOCALES[len(arguments) % 2])
    assert (status, out) == (2, b"")
    assert errors


async def test_help_is_printed_in_any_locale(tmp_path: Path) -> None:
    status, out, _ = await fetchdeck(tmp_path, "run", "--help", **LOCALES[0])
    assert status == 0
    assert b"Exit" in out or b"INPUT" in out
