"""Exports from the dashboard, of real journals to real files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fetchdeck.core.errors import OptionError
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.screens.export import FileName, free_name
from fetchdeck.tui.screens.main import MainScreen
from fetchdeck.tui.widgets.cause_table import CauseTable
from fetchdeck.tui.widgets.journal_table import JournalTable
from textual.pilot import Pilot
from textual.widgets import Input, Static

from ..support.scripted_engine import rows, scripted, seen


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


async def until_seen(pilot: Pilot[None], text: str) -> None:
    while text not in seen(pilot.app):
        await pilot.pause(0.01)


def hint(pilot: Pilot[None]) -> str:
    return str(pilot.app.screen.query_one(".dialog--hint", Static).render())


@pytest.mark.parametrize(
    ("tab", "states"),
    [
        ("1", {"succeeded": 40, "failed": 12}),
        ("2", {"succeeded": 40}),
        ("3", {"failed": 12}),
        ("6", {"succeeded": 40, "failed": 12}),
    ],
)
async def test_e_writes_what_the_tab_is_about(tmp_path: Path, tab: str, states: dict[str, int]) -> None:
    async with FetchdeckApp(scripted(tmp_path, rows())).run_test(notifications=True) as pilot:
        await pilot.press(tab, "e")
        assert pilot.app.screen.query_one(Input).value == "places.jsonl"
        await pilot.press("enter")
        await until_seen(pilot, f"Wrote {sum(states.values())} rows to places.jsonl.")
        assert isinstance(pilot.app.screen, MainScreen)
    lines = [json.loads(line) for line in Path("places.jsonl").read_text().splitlines()]
    found = [line["state"] for line in lines]
    assert {state: found.count(state) for state in set(found)} == states


async def test_e_writes_the_marked_rows_whatever_the_filter_shows(tmp_path: Path) -> None:
    async with FetchdeckApp(scripted(tmp_path, rows())).run_test(notifications=True) as pilot:
        await pilot.press("3")
        table = pilot.app.screen.query_one("#failed", JournalTable)
        await table.settled()
        await pilot.press("g", "space", "space", "e")
        assert "The 2 marked requests, to a" in hint(pilot)
        marked = table.marks.keys
        await pilot.press("enter")
        await until_seen(pilot, "Wrote 2 rows to places-marked.jsonl.")
    lines = Path("places-marked.jsonl").read_text().splitlines()
    assert {json.loads(line)["id"] for line in lines} == marked


async def test_e_writes_the_selected_cause_and_what_a_filter_shows(tmp_path: Path) -> None:
    async with FetchdeckApp(scripted(tmp_path, rows())).run_test(notifications=True) as pilot:
        await pilot.press("4")
        causes = pilot.app.screen.query_one(CauseTable)
        while causes.selected is None:
            await pilot.pause(0.01)
        await pilot.press("e")
        assert "The 8 requests that failed by “http_status: 503 Service Unavailable”" in hint(pilot)
        await pilot.press("enter")
        await until_seen(pilot, "Wrote 8 rows to places-cause-2.jsonl.")
        await pilot.press("3", "slash", *"kind:timeout", "enter", "e")
        assert "The rows that “kind:timeout” shows" in hint(pilot)
        await pilot.press("enter")
        await until_seen(pilot, "Wrote 4 rows to places.jsonl.")
    lines = [json.loads(line) for line in Path("places-cause-2.jsonl").read_text().splitlines()]
    assert {line["status"] for line in lines} == {503}


async def test_a_file_that_is_there_is_replaced_only_after_a_second_enter(tmp_path: Path) -> None:
    Path("mine.csv").write_text("precious")
    async with FetchdeckApp(scripted(tmp_path, rows())).run_test(notifications=True) as pilot:
        await pilot.press("e")
        pilot.app.screen.query_one(Input).value = "mine.csv"
        await pilot.press("enter")
        await until_seen(pilot, "mine.csv exists. Press enter again")
        assert Path("mine.csv").read_text() == "precious"
        await pilot.press("enter")
        await until_seen(pilot, "Wrote 52 rows to mine.csv.")
    assert len(Path("mine.csv").read_text().splitlines()) == 53


async def test_what_cannot_be_written_is_said_and_the_dashboard_goes_on(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows())
    async with FetchdeckApp(engine).run_test(notifications=True) as pilot:
        await pilot.press("e")
        Path("places.jsonl").mkdir()
        await pilot.press("enter")
        await until_seen(pilot, "places.jsonl cannot be written: it is a folder.")
        Path("places.jsonl").rmdir()
        engine.journal_path.rename(tmp_path / "gone")
        await pilot.press("enter")
        await until_seen(pilot, "There is no run in")
        assert isinstance(pilot.app.screen, MainScreen)


def test_the_offered_name_is_never_that_of_a_file_that_is_there() -> None:
    assert free_name("places") == "places.jsonl"
    Path("places.jsonl").touch()
    Path("places-2.jsonl").touch()
    assert free_name("places") == "places-3.jsonl"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-",
        "places",
        "places.txt",
        "missing/places.csv",
        "a\0.csv",
        "n" * 300 + ".csv",
        "~no.such.user/a.csv",
    ],
)
def test_names_that_make_no_sense_are_refused_in_words(text: str) -> None:
    with pytest.raises(OptionError, match=r"[.]$"):
        FileName()(text)


async def test_a_long_path_can_be_typed(tmp_path: Path) -> None:
    (tmp_path / "a-folder-with-a-name").mkdir()
    file = tmp_path / "a-folder-with-a-name" / "results.jsonl"
    async with FetchdeckApp(scripted(tmp_path, rows())).run_test(notifications=True) as pilot:
        await pilot.press("e", "ctrl+u")
        pilot.app.screen.query_one(Input).insert_text_at_cursor(str(file))
        await pilot.press("enter")
        await until_seen(pilot, "Wrote 52 rows to")
    assert len(file.read_text().splitlines()) == 52
