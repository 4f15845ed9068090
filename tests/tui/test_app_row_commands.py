"""Commands about rows that ask, refuse, or tell what they could not do."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from fetchdeck.core.journal.filter import RowFilter
from fetchdeck.core.model import Counts, FailureKind, State
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.filter_words import in_words
from fetchdeck.tui.screens.confirm import ConfirmScreen
from fetchdeck.tui.screens.main import MainScreen
from fetchdeck.tui.screens.stray_filter import StrayFilter
from fetchdeck.tui.widgets.in_flight_table import InFlightTable
from fetchdeck.tui.widgets.journal_table import JournalTable
from msgspec.structs import replace
from textual import events
from textual.pilot import Pilot

from ..support.journal_factory import Made
from ..support.scripted_engine import rows, running, scripted, seen

FAILED = frozenset({State.FAILED})


def toasts(pilot: Pilot[None]) -> list[str]:
    return [toast.message for toast in pilot.app._notifications]


async def ask_with_filter(pilot: Pilot[None], text: str) -> None:
    await pilot.press("3", "slash", *text, "enter", "R")
    while isinstance(pilot.app.screen, MainScreen) and not toasts(pilot):
        await pilot.pause(0.01)
    await pilot.pause()


def failures(timeouts: int, others: int) -> list[Made]:
    slow = Made(State.FAILED, kind=FailureKind.TIMEOUT, message="No reply within 60 s.")
    broken = Made(State.FAILED, kind=FailureKind.HTTP_STATUS, status=503, message="503 Service Unavailable")
    return [slow] * timeouts + [broken] * others + [replace(slow, state=State.INVALID)] * 3


@pytest.mark.parametrize("failed", [100, 101])
async def test_more_than_100_are_queued_again_only_after_a_question(tmp_path: Path, failed: int) -> None:
    engine = scripted(tmp_path, now=running(counts=Counts(queued=10, failed=failed)))
    async with FetchdeckApp(engine).run_test(size=(80, 24)) as pilot:
        await pilot.press("R")
        if failed > 100:
            assert engine.commands == []
            assert "Retry 101 requests?" in seen(pilot.app)
            assert "This queues all 101 failed requests again." in seen(pilot.app)
            await pilot.press("escape")
            assert engine.commands == []
            await pilot.press("R", "enter")
        assert engine.commands == [("retry_matching", RowFilter(states=FAILED))]
        assert toasts(pilot) == [f"{failed} requests queued again"]


async def test_the_question_names_the_filter_and_how_many_it_really_concerns(tmp_path: Path) -> None:
    counts = Counts(queued=10, failed=180, invalid=3)
    engine = scripted(tmp_path, failures(130, 50), now=running(counts=counts))
    async with FetchdeckApp(engine).run_test(size=(80, 24)) as pilot:
        await ask_with_filter(pilot, "kind:timeout")
        assert isinstance(pilot.app.screen, ConfirmScreen)
        assert "Retry 130 requests?" in seen(pilot.app)
        assert "kind timeout." in seen(pilot.app)
        await pilot.press("enter")
        [(_, rows_)] = engine.commands
        assert isinstance(rows_, RowFilter)
        assert rows_.kinds == {FailureKind.TIMEOUT}
        await pilot.app.screen.query_one("#failed", JournalTable).settled()
        pilot.app.pull()  # type: ignore[attr-defined]
        await pilot.pause()
        assert "filter kind:timeout · 133 of 183 ·" in seen(pilot.app)


async def test_a_filter_that_finds_nothing_to_retry_says_so(tmp_path: Path) -> None:
    engine = scripted(tmp_path, failures(2, 2))
    async with FetchdeckApp(engine).run_test(size=(80, 24)) as pilot:
        await ask_with_filter(pilot, "state:invalid")
        assert toasts(pilot) == ["The filter shows no request that could be queued again."]
        assert engine.commands == []


async def test_a_large_cause_asks_too(tmp_path: Path) -> None:
    engine = scripted(tmp_path, failures(130, 50))
    async with FetchdeckApp(engine).run_test(size=(80, 24)) as pilot:
        await pilot.press("4")
        while not pilot.app.screen.table.row_count:  # type: ignore[attr-defined]
            await pilot.pause(0.01)
        await pilot.press("home", "r")
        assert "Retry 130 requests?" in seen(pilot.app)
        await pilot.press("enter")
        assert len(engine.commands) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ""),
        ("state:failed", ""),
        ("status:5xx status:404", "with status 500–599 or 404"),
        ("kind:connect_timeout host:api.", "of kind connect timeout, of a host with api."),
        ("cause:3 slow>2s", "of cause 3, slower than 2.0 s"),
        ("size<10kb attempts>1", "smaller than 10 kB, after more than 1 attempts"),
        ("bern -zug", "with “bern”, without “zug”"),
    ],
)
def test_a_filter_in_words(text: str, words: str) -> None:
    assert in_words(RowFilter.parse(text)) == words
    assert len(in_words(RowFilter.parse("x" * 1_999))) == 200


@pytest.mark.parametrize(("tab", "title"), [("1", "In flight"), ("4", "Failures by cause"), ("6", "Events")])
async def test_a_filter_typed_where_there_is_none_does_nothing(tmp_path: Path, tab: str, title: str) -> None:
    engine = scripted(tmp_path, rows())
    async with FetchdeckApp(engine).run_test(size=(80, 24)) as pilot:
        await pilot.press(tab)
        assert "/ filter" not in seen(pilot.app)
        await pilot.press("slash", *"pxR3q", "enter")
        assert engine.commands == []
        assert isinstance(pilot.app.screen, MainScreen)
        assert toasts(pilot) == [f"{title} cannot be filtered."]
        await pilot.press("p")
        assert engine.commands == [("pause",)]


async def test_the_letters_after_it_may_come_in_one_burst(tmp_path: Path) -> None:
    engine = scripted(tmp_path)
    async with FetchdeckApp(engine).run_test() as pilot:
        await pilot.press("6")
        for key, character in (("slash", "/"), ("p", "p"), ("R", "R")):
            pilot.app.post_message(events.Key(key, character))
        await pilot.pause()
        await pilot.pause()
        assert engine.commands == []


async def test_after_a_pause_letters_are_commands_again(tmp_path: Path) -> None:
    engine = scripted(tmp_path)
    async with FetchdeckApp(engine).run_test() as pilot:
        await pilot.press("6", "slash", "p")
        stray = pilot.app.screen._stray_filter  # type: ignore[attr-defined]
        assert isinstance(stray, StrayFilter)
        stray._end()
        await pilot.press("p")
        assert engine.commands == [("pause",)]


@pytest.mark.parametrize("tab", ["5", "6"])
async def test_space_marks_nothing_where_marks_mean_nothing(tmp_path: Path, tab: str) -> None:
    async with FetchdeckApp(scripted(tmp_path, rows())).run_test(size=(80, 24)) as pilot:
        await pilot.press(tab)
        await pilot.pause(0.1)
        await pilot.press("space")
        assert "space mark" not in seen(pilot.app)
        assert pilot.app.screen.table.marked == frozenset()  # type: ignore[attr-defined]


async def test_marked_rows_that_ended_meanwhile_are_told(tmp_path: Path) -> None:
    engine = scripted(tmp_path, [Made(State.QUEUED, ended=False)] * 2)
    first, second, third, *rest = engine.flying
    async with FetchdeckApp(engine).run_test(size=(80, 24)) as pilot:
        await pilot.press("space", "space", "space")
        assert pilot.app.screen.query_one(InFlightTable).marked == {first.id, second.id, third.id}
        engine.flying = (third, *rest)
        await pilot.press("x")
        assert engine.commands == [("cancel", (first.id, second.id, third.id))]
        assert toasts(pilot) == ["1 request cancelled; 2 of 3 had already ended"]


async def test_marked_rows_that_wait_for_a_retry_have_not_ended(tmp_path: Path) -> None:
    engine = scripted(tmp_path, [Made(State.WAITING)] * 2)
    waiting = replace(engine.flying[0], id=1)
    engine.flying = (waiting, *engine.flying)
    async with FetchdeckApp(engine).run_test(size=(80, 24)) as pilot:
        await pilot.press("space")
        engine.flying = engine.flying[1:]
        await pilot.press("x")
        assert engine.commands == [("cancel", (1,))]
        assert toasts(pilot) == ["1 request cancelled"]


async def test_y_in_a_table_tells_how_to_see_the_command(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows())
    async with FetchdeckApp(engine).run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        await pilot.app.screen.query_one("#succeeded", JournalTable).settled()
        await pilot.press("home", "y")
        while not toasts(pilot):
            await pilot.pause(0.01)
        assert toasts(pilot) == ["Copied as curl, secrets masked; enter shows it."]


@pytest.mark.parametrize("key", ["y", "V", "slash", "x", "enter", "r"])
async def test_no_command_ends_the_dashboard_where_the_journal_cannot_be_read(
    tmp_path: Path, key: str
) -> None:
    engine = scripted(tmp_path, [Made(State.FAILED), Made(State.FAILED)])
    async with FetchdeckApp(engine).run_test(size=(100, 30)) as pilot:
        await pilot.press("3")
        assert isinstance(pilot.app.screen, MainScreen)
        await pilot.app.screen.query_one("#failed", JournalTable).settled()
        with sqlite3.connect(engine.journal_path) as db:
            db.execute("ALTER TABLE requests RENAME TO gone")
            db.execute("ALTER TABLE causes RENAME TO causes_gone")
        db.close()
        await pilot.press("space", key)
        await pilot.pause(0.1)
        assert pilot.app.is_running
        assert pilot.app._exception is None
        if key == "y":
            assert "check the disk" in toasts(pilot)[-1]
