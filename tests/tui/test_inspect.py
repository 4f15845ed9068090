"""The inspector in the real app, over real journals."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fetchdeck.core.errors import RunError
from fetchdeck.core.journal.reader import JournalReader
from fetchdeck.core.model import EditedRequest, FailureKind, Phase, State
from fetchdeck.core.snapshot import InFlightRow
from fetchdeck.tui.inspector import details as inspector_details
from fetchdeck.tui.inspector.details import LONGEST_VALUE
from fetchdeck.tui.inspector.document import Rows
from fetchdeck.tui.inspector.off_loop import OffLoop
from fetchdeck.tui.inspector.search_line import SearchLine
from fetchdeck.tui.inspector.source import PAGE
from fetchdeck.tui.screens import inspect_details
from fetchdeck.tui.screens.inspect import InspectScreen, Neighbour
from fetchdeck.tui.screens.inspect_commands import InspectCommands
from fetchdeck.tui.screens.inspect_curl import CurlScreen
from fetchdeck.tui.screens.inspect_edit import EditScreen
from fetchdeck.tui.screens.prompt import PromptScreen
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from ..support.journal_factory import Made, make_journal
from ..support.scripted_engine import ScriptedEngine, running, seen
from ..support.scripted_tables import HOSTILE, screen_text

JSON_REPLY = (b"Content-Type: application/json\r\nX-Served-By: a", b'{"name": "Bern", "n": [1, 2]}')


class Inspecting:
    """An inspector on screen."""

    def __init__(self, screen: InspectScreen, pilot: Pilot[None], engine: ScriptedEngine) -> None:
        self.screen = screen
        self.pilot = pilot
        self.engine = engine

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
        await self.settle()

    async def settle(self) -> None:
        await self.pilot.pause()
        while any(not worker.is_finished for worker in self.pilot.app.workers):
            await self.pilot.pause(0.005)
        await self.pilot.pause()

    async def pull(self) -> None:
        """Let the screen have the engine's snapshot, as the app does."""
        self.screen.follow(self.engine.snapshot())
        await self.settle()

    def text(self) -> str:
        """All of the request but its body, as far as it is in sight."""
        return "\n".join(line.rstrip() for line in screen_text(self.screen.details))

    def body(self) -> str:
        return "\n".join(line.rstrip() for line in screen_text(self.screen.body.view))

    def seen(self) -> str:
        return seen(self.pilot.app)

    def toasts(self) -> list[str]:
        return [toast.message for toast in self.pilot.app._notifications]


@asynccontextmanager
async def inspecting(
    path: Path,
    request: int = 0,
    neighbour: Neighbour | None = None,
    size: tuple[int, int] = (160, 60),
    **engine: object,
) -> AsyncIterator[Inspecting]:
    app: App[None] = App()
    scripted = ScriptedEngine(path, **engine)  # type: ignore[arg-type]
    async with app.run_test(size=size) as pilot, JournalReader(path) as reader:
        screen = InspectScreen(scripted, reader, request, neighbour)
        await app.push_screen(screen)
        made = Inspecting(screen, pilot, scripted)
        await made.pull()
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
            "id:   7",
            "HTTP 503",
            "retried after 800 ms",
            "301 sent on from http://h/old",
            "answered by: http://h/details?key=***",
            "X-Served-By:  a",
            "curl 'http://h/details?key=***' -H 'Authorization: ***'",
        ):
            assert part in text
        assert '  "name": "Bern",' in it.body()
        first, second, third = (line for line in text.split("\n") if "░░█" in line)
        assert first == second == third
        assert first.count("░") == pytest.approx(3 * first.count("█"), abs=2)


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


