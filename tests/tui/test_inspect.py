"""The inspector in the real app, over real journals."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fetchdeck.core.journal.reader import JournalReader
from fetchdeck.core.model import FailureKind, State
from fetchdeck.tui.body_text import LIMIT
from fetchdeck.tui.screens.inspect import InspectScreen, Neighbour
from fetchdeck.tui.screens.inspect_view import LinesView
from textual.app import App
from textual.pilot import Pilot

from ..support.journal_factory import Made, make_journal
from ..support.scripted_tables import HOSTILE, screen_text

JSON_REPLY = (b"Content-Type: application/json\r\nX-Served-By: a", b'{"name": "Bern", "n": [1, 2]}')


class Inspecting:
    """An inspector on screen."""

    def __init__(self, screen: InspectScreen, pilot: Pilot[None]) -> None:
        self.screen = screen
        self.pilot = pilot
        self.view = screen.query_one(LinesView)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.app.workers.wait_for_complete()
        await self.pilot.pause()

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in screen_text(self.view))


@asynccontextmanager
async def inspecting(
    path: Path, request: int = 0, neighbour: Neighbour | None = None, size: tuple[int, int] = (100, 60)
) -> AsyncIterator[Inspecting]:
    app: App[None] = App()
    async with app.run_test(size=size) as pilot, JournalReader(path) as reader:
        screen = InspectScreen(reader, request, neighbour)
        await app.push_screen(screen)
        made = Inspecting(screen, pilot)
        await made.press()
        yield made


async def test_it_shows_the_whole_request(tmp_path: Path) -> None:
    path = make_journal(
        tmp_path / "journal.sqlite",
        [
            Made(
                url="http://h/details?key=***",
                method="POST",
                columns={"name": "Bern", "id": 7},
                headers=[("Authorization", "***")],
                sent="a=1",
                status=200,
                attempts=3,
                elapsed_ms=1_200.0,
                hops=[("http://h/old", 301)],
                reply=JSON_REPLY,
            )
        ],
    )
    async with inspecting(path) as it:
        text = it.text()
        for part in (
            "POST http://h/details?key=***",
            "Authorization: ***",
            "a=1",
            "name: Bern",
            "id: 7",
            "HTTP 503",
            "301 sent on from http://h/old",
            "answered by: http://h/details?key=***",
            "X-Served-By: a",
            '  "name": "Bern",',
            "curl 'http://h/details?key=***' -H 'Authorization: ***'",
        ):
            assert part in text
        first, second, third = (line for line in text.split("\n") if "░" in line and "until" not in line)
        assert first.count("░") == 17
        assert (first.count("░") + first.count("█")) == 23
        assert ("✗ 503" in first, "✗ 503" in second, "✓ 200" in third) == (True, True, True)


async def test_hostile_texts_are_shown_and_do_nothing(tmp_path: Path) -> None:
    rows: list[Made] = []
    for text in HOSTILE:
        stored = text.encode("utf-8", "replace").decode()
        raw = text.encode("utf-8", "replace").replace(b"\r\n", b"")
        rows.append(
            Made(
                State.FAILED,
                url=stored,
                host="h",
                kind=FailureKind.DECODE,
                message=stored,
                columns={stored: stored, "list": [text]},
                headers=[(stored, stored)],
                sent=stored,
                hops=[(stored, 302)],
                reply=(b"Content-Type: text/html\r\nX-H: " + raw, raw * 20),
            )
        )
    path = make_journal(tmp_path / "journal.sqlite", rows)

    async def neighbour(request: int, step: int) -> int | None:
        return request + step

    async with inspecting(path, 0, neighbour, (60, 40)) as it:
        for number in range(len(HOSTILE)):
            for _ in range(3):
                it.text()
                await it.press("pagedown")
            assert it.screen.request == number
            await it.press("n")
        assert it.pilot.app.is_running


async def test_a_large_body_file_is_shown_in_part_and_lazily(tmp_path: Path) -> None:
    (tmp_path / "bodies").mkdir()
    line = b"0123456789" * 10 + b"\n"
    (tmp_path / "bodies" / "0").write_bytes(line * 100_000)
    size = len(line) * 100_000
    path = make_journal(
        tmp_path / "journal.sqlite",
        [Made(status=200, size=size, body_path="bodies/0", reply=(b"Content-Type: text/plain", None))],
    )
    async with inspecting(path, size=(120, 30)) as it:
        assert LIMIT // len(line) < it.view.virtual_size.height < LIMIT // len(line) + 40
        it.view.scroll_end(animate=False)
        await it.press()
        assert (
            "These are the first 256 kB of 10.1 MB: `fetchdeck export RUN -o FILE` has it whole." in it.text()
        )


async def test_a_body_file_that_is_gone_is_said(tmp_path: Path) -> None:
    path = make_journal(tmp_path / "journal.sqlite", [Made(status=200, size=9, body_path="bodies/0")])
    async with inspecting(path) as it:
        assert "bodies/0 cannot be read: No such file or directory" in it.text()


@pytest.mark.parametrize("key", ["escape", "q"])
async def test_keys_close_it(tmp_path: Path, key: str) -> None:
    path = make_journal(tmp_path / "journal.sqlite", [Made(State.QUEUED)])
    async with inspecting(path) as it:
        assert "None yet." in it.text()
        await it.press(key)
        assert not isinstance(it.pilot.app.screen, InspectScreen)


async def test_neighbours_are_shown_until_the_ends(tmp_path: Path) -> None:
    path = make_journal(tmp_path / "journal.sqlite", [Made(url=f"http://h/{n}") for n in range(3)])

    async def neighbour(request: int, step: int) -> int | None:
        return request + step if 0 <= request + step < 3 else None

    async with inspecting(path, 1, neighbour) as it:
        seen: list[int] = []
        for key in ("n", "n", "N", "N", "N"):
            await it.press(key)
            seen.append(it.screen.request)
            assert f"GET http://h/{seen[-1]}" in it.text()
        assert seen == [2, 2, 1, 0, 0]


async def test_a_request_that_is_not_in_the_journal_is_no_crash(tmp_path: Path) -> None:
    path = make_journal(tmp_path / "journal.sqlite", [])
    async with inspecting(path, 5) as it:
        await it.press("y", "n")
        assert it.text().strip() == "There is no request 5 in the journal."


async def test_copying_hands_the_terminal_the_command(tmp_path: Path) -> None:
    path = make_journal(tmp_path / "journal.sqlite", [Made(url="http://h/x y")])
    async with inspecting(path) as it:
        await it.press("y")
        assert it.pilot.app.clipboard == "curl 'http://h/x y'"


@pytest.mark.parametrize(("width", "own_line"), [(80, True), (140, False)])
async def test_why_an_attempt_failed_never_wraps_in_the_middle(
    tmp_path: Path, width: int, own_line: bool
) -> None:
    message = "The server closed the connection after 12 of 345 bytes"
    failed = Made(State.FAILED, status=200, kind=FailureKind.TRUNCATED, message=message)
    path = make_journal(tmp_path / "journal.sqlite", [failed])
    async with inspecting(path, size=(width, 40)) as it:
        lines = it.text().split("\n")
        [bar] = [at for at, line in enumerate(lines) if "░" in line and "until" not in line]
        shown = lines[bar + 1] if own_line else lines[bar]
        assert shown.endswith(f"truncated: {message}")
        assert not own_line or shown.startswith("      truncated")


async def test_a_row_that_became_no_request_has_nothing_to_copy(tmp_path: Path) -> None:
    invalid = Made(State.INVALID, method="", attempts=0, kind=FailureKind.INVALID, message="There is no URL.")
    path = make_journal(tmp_path / "journal.sqlite", [invalid])
    with sqlite3.connect(path) as db:
        db.execute("UPDATE requests SET url = ''")
    db.close()
    async with inspecting(path, size=(80, 24)) as it:
        text = it.text()
        assert text.startswith("This row could not become a request.")
        assert "There is no URL." in text
        assert "curl" not in text
        assert "Attempts" not in text
        await it.press("y")
        assert it.pilot.app.clipboard == ""
        [toast] = it.pilot.app._notifications
        assert toast.message == "There is nothing to copy: the row could not become a request."


async def test_a_journal_that_breaks_is_said_and_not_fatal(tmp_path: Path) -> None:
    path = make_journal(tmp_path / "journal.sqlite", [Made()])
    async with inspecting(path, 0, _stay) as it:
        with sqlite3.connect(path) as db:
            db.execute("ALTER TABLE requests RENAME TO gone")
        db.close()
        await it.press("n")
        assert it.text().startswith("The journal cannot be read: no such table")


async def _stay(request: int, _: int) -> int | None:
    return request
