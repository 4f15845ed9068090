"""No secret reaches a terminal, a picture of one, or the files of a run that was killed."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from fetchdeck.core.engine.run import open_run
from fetchdeck.core.job import Job, Options, Templates
from fetchdeck.core.report import run_status
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.screens.inspect import InspectScreen
from textual.pilot import Pilot

from ..support.canaries import EchoServer, leaks, leaks_below
from ..support.scripted_engine import seen

QUERY, ENV, HEADER, COOKIE = "CnryQuery77aQ", "CnryEnv/+&8bE=", "CnryHeader9c", "CnryCookie6i"
USER, PASSWORD, COLUMN, BODY = "CnryUser2e", "CnryPass3f", "CnryColumn4g", "CnryBody7j"
ALL = (QUERY, ENV, HEADER, COOKIE, USER, PASSWORD, COLUMN, BODY)
ENVIRON = {**os.environ, "CANARY": ENV, "NO_COLOR": "1"}
SHOWN = ("ok", "error", "redirect", "garble", "drop")
MAIN = "from fetchdeck.tui.cli import main; main()"


def url(port: int) -> str:
    return (
        f"http://{USER}:{PASSWORD}@127.0.0.1:{port}/{{{{ kind }}}}/{{{{ id }}}}"
        f"?key={QUERY}&access_token={{{{ env.CANARY }}}}&sig={{{{ mine }}}}"
    )


def write_input(folder: Path, kinds: tuple[str, ...] = EchoServer.KINDS) -> Path:
    path = folder / "in.csv"
    lines = [f"{kind},{number},{COLUMN},{COLUMN}!" for number, kind in enumerate(kinds)]
    path.write_text("\n".join(["kind,id,mine,note", *lines]) + "\n")
    return path


async def fetchdeck(folder: Path, *arguments: str, code: str = MAIN) -> tuple[int, str]:
    """A command's exit status, and all that it wrote to the terminal."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code, *arguments), cwd=folder, env=ENVIRON,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, output.decode()


async def test_commands_print_none_and_leave_none(tmp_path: Path) -> None:
    path = write_input(tmp_path)
    async with EchoServer() as server:
        template = url(server.port)
        job = ("--url", template, "-H", f"X-Api-Key: {HEADER}", "-H", f"Cookie: sid={COOKIE}")
        body = ("-X", "GET", "--json", f'{{"key": "{BODY}"}}', "--retries", "0", "--headless")
        commands = [
            ("run", "in.csv", *job, *body, "-o", "first.jsonl"),
            ("status", "in.run"),
            ("status", "in.run", "--json"),
            ("resume", "in.run", "--headless"),
            ("retry", "in.run", "--headless", "-H", f"X-Api-Key: {HEADER}"),
            ("run", "in.csv", *job, *body[:2]),
            ("export", "in.run", "-o", "second.csv"),
            ("export", "in.run", "-o", "-"),
            ("export", "in.run", "-o", "third.jsonl", "--with-secrets"),
        ]
        told = [await fetchdeck(tmp_path, *command) for command in commands]
        assert [status for status, _ in told] == [1, 0, 0, 2, 2, 2, 0, 0, 2], told
        assert [leaks(output, ALL) for _, output in told] == [[] for _ in told]
        assert "Give --url again" in told[-1][1]
        assert leaks(b"".join(server.told), ALL)
        content = path.read_bytes()
        path.unlink()
        assert leaks_below(tmp_path, ALL) == []
        path.write_bytes(content)
        status, output = await fetchdeck(
            tmp_path, "export", "in.run", "-o", "third.jsonl", "--with-secrets", "--url", template
        )
    assert (status, leaks(output, ALL)) == (0, [])
    line = json.loads((tmp_path / "third.jsonl").read_text().splitlines()[0])
    assert line["row"]["note"] == f"{COLUMN}!"
    assert line["url"].endswith(f"?key={QUERY}&access_token=CnryEnv%2F%2B%268bE%3D&sig={COLUMN}")
    assert (tmp_path / "third.jsonl").stat().st_mode & 0o777 == 0o600


async def test_a_run_that_is_killed_leaves_none_in_its_wal(tmp_path: Path) -> None:
    path = write_input(tmp_path, EchoServer.KINDS * 40)
    folder = tmp_path / "in.run"
    async with EchoServer() as server:
        arguments = ("run", "in.csv", "--url", url(server.port), "--headless", "--retries", "0", "-c", "20")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", MAIN, *arguments), cwd=tmp_path, env=ENVIRON,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            while len(server.told) < 200:
                assert process.returncode is None
                await asyncio.sleep(0.005)
        finally:
            process.kill()
            await process.wait()
    assert (folder / "journal.sqlite-wal").stat().st_size > 0
    path.unlink()
    assert leaks_below(tmp_path, ALL) == []
    assert run_status(folder).counts.done > 0