async def test_a_large_body_file_is_read_by_page(tmp_path: Path) -> None:
    (tmp_path / "bodies").mkdir()
    lines = [f"line {n:0>12}\n" for n in range(60_000)]
    (tmp_path / "bodies" / "0").write_text("".join(lines))
    path = made_file(tmp_path, b"Content-Type: text/plain", len("".join(lines)))
    async with inspecting(path) as it:
        assert "page 1 of 5" in it.seen()
        assert it.body().startswith("  line 000000000000")
        await it.press("4", "end")
        last = it.body().split("\n")[-2].strip()
        await it.press("right_square_bracket")
        assert "page 2 of 5" in it.seen()
        # A page begins where the one before ended.
        assert it.body().split("\n")[0].strip() == f"line {int(last.split()[1]) + 1:0>12}"
        await it.press("v")
        assert "00000000  6c 69 6e 65" in it.body()
        await it.press("right_square_bracket")
        assert f"{PAGE:08x}  " in it.body()
        await it.press("v")
        await it.press("slash", *"000000059999", "enter")
        assert "page 5 of 5" in it.seen()
        assert "line 000000059999" in it.body()
        assert "1 of 1" in it.seen()


def made_file(folder: Path, headers: bytes, size: int) -> Path:
    return make_journal(
        folder / "journal.sqlite", [Made(status=200, size=size, body_path="bodies/0", reply=(headers, None))]
    )


async def test_a_body_file_that_is_gone_is_said(tmp_path: Path) -> None:
    path = make_journal(tmp_path / "journal.sqlite", [Made(status=200, size=9, body_path="bodies/0")])
    async with inspecting(path) as it:
        assert "bodies/0 cannot be read: No such file or directory" in it.body()


@pytest.mark.parametrize("key", ["escape", "q"])
async def test_keys_close_it(tmp_path: Path, key: str) -> None:
    path = make_journal(tmp_path / "journal.sqlite", [Made(State.QUEUED)])
    async with inspecting(path) as it:
        assert "None yet" in it.text()
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
        assert "There is no request 5 in the journal." in it.text()


async def test_copying_hands_the_terminal_the_command(tmp_path: Path) -> None:
    path = make_journal(tmp_path / "journal.sqlite", [Made(url="http://h/x y")])
    async with inspecting(path) as it:
        await it.press("y")
        assert it.pilot.app.clipboard == "curl 'http://h/x y'"


@pytest.mark.parametrize(("width", "own_line"), [(60, True), (140, False)])
async def test_why_an_attempt_failed_never_wraps_in_the_middle(
    tmp_path: Path, width: int, own_line: bool
) -> None:
    message = "The server closed the connection after 12 of 345 bytes"
    failed = Made(State.FAILED, status=200, kind=FailureKind.TRUNCATED, message=message)
    path = make_journal(tmp_path / "journal.sqlite", [failed])
    async with inspecting(path, size=(width, 40)) as it:
        lines = it.text().split("\n")
        [head] = [at for at, line in enumerate(lines) if "✗ 200" in line]
        shown = " ".join(lines[head + 1 : head + 3]) if own_line else lines[head]
        assert "truncated: The server closed" in shown


async def test_a_row_that_became_no_request_has_nothing_to_copy(tmp_path: Path) -> None:
    invalid = Made(State.INVALID, method="", attempts=0, kind=FailureKind.INVALID, message="There is no URL.")
    path = make_journal(tmp_path / "journal.sqlite", [invalid])
    with sqlite3.connect(path) as db:
        db.execute("UPDATE requests SET url = ''")
    db.close()
    async with inspecting(path, size=(80, 24)) as it:
        text = it.text()
        assert "This row could not become a request." in text
        assert "There is no URL." in text
        assert "curl" not in text
        await it.press("y")
        assert it.pilot.app.clipboard == ""


async def test_a_journal_that_breaks_is_said_and_not_fatal(tmp_path: Path) -> None:
    path = make_journal(tmp_path / "journal.sqlite", [Made()])
    async with inspecting(path, 0, _stay) as it:
        with sqlite3.connect(path) as db:
            db.execute("ALTER TABLE requests RENAME TO gone")
        db.close()
        await it.press("n")
        assert "The journal cannot be read: no such table" in it.text()


async def test_a_table_that_cannot_be_read_is_said_where_the_next_request_would_be(tmp_path: Path) -> None:
    path = make_journal(tmp_path / "journal.sqlite", [Made()])

    async def broken(_: int, __: int) -> int | None:
        raise sqlite3.OperationalError("disk I/O error")

    async with inspecting(path, 0, broken) as it:
        await it.pilot.press("n")
        await it.pilot.pause()
        assert "disk I/O error. If it stays so, check the disk" in it.text()


