"""The looks: readable by measure, apart for every kind of vision, and without any colour."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.settings.config_file import Config, Read
from fetchdeck.tui.settings.preferences import Preferences
from fetchdeck.tui.theme import DARK, HIGH_CONTRAST, LIGHT, OURS, after
from textual.theme import Theme
from textual.widgets import Input

from ..support.colour_vision import BLINDNESS, as_seen, ciede2000, contrast, distance, linear
from ..support.scripted_engine import rows, scripted, seen

STATES = ("success", "error", "warning", "accent")
APART = 9.0
"""CIEDE2000; 10 is what is seen at a glance, and no state is told by its colour alone."""


def colour(theme: Theme, name: str) -> str:
    return {**theme.to_color_system().generate(), **theme.variables}[name]


def test_the_measure_of_distance_gives_the_published_values() -> None:
    for one, other, expected in (
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ):
        assert ciede2000(one, other) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("theme", OURS, ids=lambda theme: theme.name)
@pytest.mark.parametrize("blindness", BLINDNESS)
def test_colours_of_states_are_apart_for_everybody(theme: Theme, blindness: str) -> None:
    for one, other in combinations(STATES, 2):
        seen_one, seen_other = (
            as_seen(linear(colour(theme, f"text-{state}")), blindness) for state in (one, other)
        )
        assert distance(seen_one, seen_other) >= APART, (one, other)


@pytest.mark.parametrize("theme", OURS, ids=lambda theme: theme.name)
def test_everything_is_readable(theme: Theme) -> None:
    least = 7.0 if theme is HIGH_CONTRAST else 4.5
    for ground in ("surface", "panel"):
        for name in ("foreground", "text-muted", "text-primary", *(f"text-{state}" for state in STATES)):
            ratio = contrast(linear(colour(theme, name)), linear(colour(theme, ground)))
            assert ratio >= least, (name, ground)
    cursor = (linear(colour(theme, f"block-cursor-{part}")) for part in ("foreground", "background"))
    assert contrast(*cursor) >= 7.0


def test_the_key_goes_through_ours_from_wherever() -> None:
    assert [after(theme.name) for theme in OURS] == [LIGHT.name, HIGH_CONTRAST.name, DARK.name]
    assert after("nord") == DARK.name


@pytest.mark.parametrize(("value", "colourless"), [("1", True), ("", False), (None, False)])
async def test_no_color_is_obeyed_and_the_cursor_and_marks_are_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None, colourless: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if value is not None:
        monkeypatch.setenv("NO_COLOR", value)
    async with (app := FetchdeckApp(scripted(tmp_path, rows()))).run_test(size=(120, 40)) as pilot:
        await pilot.press("space", "slash", "q")
        await pilot.pause()
        segments = [segment for strip in app.screen._compositor.render_strips() for segment in strip]
        colours = {segment.style.color for segment in segments if segment.style is not None}
        assert (colours == {None}) is colourless
        assert "▸" in seen(app)
        assert "●" in seen(app)
        if colourless:
            styles = [segment.style for segment in segments if "▸" in segment.text]
            assert all(style is not None and style.reverse for style in styles)


@pytest.mark.parametrize("reduced", [True, False])
async def test_nothing_moves_for_whoever_wants_that(tmp_path: Path, reduced: bool) -> None:
    preferences = Preferences(Read(Config(reduced_motion=reduced)))
    async with (app := FetchdeckApp(scripted(tmp_path), preferences=preferences)).run_test() as pilot:
        await pilot.press("c")
        assert app.screen.query_one(Input).cursor_blink is not reduced
        assert (app.animation_level == "none") is reduced


def cells(app: FetchdeckApp) -> list[list[tuple[str, object]]]:
    """What stands in each cell, and how it looks."""
    return [
        [
            (char, (segment.style.color, segment.style.bgcolor) if segment.style else None)
            for segment in strip
            for char in segment.text
        ]
        for strip in app.screen._compositor.render_strips()
    ]


@pytest.mark.parametrize("tab", ["1", "3"])
async def test_a_theme_that_is_changed_looks_as_one_that_was_there_from_the_beginning(
    tmp_path: Path, tab: str
) -> None:
    looks = list[list[list[tuple[str, object]]]]()
    for begun, keys in ((DARK, [tab, "t"]), (LIGHT, [tab])):
        folder = tmp_path / begun.name
        folder.mkdir()
        app = FetchdeckApp(scripted(folder, rows()), preferences=Preferences(Read(Config(theme=begun.name))))
        async with app.run_test(size=(120, 40)) as pilot:
            for key in keys:
                await pilot.press(key)
                await pilot.pause(0.3)
            app.clear_notifications()
            await pilot.pause(0.3)
            looks.append(cells(app))
    assert looks[0] == looks[1]
