"""What the filter bar says while a filter is typed, and what its tab key completes."""

from __future__ import annotations

from pathlib import Path

import pytest
from fetchdeck.core.journal.filter import RowFilter
from fetchdeck.core.model import FailureKind, State
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.filter_completion import Known, completions
from fetchdeck.tui.filter_words import in_words
from fetchdeck.tui.widgets.filter_bar import FilterBar
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Input, Static

from ..support.journal_factory import Made
from ..support.scripted_engine import rows, scripted
from ..support.scripted_tables import TableApp

KNOWN = Known(hosts=["api.example.com", "cdn.example.com", 'a "b'], statuses=[429, 503], causes=[3])


def shown(text: str) -> list[str]:
    return [choice.shown for choice in completions(text, KNOWN)]


def hint(bar: FilterBar) -> list[str]:
    static = bar.query_one(".filter--hint", Static)
    return [static.render_line(y).text.rstrip() for y in range(static.size.height)]


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("sta", ["status:", "state:"]),
        ("-ki", ["kind:"]),
        ("slow>2s a", ["attempts>", "after:"]),
        ("state:s", ["succeeded", "skipped"]),
        ("status:", ["429", "503", "2xx", "3xx", "4xx", "5xx"]),
        ("status:429,5", ["503", "5xx"]),
        ("kind:time", ["timeout", "connect_timeout"]),
        ("host:cdn", ["cdn.example.com"]),
        ("-host:example", ["api.example.com", "cdn.example.com"]),
        ("cause:", ["3"]),
        ("state:failed", []),
        ("zebra", []),
        ('"sta', []),
        ("slow>2", []),
    ],
)
def test_what_may_follow_is_offered(text: str, choices: list[str]) -> None:
    assert shown(text) == choices


@given(st.text(st.sampled_from("stauhokinde:,- 5x\"'f"), max_size=20))
def test_any_completion_goes_on_from_what_was_typed_and_can_be_completed_or_read(text: str) -> None:
    for choice in completions(text, KNOWN):
        assert choice.text.endswith(choice.shown)
        head = choice.text.removesuffix(choice.shown)
        assert text.startswith(head)


def test_every_value_that_is_offered_is_one() -> None:
    for name in ("state", "kind", "status", "host", "cause", "last"):
        for choice in completions(f"{name}:", KNOWN):
            assert RowFilter.parse(choice.text).words == ()
    assert len(completions("state:", KNOWN)) == len(State)
    assert len(completions("kind:", KNOWN)) == len(FailureKind)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("state:failed,skipped status:5xx", "failed or skipped, with status 500–599"),
        ("-status:404 slow>=2s", "in 2.0 s or more, not with status 404"),
        ("row:7,10-20 -state:invalid", "in row 7 or 10–20, not invalid"),
        ("size=0 attempts<=2", "of exactly 0 B, after at most 2 attempts"),
        ("after:2026-05-04T10:00", "ended since 2026-05-04 10:00:00"),
    ],
)
def test_what_a_filter_means(text: str, words: str) -> None:
    assert in_words(RowFilter.parse(text), states=True) == words


async def test_tab_goes_through_the_choices_and_typing_ends_that() -> None:
    app = TableApp(bar := FilterBar())
    async with app.run_test(size=(100, 20)) as pilot:
        bar.known = KNOWN
        bar.open()
        await pilot.press(*"sta", "tab")
        assert bar.text == "status:"
        await pilot.press("tab")
        assert bar.text == "state:"
        assert hint(bar) == ["tab status:  state:"]
        await pilot.press("shift+tab", "4", "tab")
        assert bar.text == "status:429"
        assert bar.query_one(Input).has_focus
        await pilot.press(*" x", "tab")
        assert bar.text == "status:429 x"


async def test_a_burst_of_keys_is_completed_in_its_order() -> None:
    app = TableApp(bar := FilterBar())
    async with app.run_test(size=(100, 20)) as pilot:
        bar.open()
        await pilot.press(*"kind:time", "tab", *" z")
        assert bar.text == "kind:timeout z"


async def test_the_meaning_is_said_while_a_filter_is_typed() -> None:
    app = TableApp(bar := FilterBar())
    async with app.run_test(size=(100, 20)) as pilot:
        bar.open()
        await pilot.pause()
        assert "tab completes" in " ".join(hint(bar))
        bar.set_text("status:5xx -host:cdn")
        await pilot.pause()
        assert hint(bar) == ["→ with status 500–599, not of a host with cdn"]
        bar.set_text("state:f")
        await pilot.pause()
        assert hint(bar) == [
            "! The filter term 'state:f' cannot be understood (character 1): a state is one of queued,",
            "in_flight, waiting, succeeded, failed, skipped, invalid.",
            "tab failed  in_flight",
        ]


async def test_the_bar_knows_what_the_run_has(tmp_path: Path) -> None:
    rows = [Made(State.FAILED, status=418, kind=FailureKind.HTTP_STATUS, message="teapot")]
    engine = scripted(tmp_path, rows)
    async with FetchdeckApp(engine).run_test(size=(100, 30)) as pilot:
        await pilot.press("3", "slash")
        await pilot.pause()
        await pilot.press(*"status:4", "tab")
        assert pilot.app.screen.query_one(FilterBar).text == "status:418"


async def test_a_hint_of_another_height_moves_what_is_below_and_one_of_the_same_does_not(
    tmp_path: Path,
) -> None:
    app = FetchdeckApp(scripted(tmp_path, rows()))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3", "slash")
        await pilot.pause()
        bar, table = app.screen.query_one(FilterBar), app.screen.query_one("#failed")
        tops = list[int]()
        for text in (
            "status:5xx",
            "status:4xx",
            "status:5xx host:api slow>2s kind:timeout " + "word " * 12,
            "nope:",
        ):
            bar.set_text(text)
            await pilot.pause()
            hint = bar.query_one(".filter--hint", Static)
            assert hint.size.height == min(3, hint.visual.get_height({}, hint.size.width))
            assert table.region.y == bar.region.bottom
            tops.append(table.region.y)
        assert tops[0] == tops[1] < tops[2]