async def test_much_is_laid_out_beside_the_loop_and_within_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns: dict[str, object] = {"text": "日本" * 1_000_000, "short": "x"}
    path = make_journal(tmp_path / "journal.sqlite", [Made(columns=columns)])
    threads: list[threading.Thread] = []

    def watched(*args: Any) -> inspector_details.Details:
        threads.append(threading.current_thread())
        return inspector_details.details_of(*args)

    monkeypatch.setattr(inspect_details, "details_of", watched)
    async with inspecting(path) as it:
        assert threads
        assert threading.main_thread() not in threads
        document = it.screen.details.rows.document
        assert any(document.text(line).startswith("short:") for line in range(len(document)))
        assert len(it.screen.details.rows) < 4 * LONGEST_VALUE // it.screen.details.text_width


async def _stay(request: int, _: int) -> int | None:
    return request


def flying(request: int, phase: Phase, age_s: float, received: int = 0) -> InFlightRow:
    return InFlightRow(request, "GET", "http://h/", 1, phase, age_s, received)


async def test_a_request_under_way_is_followed_to_its_end(tmp_path: Path) -> None:
    path = make_journal(tmp_path / "journal.sqlite", [Made(State.IN_FLIGHT, "http://h/", attempts=1)])
    now = running(in_use=1)
    async with inspecting(path, now=now, flying=(flying(0, Phase.SENT, 1.5),)) as it:
        assert "under way  1.5 s  sent, waiting for the first byte" in it.text()
        assert "There is no response." in it.body()
        it.engine.flying = (flying(0, Phase.RECEIVING, 2.5, 4_000),)
        await it.pull()
        assert "receiving, 4 kB so far" in it.text()
        with sqlite3.connect(path) as db:
            db.execute("UPDATE requests SET state = 3, status = 200, ended_at = 1 WHERE id = 0")
            db.execute(
                "INSERT INTO attempts(request, n, started, elapsed_ms, ttfb_ms, status, dns_ms, connect_ms, tls_ms) "
                "VALUES (0, 1, 1700000000, 100, 60, 200, 10, 20, 30)"
            )
            db.execute("INSERT INTO responses VALUES (0, ?, ?, NULL, 2, NULL, 0)", (b"X-A: b", b"ok"))
        db.close()
        await it.pull()
        text = it.text()
        assert "under way" not in text
        assert "DNS 10 · connect 20 · TLS 30 · first byte 0 · transfer 40 ms" in text
        assert "X-A: b" in text
        assert it.body().strip() == "ok"


class Counting(ScriptedEngine):
    """Notes how many requests in flight were asked for."""

    __slots__ = ("asked_for",)

    def in_flight(self, start: int, count: int) -> tuple[InFlightRow, ...]:
        rows = super().in_flight(start, count)
        self.asked_for += len(rows)
        return rows


async def test_following_one_of_very_many_in_flight_looks_at_few_of_them(tmp_path: Path) -> None:
    path = make_journal(tmp_path / "journal.sqlite", [Made(State.IN_FLIGHT)])
    flying_rows = tuple(flying(9_999 - n, Phase.SENT, 10_000.0 - n) for n in range(10_000))
    engine = Counting(path, now=running(in_use=10_000), flying=flying_rows)
    engine.asked_for = 0
    async with App[None]().run_test(size=(80, 24)) as pilot, JournalReader(path) as reader:
        commands = InspectCommands(pilot.app.screen, engine, reader, OffLoop())
        assert commands.flight(0) == flying_rows[-1]
        engine.flying = flying_rows[100:]
        engine.asked_for = 0
        for _ in range(4):
            assert commands.flight(0) == flying_rows[-1]
        assert engine.asked_for <= 4 * 256
        assert commands.flight(77_777) is None