MISTAKES = [
    ("run", "in.csv", "--url", f"http://h/?key={{{{ '{QUERY}' ", "--headless"),
    ("run", "in.csv", "--url", f"http://h/?key={{{{ '{QUERY}' | nofilter }}}}", "--headless"),
    ("run", "in.csv", "--url", "http://h/", "-H", f"X-Api-Key: {{{{ '{HEADER} }}}}", "--headless"),
    ("run", "in.csv", "--url", "http://h/", "-H", f"Authorization Bearer {HEADER}", "--headless"),
    ("run", "in.csv", "--url", "http://h/", "-H", f"Authorization Bearer {HEADER}:x", "--headless"),
    ("run", "in.csv", "--url", "http://h/", f"X-Api-Key: {HEADER}", "--headless"),
    ("run", f"http://{USER}:{PASSWORD}@h/?key={QUERY}", "--headless"),
    ("export", f"http://h/?key={QUERY}", "-o", "x.jsonl"),
]


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_mistakes_are_told_without_them(tmp_path: Path, mistake: tuple[str, ...]) -> None:
    path = write_input(tmp_path)
    status, output = await fetchdeck(tmp_path, *mistake)
    assert (status, leaks(output, ALL)) == (2, [])
    assert "Traceback" not in output
    path.unlink()
    assert leaks_below(tmp_path, ALL) == []


async def test_a_crash_is_told_without_them(tmp_path: Path) -> None:
    write_input(tmp_path)
    broken = (
        "from fetchdeck.core.requests.templates import RequestBuilder\n"
        "def check(self, columns): raise ZeroDivisionError(columns, self.secrets)\n"
        f"RequestBuilder.check_columns = check\n{MAIN}"
    )
    arguments = ("run", "in.csv", "--url", "http://127.0.0.1:9/?key={{ env.CANARY }}", "--headless")
    status, output = await fetchdeck(tmp_path, *arguments, code=broken)
    assert status == 70, output
    assert "internal error: ZeroDivisionError" in output
    assert leaks(output, ALL) == []


def picture(pilot: Pilot[None]) -> str:
    """The words of a picture of the screen, with nothing between them."""
    words = re.sub(r"<[^>]*>", "", pilot.app.export_screenshot())
    return unescape(words).replace("\xa0", " ").replace("\n", "")


async def test_no_picture_of_the_dashboard_shows_one_and_no_copy_holds_one(tmp_path: Path) -> None:
    path = write_input(tmp_path, SHOWN)
    hold = asyncio.Event()
    async with EchoServer(hold=hold) as server:
        headers = (("X-Api-Key", HEADER), ("Cookie", f"sid={COOKIE}"))
        job = Job(str(path), Templates(url(server.port), "GET", headers, None, f'{{"key": "{BODY}"}}'))
        options = Options(retries=0, timeout_s=30)
        async with open_run(job, options, tmp_path / "x.run", environ=ENVIRON) as engine:
            app = FetchdeckApp(engine)
            async with app.run_test(size=(120, 40)) as pilot:
                while engine.snapshot().in_use < len(SHOWN):
                    await pilot.pause(0.01)
                await pilot.press("1")
                while "/ok/0?key=***" not in seen(pilot.app):
                    await pilot.pause(0.02)
                shown = [picture(pilot)]
                hold.set()
                await engine.finished()
                while "finished" not in seen(pilot.app):
                    await pilot.pause(0.02)
                shown += [await look(pilot, key) for key in ("1", "2", "3", "4", "5", "6", "?")]
                await pilot.press("escape")
                copied = await inspect_all(pilot, shown)
                await pilot.press("3", "R")
                shown.append(await look(pilot))
                await pilot.press("escape", "e")
                shown.append(await look(pilot))
    assert [leaks(words, ALL) for words in shown] == [[] for _ in shown]
    assert len(set(copied)) == len(SHOWN)
    assert all("key=***" in command for command in copied)
    assert leaks("\n".join(copied), ALL) == []


async def look(pilot: Pilot[None], *keys: str) -> str:
    """Press keys, and take a picture when the screen has come to rest."""
    await pilot.press(*keys)
    before, now = "", seen(pilot.app)
    while now != before:
        await pilot.pause(0.02)
        before, now = now, seen(pilot.app)
    return picture(pilot)


async def inspect_all(pilot: Pilot[None], shown: list[str]) -> list[str]:
    """Walk through the inspector of every request that has ended, copying each as curl."""
    copied: list[str] = []
    for tab in ("2", "3"):
        await look(pilot, tab, "home")
        await look(pilot, "enter")
        assert isinstance(pilot.app.screen, InspectScreen)
        while True:
            shown += [await look(pilot), await look(pilot, "end")]
            await pilot.press("y")
            if pilot.app.clipboard in copied:
                # The second time the command is shown in a screen of its own.
                await look(pilot, "escape")
                break
            copied.append(pilot.app.clipboard)
            await look(pilot, "n")
        await look(pilot, "escape")
    return copied
