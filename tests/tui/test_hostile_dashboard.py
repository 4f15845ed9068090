"""Hostile texts in every field that the dashboard shows: seen, and nothing of them acts on the terminal.

| where the text comes from | where it is shown |
|---|---|
| name of the input, reason of a pause | header; proposed file of an export |
| URL, method, message, signature, host | tables, inspector, question before a retry |
| columns, request headers and body | inspector, curl command |
| reply: headers, body as JSON, XML, HTML, text, octets; redirects | inspector |
| facts of the run | event log |
| what is typed or pasted | filter bar and line, prompts, their errors, toasts |
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from fetchdeck.core.model import FailureKind, Phase, State
from fetchdeck.core.past import EventKind
from fetchdeck.core.printable import printable
from fetchdeck.core.snapshot import Event, InFlightRow, RunState
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.filter_completion import Known
from fetchdeck.tui.screens.confirm import ConfirmScreen
from fetchdeck.tui.screens.help import HelpScreen
from fetchdeck.tui.screens.inspect import InspectScreen
from fetchdeck.tui.screens.main import MainScreen
from fetchdeck.tui.screens.prompt import PromptScreen
from fetchdeck.tui.screens.quit import LeaveScreen
from fetchdeck.tui.widgets.cause_table import CauseTable
from fetchdeck.tui.widgets.filter_bar import FilterBar
from fetchdeck.tui.widgets.journal_table import JournalTable
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from ..support.hostile import SHOWN, SURROGATE, check_terminal, harmful, recorded
from ..support.journal_factory import Made
from ..support.scripted_engine import ScriptedEngine, host, running, scripted, seen

ALL = " ".join(SHOWN)
LINES = "\n".join(SHOWN)
NAME = "".join(list(SHOWN)[1:6])
HEADERS = "\r\n".join(f"X-{n}: {text}" for n, text in enumerate(SHOWN) if not {"\r", "\n"} & set(text))
BODIES = {
    "application/json": json.dumps({text: [text, SURROGATE] for text in SHOWN}).encode(),
    "application/json; charset=rot13": json.dumps(dict.fromkeys(SHOWN), ensure_ascii=False).encode(),
    "text/html; charset=\x1b]0;EVIL\x07": f"<h1>{ALL}</h1>\n<script>{LINES}</script>".encode(),
    "application/xml": f"<?xml version='1.0'?><a b='{ALL}'>{LINES}</a>".encode(),
    "text/plain; charset=unicode_escape": ALL.encode("unicode_escape"),
    "image/png": b"\x89PNG\0" + ALL.encode(),
    "text/plain; charset=utf-8": (ALL + "\n" + LINES).encode() + b"\xff\xfe\x9b6n",
}
SIZES = [(80, 24), (200, 60)]
Look = Callable[[], str]
Script = Callable[[FetchdeckApp, Pilot[None], Look], Awaitable[None]]


def replies() -> list[Made]:
    """Succeeded requests, each with another kind of body, and hostile texts in all else."""
    return [
        Made(
            State.SUCCEEDED,
            f"http://h/{ALL}",
            method="[/x]\x1b[6n",
            columns={text: [text, {text: text}] for text in SHOWN} | {"half": SURROGATE},
            headers=[("X-Given", text) for text in SHOWN] + [("X", "***")],
            sent=LINES,
            status=200,
            attempts=2,
            hops=[(f"http://h/{text}", 302) for text in SHOWN],
            reply=(f"Content-Type: {kind}\r\n{HEADERS}".encode(), body),
        )
        for kind, body in BODIES.items()
    ]


def hostile_engine(folder: Path) -> ScriptedEngine:
    """An engine whose every text is hostile."""
    failures = [
        Made(
            state,
            f"http://{text}/",
            kind=FailureKind.UNEXPECTED,
            message=text,
            status=500,
            host=text,
            body_path=f"bodies/{text}" if state is State.FAILED else None,
        )
        for text in SHOWN
        for state in (State.FAILED, State.INVALID)
    ]
    many = [Made(State.FAILED, "http://h/", kind=FailureKind.PROTOCOL, message=NAME) for _ in range(120)]
    texts = list(SHOWN)
    return scripted(
        folder,
        [*replies(), *failures, *many],
        now=running(name=NAME, state=RunState.PAUSED, reason=ALL, in_use=len(texts)),
        flying=tuple(
            InFlightRow(n, "GET", f"https://{text}", 1, Phase.SENT, 1.0, 0) for n, text in enumerate(texts)
        ),
        asked=tuple(
            host(n, text, 1, 1, 1, 1.0, 1.0, FailureKind.DNS) for n, text in enumerate([*texts, SURROGATE])
        ),
        happened=tuple(
            Event(n, 1.7e9, EventKind.TROUBLE, text) for n, text in enumerate([*texts, SURROGATE])
        ),
    )


async def played(folder: Path, size: tuple[int, int], script: Script) -> None:
    """Run a script on the dashboard, and check what the terminal was given and what the engine was told."""
    engine = hostile_engine(folder)
    engine.journal_path.with_name("bodies").mkdir()

    async def play(app: FetchdeckApp, pilot: Pilot[None]) -> None:
        await pilot.pause()
        await script(app, pilot, lambda: seen(app))

    check_terminal(await recorded(engine, size, play))
    assert engine.commands == []


async def settled(app: FetchdeckApp, pilot: Pilot[None]) -> None:
    for worker in [worker for worker in app.workers if worker.name != "journal-table"]:
        await worker.wait()
    main = app.screen_stack[0]
    assert isinstance(main, MainScreen)
    if isinstance(table := main.table, JournalTable) and not app.screen.is_modal:
        await table.settled()
    await pilot.pause()


async def press(app: FetchdeckApp, pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await settled(app, pilot)


def paste(app: FetchdeckApp, text: str) -> None:
    field = app.screen.focused
    assert isinstance(field, Input)
    field.post_message(events.Paste(text))


@pytest.mark.parametrize("size", SIZES)
async def test_every_tab_shows_what_is_hostile(tmp_path: Path, size: tuple[int, int]) -> None:
    async def script(app: FetchdeckApp, pilot: Pilot[None], look: Look) -> None:
        causes = app.screen.query_one(CauseTable)
        while not causes.causes_known:
            await pilot.pause(0.01)
        for tab in "13456":
            await press(app, pilot, tab)
            pages = []
            for key in ("g", *["pagedown"] * (5 if size[1] < 30 else 1)):
                await press(app, pilot, key)
                pages.append(look())
            for shown in SHOWN.values():
                assert shown[:4] in "".join(pages), (tab, shown)
        assert printable(NAME)[:30] in look()

    await played(tmp_path, size, script)


@pytest.mark.parametrize("size", SIZES)
async def test_the_inspector_shows_each_kind_of_body(tmp_path: Path, size: tuple[int, int]) -> None:
    async def script(app: FetchdeckApp, pilot: Pilot[None], look: Look) -> None:
        await press(app, pilot, "2", "g", "enter")
        assert isinstance(app.screen, InspectScreen)
        for kind in BODIES:
            pages = [look()]
            for view, key in ((app.screen.details, "4"), (app.screen.body.view, "1")):
                while view.scroll_offset.y < view.max_scroll_y:
                    view.scroll_page_down(animate=False, force=True)
                    await pilot.pause()
                    pages.append(look())
                await press(app, pilot, key)
                pages.append(look())
            text = "".join(page.replace("│", "") for page in pages)
            for shown in SHOWN.values():
                assert shown[:8] in text, kind
            assert "302 sent on from http://h/" in text
            await press(app, pilot, "n")
        await press(app, pilot, "y")
        assert "Copied as curl" in look()

    await played(tmp_path, size, script)


@pytest.mark.parametrize("size", SIZES)
async def test_failures_and_what_is_asked_about_them(tmp_path: Path, size: tuple[int, int]) -> None:
    async def script(app: FetchdeckApp, pilot: Pilot[None], look: Look) -> None:
        await press(app, pilot, "3", "g", "enter")
        for _ in range(len(SHOWN) - 1):
            await press(app, pilot, "n", "n")
            assert size[1] < 60 or "unexpected: " in look()
        await press(app, pilot, "escape", "4", "g", "r")
        assert isinstance(app.screen, ConfirmScreen)
        assert "osc ␛]52" in look()
        await press(app, pilot, "escape", "5", "g", "enter", "escape", "6", "enter")

    await played(tmp_path, size, script)


async def test_what_is_pasted_is_shown_and_does_nothing(tmp_path: Path) -> None:
    async def script(app: FetchdeckApp, pilot: Pilot[None], look: Look) -> None:
        for text in (
            "osc \x1b]52;c;RVZJTA==\x07\u202e",
            "status:[/x]\x9b95;95m",
            "host:[@click=app.quit]x[/]\x7f",
        ):
            await press(app, pilot, "3", "slash")
            paste(app, text)
            await pilot.pause(0.2)
            await press(app, pilot)
            assert printable(text)[:12] in look()
            await press(app, pilot, "enter")
            await press(app, pilot, "escape", "escape")
        for key in ("c", "l", "e"):
            await press(app, pilot, key)
            assert isinstance(app.screen, PromptScreen)
            if key == "e":
                assert "osc ␛]52;c;RVZJTA==␇" in look()
                await press(app, pilot, "enter")
            await press(app, pilot, "ctrl+u")
            paste(app, "\x1b[95;95m\u202e[/x]")
            await press(app, pilot, "enter")
            assert "␛[95;95m<U+202E>[/x]" in look()
            await press(app, pilot, "escape")

    await played(tmp_path, (80, 24), script)


async def test_hosts_of_the_run_complete_a_filter_and_do_nothing(tmp_path: Path) -> None:
    async def script(app: FetchdeckApp, pilot: Pilot[None], look: Look) -> None:
        await press(app, pilot, "3", "slash", *"host:")
        bar = app.screen.query_one(FilterBar)
        bar.known = Known(hosts=[*("".join(text.split()) for text in SHOWN), "a.example", "b.example"])
        await pilot.pause(0.2)
        offered = set()
        for _ in range(len(SHOWN)):
            await press(app, pilot, "tab")
            offered.add(bar.text)
            assert bar.text.startswith("host:")
            assert not harmful(bar.text)
        assert offered >= {"host:a.example", "host:b.example"}
        await press(app, pilot, "enter", "escape", "4", "g", "d", "escape", "C", "escape", "X", "escape")

    await played(tmp_path, (120, 50), script)


async def test_dialogs_over_hostile_screens(tmp_path: Path) -> None:
    async def script(app: FetchdeckApp, pilot: Pilot[None], look: Look) -> None:
        for key, kind in (("question_mark", HelpScreen), ("q", LeaveScreen)):
            await press(app, pilot, "6", key)
            assert isinstance(app.screen, kind)
            await press(app, pilot, "escape")
        await press(app, pilot, "slash", "x", "enter", "ctrl+p")
        await press(app, pilot, *"con", "escape")

    await played(tmp_path, (80, 24), script)