async def test_commands_depend_on_the_state(tmp_path: Path) -> None:
    made = [Made(State.FAILED, kind=FailureKind.TIMEOUT, message="late"), Made(State.QUEUED), Made()]
    path = make_journal(tmp_path / "journal.sqlite", made)

    async def neighbour(request: int, step: int) -> int | None:
        return request + step

    async with inspecting(path, 0, neighbour) as it:
        assert "r retry" in it.seen()
        await it.press("x", "r", "n")
        assert "x skip" in it.seen()
        assert "E edit" not in it.seen()
        await it.press("r", "x")
        assert it.engine.commands == [("retry", (0,)), ("cancel", (1,))]


async def test_a_run_that_is_only_looked_at_takes_no_commands(tmp_path: Path) -> None:
    path = make_journal(tmp_path / "journal.sqlite", [Made(State.FAILED, kind=FailureKind.TIMEOUT)])
    async with inspecting(path, read_only=True) as it:
        await it.press("r", "x", "E")
        assert it.engine.commands == []
        assert isinstance(it.pilot.app.screen, InspectScreen)
        assert "retry" not in it.seen().split("\n")[-2]


async def test_a_tree_folds_by_key_and_mouse(tmp_path: Path) -> None:
    path = make_journal(tmp_path / "journal.sqlite", [Made(status=200, reply=JSON_REPLY)])
    async with inspecting(path) as it:
        await it.press("4", "minus")
        assert "[1, 2] 2 items" in " ".join(it.body().split())
        await it.press("down", "down", "enter")
        assert "      1," in it.body()
        await it.pilot.click(it.screen.body.view, offset=(6, 2))
        await it.settle()
        assert "2 items" in it.body()
        await it.press("plus")
        assert "2 items" not in it.body()


async def test_a_search_finds_what_is_folded_and_n_goes_on(tmp_path: Path) -> None:
    reply = b'{"a": {"b": [{"word": 1}]}, "c": {"d": "a word"}}'
    path = make_journal(
        tmp_path / "journal.sqlite", [Made(status=200, reply=(b"Content-Type: application/json", reply))]
    )
    asked: list[int] = []

    async def neighbour(request: int, step: int) -> int | None:
        asked.append(step)
        return None

    async with inspecting(path, 0, neighbour) as it:
        await it.press("4", "minus", "slash", *"WoRd", "enter")
        assert "not found" in it.seen()
        await it.press("escape", "slash", "ctrl+u", *"word", "enter")
        assert "1 of 2" in it.seen()
        assert '"word": 1' in it.body()
        assert "n next match" in it.seen()
        await it.press("n")
        assert "2 of 2" in it.seen()
        assert '"d": "a word"' in it.body()
        await it.press("n", "N")
        assert asked == []
        await it.press("escape")
        assert not it.screen.query_one(SearchLine).has_class("-open")
        await it.press("n")
        assert asked == [1]
        assert isinstance(it.pilot.app.screen, InspectScreen)


async def test_a_search_in_very_many_folded_blocks_unfolds_them_beside_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items: list[object] = [{"n": [n]} for n in range(800)]
    items[400] = {"n": ["needle"]}
    reply = (b"Content-Type: application/json", json.dumps({"all": items}).encode())
    path = make_journal(tmp_path / "journal.sqlite", [Made(status=200, reply=reply)])
    threads: list[threading.Thread] = []
    reveal = Rows.reveal

    def watched(rows: Rows, line: int) -> None:
        threads.append(threading.current_thread())
        reveal(rows, line)

    monkeypatch.setattr(Rows, "reveal", watched)
    async with inspecting(path) as it:
        await it.press("4", "minus")
        assert len(it.body().split()) < 20
        await it.press("slash", *"needle", "enter")
        assert '"needle"' in it.body()
        assert threads
        assert threading.main_thread() not in threads


async def test_the_command_can_be_seen_where_nothing_can_be_copied(tmp_path: Path) -> None:
    path = make_journal(tmp_path / "journal.sqlite", [Made(url="http://h/x")])
    async with inspecting(path) as it:
        await it.press("y", "y")
        assert isinstance(it.pilot.app.screen, CurlScreen)
        assert "\ncurl http://h/x " in it.seen()
        await it.press("escape")
        assert it.pilot.app.screen is it.screen


