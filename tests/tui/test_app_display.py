"""What the dashboard shows: at several sizes, of hostile texts, of unfinished knowledge."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import textual.css.stylesheet
from fetchdeck.core.model import Counts, State
from fetchdeck.core.snapshot import RunState
from fetchdeck.tui import theme
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.screens.main import MainScreen
from fetchdeck.tui.screens.tabs import Listed, tabs_of
from fetchdeck.tui.spans import text_of, width_of
from fetchdeck.tui.widgets.accounting import AccountingLine
from fetchdeck.tui.widgets.cause_table import CauseTable
from fetchdeck.tui.widgets.charts import Chart
from fetchdeck.tui.widgets.columns import Tone
from fetchdeck.tui.widgets.filter_line import Filtered, filter_line
from fetchdeck.tui.widgets.journal_table import JournalTable
from fetchdeck.tui.widgets.tab_bar import labels
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.console import RenderableType
from textual.css.model import RuleSet
from textual.screen import Screen

from ..support.journal_factory import Made
from ..support.scripted_engine import history, made_past, rows, running, scripted, seen

HOSTILE = (
    "[@click=app.quit]places[/]",
    "[/x]",
    "[red]a",
    "\x1b]52;c;aGk=\x07",
    "a\u202eb",
    "\x9b31m",
    "\\[b]",
)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (200, 24), (80, 60)])
async def test_everything_has_its_place(tmp_path: Path, size: tuple[int, int]) -> None:
    async with (app := FetchdeckApp(scripted(tmp_path, rows()))).run_test(size=size) as pilot:
        await pilot.pause()
        text = seen(app)
        assert len(text.splitlines()) == size[1]
        for part in (
            "places  ▶ running",
            "ETA 14–19 s",
            "20.4%",
            "= 27,000",
            "500/500",
            "1,482/s",
            "p99 1.2 s",
            "attempts/s",
            "1 In flight",
            "3 Failed 493",
            "5496",
            "q leave",
        ):
            assert part in text
        await pilot.press("3")
        await app.screen.query_one("#failed", JournalTable).settled()
        await pilot.pause()
        assert "No reply" in seen(app)


async def test_neither_the_first_frame_nor_a_closed_dialog_finds_styles_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    restyled: list[str] = []
    update = MainScreen.update_node_styles

    def counted(screen: MainScreen, animate: bool = True) -> None:
        restyled.append(screen.tab)
        update(screen, animate)

    monkeypatch.setattr(MainScreen, "update_node_styles", counted)
    async with (app := FetchdeckApp(scripted(tmp_path, rows()))).run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("c")
        assert len(app.screen_stack) == 2
        await pilot.press("escape")
        await pilot.pause()
        assert len(app.screen_stack) == 1
        assert restyled == []
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert restyled, "a larger screen looks otherwise"


async def test_the_first_thing_that_is_painted_has_all_figures_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted = list[str]()
    display = FetchdeckApp._display

    def shown(app: FetchdeckApp, screen: Screen[object], renderable: RenderableType | None) -> None:
        display(app, screen, renderable)
        if not painted:
            painted.append("\n".join(strip.text for strip in screen._compositor.render_strips()))

    monkeypatch.setattr(FetchdeckApp, "_display", shown)
    async with FetchdeckApp(scripted(tmp_path, rows())).run_test(size=(120, 40)) as pilot:
        await pilot.pause()
    for part in ("places  ▶ running", "= 27,000", "500/500", "1 In flight", "q leave"):
        assert part in painted[0]


async def test_styles_are_read_once_for_the_first_screen_and_anew_for_another_theme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = list[tuple[str, str, str]]()
    parse = textual.css.stylesheet.parse

    def counted(scope: str, css: str, *others: Any, **more: Any) -> Iterable[RuleSet]:
        read.append((scope, css, repr(more)))
        return parse(scope, css, *others, **more)

    monkeypatch.setattr(textual.css.stylesheet, "parse", counted)
    async with FetchdeckApp(scripted(tmp_path, rows())).run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        begun = len(read)
        assert begun == len(set(read)) > 20
        await pilot.press("t")
        await pilot.pause()
        assert len(read) >= begun + 20


async def test_only_the_tones_that_are_drawn_are_found(tmp_path: Path) -> None:
    async with (app := FetchdeckApp(scripted(tmp_path, rows()))).run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        found = app.screen.query_one(AccountingLine)._component_styles.keys()
        assert {Tone.ACCENT, Tone.GOOD, Tone.BAD} <= found
        assert found.isdisjoint({Tone.HOVER, Tone.BUTTON})
        with pytest.raises(KeyError):
            app.screen.query_one(AccountingLine).get_component_styles("no-tone")


@pytest.mark.parametrize(
    ("width", "title"),
    [(80, "4 Causes 2 "), (120, "4 Failures by cause 2 "), (200, "4 Failures by cause 2 ")],
)
async def test_the_label_counts_causes_that_nobody_has_looked_at(
    tmp_path: Path, width: int, title: str
) -> None:
    async with (app := FetchdeckApp(scripted(tmp_path, rows()))).run_test(size=(width, 24)) as pilot:
        causes = app.screen.query_one(CauseTable)
        while not causes.causes_known:
            await pilot.pause(0.01)
        app.pull()
        await pilot.pause()
        assert title in seen(app)


async def test_a_filter_is_told_in_its_tab_and_above_its_table(tmp_path: Path) -> None:
    async with (app := FetchdeckApp(scripted(tmp_path, rows()))).run_test(size=(80, 24)) as pilot:
        line = " filter kind:timeout · 4 of 493 · / edits · esc clears "
        await pilot.press("3", "slash", *"kind:timeout")
        assert line not in seen(app)
        await pilot.press("enter")
        await app.screen.query_one("#failed", JournalTable).settled()
        app.pull()
        await pilot.pause()
        assert line in seen(app)
        assert "3 Failed filtered▐" in seen(app)
        await pilot.press("2")
        assert line not in seen(app)
        assert "3 Failed filtered " in seen(app)
        await pilot.press("3")
        assert line in seen(app)
        await pilot.press("escape")
        await pilot.pause()
        assert "filter kind" not in seen(app)
        assert "filtered" not in seen(app)


async def test_the_failed_tab_counts_failures_and_tells_what_else_it_lists(tmp_path: Path) -> None:
    counts = Counts(queued=10, succeeded=5, failed=12, skipped=2, invalid=6)
    made = (*rows(5, 12), *(Made(State.INVALID),) * 6, *(Made(State.SKIPPED),) * 2)
    engine = scripted(tmp_path, made, now=running(counts=counts))
    async with (app := FetchdeckApp(engine)).run_test(size=(80, 24)) as pilot:
        line = " ✗ 12 failed · ! 6 invalid · ⊘ 2 skipped "
        assert line not in seen(app)
        await pilot.press("3")
        await app.screen.query_one("#failed", JournalTable).settled()
        await pilot.pause()
        assert "▌3 Failed 12▐" in seen(app)
        assert line in seen(app)
        assert "⊘ skipped" in seen(app)
        engine.now = running(counts=replace(counts, skipped=0, invalid=0))
        app.pull()
        await pilot.pause()
        assert "✗ 12 failed" not in seen(app)


@given(
    st.lists(st.integers(0, 10**7), min_size=3, max_size=3),
    st.lists(st.integers(0, 10**7), min_size=3, max_size=3),
    st.integers(20, 250),
    st.sets(st.sampled_from(("succeeded", "failed"))),
)
def test_labels_keep_their_form_while_counts_grow(
    one: list[int], other: list[int], width: int, filtered: set[str]
) -> None:
    total = max(sum(one), sum(other))
    forms: set[str] = set()
    for flying, good, bad in (one, other):
        counts = Counts(total - flying - good - bad, flying, 0, good, bad)
        snapshot = running(counts=counts, limit=10**7, in_use=0)
        made = labels(tabs_of(snapshot, Listed(3, 2, 9), filtered), "failed", width)
        line = "".join(text_of(label) for label in made)
        forms.add(re.sub(r"(?<=[a-z] )[\d,.]+[kM]?", "n", line))
        assert width < 80 or sum(width_of(label) for label in made) <= width
    assert len(forms) == 1


async def test_when_one_count_grows_the_other_labels_keep_theirs(tmp_path: Path) -> None:
    async with (app := FetchdeckApp(engine := scripted(tmp_path))).run_test(size=(80, 24)) as pilot:
        for failed in (0, 99, 102, 20_000):
            engine.now = running(counts=Counts(queued=27_000 - failed, failed=failed))
            app.pull()
            await pilot.pause()
            assert f"3 Failed {failed:,} " in seen(app)
            assert "5 Hosts 5 " in seen(app)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_or_endless_filter_leaves_the_rest_of_its_line(text: str) -> None:
    line = filter_line(Filtered(text * 500, 700, 9_710), 80)
    assert width_of(line) <= 80
    shown = text_of(line)
    assert shown.endswith(" · 700 of 9,710 · / edits · esc clears")
    assert not set("\x1b\x07\x9b\u202e") & set(shown)


@pytest.mark.parametrize("size", [(20, 5), (1, 1), (40, 10), (300, 3)])
async def test_tiny_terminals_do_no_harm(tmp_path: Path, size: tuple[int, int]) -> None:
    engine = scripted(tmp_path, rows(), obeys=True)
    async with (app := FetchdeckApp(engine)).run_test(size=size) as pilot:
        await pilot.press("1", "2", "3", "4", "5", "6", "?", "escape", "q", "escape", "c", "escape", "p")
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "‖ pausing" in seen(app)
    assert engine.commands == [("pause",)]


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_names_and_reasons_are_shown_as_text(tmp_path: Path, text: str) -> None:
    engine = scripted(tmp_path, now=running(name=text, state=RunState.PAUSED, reason=text))
    async with (app := FetchdeckApp(engine)).run_test(size=(120, 40)) as pilot:
        shown = seen(app)
        for character in "\x1b\x07\x9b\u202e":
            assert character not in shown
        plain = text.replace("\x1b", "␛").replace("\x07", "␇")
        plain = plain.replace("\u202e", "<U+202E>").replace("\x9b", "<U+009B>")
        assert shown.count(plain) == 2
        await pilot.click("StatusHeader", offset=(3, 0))
        assert app._exit is False


async def test_the_total_is_open_while_the_input_is_read(tmp_path: Path) -> None:
    engine = scripted(tmp_path, now=running(total_known=False, eta=None))
    async with (app := FetchdeckApp(engine)).run_test():
        assert "= 27,000+" in seen(app)
        assert "of 27,000+" in seen(app)
        assert "ETA" not in seen(app)
        engine.now = running()
        app.pull()
        assert "27,000+" not in seen(app)


async def test_a_lowered_limit_shows_how_much_is_to_drain(tmp_path: Path) -> None:
    engine = scripted(tmp_path, now=running(in_use=47, limit=16))
    async with (app := FetchdeckApp(engine)).run_test():
        assert "draining 47→16, 31 to go" in seen(app)


async def test_saving_is_a_part_of_those_in_flight(tmp_path: Path) -> None:
    engine = scripted(tmp_path, now=running(saving=120))
    async with (app := FetchdeckApp(engine)).run_test(size=(200, 60)):
        assert "◐ in flight 500 (120 saving) +" in seen(app)


async def test_where_there_is_no_room_for_it_saving_stands_beside_the_slots(tmp_path: Path) -> None:
    counts = Counts(queued=20_985, in_flight=519, succeeded=5_003, failed=493)
    engine = scripted(tmp_path, now=running(counts=counts, saving=19))
    async with (app := FetchdeckApp(engine)).run_test(size=(80, 24)):
        assert "◐ in flight 519 +" in seen(app)
        controls = next(line for line in seen(app).splitlines() if "500/500 +19 saving" in line)
        engine.now = running()
        app.pull()
        assert "saving" not in seen(app)
        quiet = next(line for line in seen(app).splitlines() if "500/500" in line)
        assert quiet.index("p50") == controls.index("p50")


async def test_the_accounting_does_not_flicker(tmp_path: Path) -> None:
    async with (app := FetchdeckApp(engine := scripted(tmp_path))).run_test(size=(80, 24)):
        forms: list[str] = []
        for waiting, failed in ((0, 99), (3, 102), (0, 99), (12_000, 10_000), (0, 0)):
            engine.now = running(counts=Counts(27_000 - waiting - failed, 0, waiting, 0, failed))
            app.pull()
            forms.append(re.sub(r"[\d,]+", "n", seen(app).splitlines()[2]).strip())
        assert forms[0] == "○ queued n + ◐ in flight n + ✓ ok n + ✗ failed n = n"
        assert set(forms[1:]) == {"queued n + flight n + wait n + ok n + failed n = n"}


async def test_a_run_without_any_rows_or_history(tmp_path: Path) -> None:
    blank = running(
        counts=Counts(),
        in_use=0,
        limit=1,
        history=(),
        latency=None,
        eta=None,
        rate_per_s=0.0,
        total_known=False,
    )
    async with (app := FetchdeckApp(scripted(tmp_path, now=blank, flying=()))).run_test() as pilot:
        await pilot.press("r", "x", "space", "enter", "y", "1", "r", "x", "space", "enter", "y")
        assert "0/1" in seen(app)
        assert "p50 –" in seen(app)


async def test_an_unchanged_run_paints_nothing(tmp_path: Path) -> None:
    engine = scripted(tmp_path)
    async with (app := FetchdeckApp(engine)).run_test() as pilot:
        chart = app.screen.query(Chart).first()
        drawn = chart._drawn
        app.pull()
        await pilot.pause()
        assert chart._drawn is drawn
        engine.now = replace(engine.now, history=history()[:-1])
        engine.remembered = made_past(history()[:-1])
        app.pull()
        assert chart._drawn is not drawn


async def test_both_themes_work_and_others_too(tmp_path: Path) -> None:
    async with (app := FetchdeckApp(scripted(tmp_path, rows()))).run_test() as pilot:
        before = app.screen.query_one("StatusHeader").styles.background
        await app.run_action("app.next_theme")
        await pilot.pause()
        assert app.theme == theme.LIGHT.name
        assert app.screen.query_one("StatusHeader").styles.background != before
        app.theme = "nord"
        await pilot.pause()
        assert "places" in seen(app)


async def test_states_differ_without_colour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with (app := FetchdeckApp(scripted(tmp_path, rows()))).run_test():
        assert app.no_color
        bar = seen(app).splitlines()[1]
        assert "█" in bar
        assert "▒" in bar
        assert "━" in bar
        assert "─" in bar