async def test_a_body_is_saved_and_replaces_nothing_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = make_journal(tmp_path / "journal.sqlite", [Made(status=200, reply=JSON_REPLY)])
    async with inspecting(path) as it:
        await it.press("w")
        assert it.pilot.app.screen.query_one(Input).value == "row-0.json"
        await it.press("enter")
        saved = tmp_path / "row-0.json"
        assert saved.read_bytes() == JSON_REPLY[1]
        assert saved.stat().st_mode & 0o777 == 0o600
        assert it.toasts()[-1] == "Wrote 29 B to row-0.json."
        saved.write_text("mine")
        await it.press("w")
        assert it.pilot.app.screen.query_one(Input).value == "row-0-2.json"
        it.pilot.app.screen.query_one(Input).value = "row-0.json"
        await it.press("enter")
        assert isinstance(it.pilot.app.screen, PromptScreen)
        assert saved.read_text() == "mine"
        await it.press("enter")
        assert saved.read_bytes() == JSON_REPLY[1]


async def test_a_body_that_goes_while_it_is_looked_at_cannot_be_saved_and_that_is_said(
    tmp_path: Path,
) -> None:
    path = made_file(tmp_path, b"Content-Type: text/plain", 9)
    (tmp_path / "bodies").mkdir(exist_ok=True)
    (tmp_path / "bodies" / "0").write_bytes(b"123456789")
    async with inspecting(path) as it:
        (tmp_path / "bodies" / "0").unlink()
        await it.press("w")
        assert it.toasts()[-1].endswith("Send the request again to fetch it anew.")


class Resending(ScriptedEngine):
    """Notes what is to be sent again, or refuses it."""

    __slots__ = ("edits", "refusal")

    def resend(self, request: int, edited: EditedRequest) -> None:
        if self.refusal:
            raise RunError(self.refusal)
        self.edits = [*self.edits, (request, edited)]


async def test_an_edited_request_is_sent_again(tmp_path: Path) -> None:
    made = Made(
        State.FAILED,
        "http://h/a?key=***",
        method="POST",
        headers=[("Authorization", "Bearer ***"), ("X", "1\t2")],
        sent="a=1",
        kind=FailureKind.HTTP_STATUS,
        status=500,
    )
    path = make_journal(tmp_path / "journal.sqlite", [made])
    async with inspecting(path, size=(80, 24)) as it:
        engine = Resending(path)
        engine.edits, engine.refusal = [], "The host is not known."
        it.screen._commands._engine = engine
        await it.press("E")
        screen = it.pilot.app.screen
        assert isinstance(screen, EditScreen)
        assert "Bearer ***" in it.seen()
        screen.query_one("#edit-url", Input).value = "http://h/b?key=***"
        screen.query_one("#edit-url", Input).value = "http://h/***/b"
        await it.press("ctrl+s")
        assert "A *** in the URL does not stand where" in it.seen()
        screen.query_one("#edit-url", Input).value = "http://h/b?key=***"
        headers = screen.query_one("#edit-headers", TextArea)
        headers.text = headers.text + "\nAccept: x/y"
        await it.press("ctrl+s")
        assert "The host is not known." in it.seen()
        engine.refusal = ""
        await it.press("ctrl+s")
        assert it.pilot.app.screen is it.screen
        fields = (("Authorization", "Bearer ***"), ("X", "1\t2"), ("Accept", "x/y"))
        assert engine.edits == [(0, EditedRequest("POST", "http://h/b?key=***", fields, b"a=1"))]


@pytest.mark.parametrize(
    ("size", "kind"), [((80, 24), "-single"), ((120, 40), "-stacked"), ((200, 60), "-columns")]
)
async def test_each_size_has_an_arrangement_in_which_all_can_be_reached(
    tmp_path: Path, size: tuple[int, int], kind: str
) -> None:
    path = make_journal(tmp_path / "journal.sqlite", [Made(status=200, reply=JSON_REPLY, columns={"a": "b"})])
    async with inspecting(path, size=size) as it:
        assert it.screen.has_class(kind)
        await it.press("4")
        assert "Bern" in it.seen()
        await it.press("5")
        assert "a: b" in it.seen()
        await it.press("tab")
        assert it.screen.focused is it.screen.body.view
