"""What a partial frame writes: every cell that changed, as a whole frame has it, and nothing that another covers."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fetchdeck.core.latencies import Latency
from fetchdeck.core.snapshot import RunState
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.settings.config_file import Config, Read
from fetchdeck.tui.settings.preferences import Preferences
from fetchdeck.tui.theme import DARK
from fetchdeck.tui.widgets.bare_lines import BareGround
from fetchdeck.tui.widgets.in_flight_table import InFlightTable
from fetchdeck.tui.widgets.line_table import LineTable
from fetchdeck.tui.widgets.lines import Lines
from fetchdeck.tui.widgets.status_header import StatusHeader
from fetchdeck.tui.widgets.table_bar import TableBar
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from textual import messages
from textual._compositor import CompositorUpdate
from textual._styles_cache import StylesCache
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widget import Widget

from ..support.scripted_engine import ScriptedEngine, in_flight, rows, running, scripted
from ..support.terminal_model import Cell, TerminalModel

SIZES = ((20, 5), (80, 24), (200, 60))
REGIONS = st.lists(
    st.builds(Region, st.integers(-5, 200), st.integers(-2, 60), st.integers(0, 90), st.integers(0, 9)),
    min_size=1,
    max_size=6,
)


def cells(app: FetchdeckApp, update: CompositorUpdate | None) -> list[list[Cell]]:
    """What an update leaves on a terminal that has never been written to."""
    terminal = TerminalModel(*app.size)
    terminal.feed("\x1b[?7l")
    if update is not None:
        terminal.feed(update.render_segments(app.console))
    assert terminal.unknown == []
    return terminal.cells


def places(regions: Iterable[Region], app: FetchdeckApp) -> set[tuple[int, int]]:
    """The cells of these regions that are on the screen."""
    seen = [region.intersection(app.size.region) for region in regions]
    return {(x, y) for region in seen for y in region.line_range for x in region.column_range}


@pytest.mark.parametrize("size", SIZES)
async def test_a_part_of_a_frame_is_that_of_the_whole(tmp_path: Path, size: tuple[int, int]) -> None:
    engine = scripted(tmp_path, rows())
    engine.flying = in_flight(200)
    async with (app := FetchdeckApp(engine)).run_test(size=size) as pilot:
        app.notify("Something that covers\nhalf of the lines beneath", timeout=600)
        await pilot.pause()
        compositor = app.screen._compositor
        whole = cells(app, compositor.render_full_update())

        @given(REGIONS)
        @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        def agree(regions: list[Region]) -> None:
            compositor._dirty_regions.update(regions)
            part = cells(app, compositor.render_partial_update())
            wanted = places(regions, app)
            for y, (line, of_whole) in enumerate(zip(part, whole, strict=True)):
                for x, (cell, expected) in enumerate(zip(line, of_whole, strict=True)):
                    assert cell == expected or (cell == ("", "") and (x, y) not in wanted), (x, y)

        agree()
        assert compositor.render_partial_update() is None


@contextmanager
def nothing_kept(app: FetchdeckApp) -> Iterator[None]:
    """All that is drawn in the block is drawn from the beginning; what was kept is put back."""
    put_back: list[tuple[object, str, object]] = []
    widgets = [widget for screen in app.screen_stack for widget in (screen, *screen.walk_children(Widget))]
    for widget in (
        *widgets,
        *(table.vertical_scrollbar for table in widgets if isinstance(table, LineTable)),
    ):
        kept: dict[str, object] = {"_styles_cache": StylesCache(), "_layout_cache": {}}
        if isinstance(widget, Lines):
            kept |= {"_strips": {}, "_frame": {}, "_edges": None}
            # What is composed for a size whose event is yet to come is to be composed then, too.
            kept |= {name: getattr(widget, name) for name in ("_shape", "_text", "_drawn", "_cut_to")}
        elif isinstance(widget, TableBar):
            kept |= {"_looks": {}}
        elif isinstance(widget, BareGround):
            kept |= {"_empty": None}
        elif isinstance(widget, LineTable):
            widget._painter.forget()
        for name, empty in kept.items():
            put_back.append((widget, name, getattr(widget, name)))
            setattr(widget, name, empty)
    yield
    for widget, name, value in put_back:
        setattr(widget, name, value)


def differences(shown: list[list[Cell]], expected: list[list[Cell]]) -> Iterator[tuple[int, int, Cell, Cell]]:
    """Line, column, what stands there and what should."""
    for y, lines in enumerate(zip(shown, expected, strict=True)):
        for x, (one, other) in enumerate(zip(*lines, strict=True)):
            if one != other:
                yield y, x, one, other


class Watching:
    """A terminal that gets what an app without one would have written."""

    def __init__(self, app: FetchdeckApp) -> None:
        self._app = app
        self._terminal = TerminalModel(0, 0)
        self.frames: list[str] = []
        app._display = self._display  # type: ignore[method-assign]
        app.screen.refresh(layout=True)

    def _display(self, screen: object, update: object) -> None:
        if self._app.size != (self._terminal.columns, self._terminal.rows):
            self._terminal.resize(*self._app.size)
            self._terminal.feed("\x1b[?7l")
        if isinstance(update, CompositorUpdate):
            self.frames.append(update.render_segments(self._app.console))
            self._terminal.feed(self.frames[-1])

    def line(self, y: int) -> list[Cell]:
        """What stands in it now."""
        return [*self._terminal.cells[y]] if self._terminal.rows else []

    async def check(self, pilot: Pilot[None]) -> None:
        """Every cell comes to show what the app would paint if it had never painted before."""
        app = self._app
        compositor = app.screen._compositor
        expected: list[list[Cell]] = []

        def shown() -> bool:
            nonlocal expected
            dirty = set(compositor._dirty_regions)
            with nothing_kept(app):
                whole = compositor.render_update(full=True, screen_stack=app._background_screens)
            compositor._dirty_regions |= dirty
            expected = cells(app, whole)
            return self._terminal.cells == expected

        assert await comes(pilot, shown), [*differences(self._terminal.cells, expected)]


async def comes(pilot: Pilot[None], true: Callable[[], bool]) -> bool:
    """Whether something comes true soon."""
    for patience in range(20):
        await pilot.pause(0.02 * patience or None)
        if true():
            return True
    return False


def step(engine: ScriptedEngine, n: int) -> None:
    """Another moment of a busy run, of which all figures are others."""
    engine.flying = tuple(replace(row, id=row.id + 1000 * n) for row in in_flight(30 + 40 * (n % 3)))
    engine.now = running(
        in_use=len(engine.flying),
        rate_per_s=5000.0 + n,
        received_bytes=10**6 * n,
        latency=Latency(100.0 + n, 300.0 + n, 900.0 + n),
        elapsed_s=100.0 + n,
        state=RunState.PAUSED if n % 4 == 3 else RunState.RUNNING,
    )


async def test_a_theme_that_differs_in_one_tone_is_painted_however_late_its_styles_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FetchdeckApp, "pull_in_time", lambda app: None)
    other = dataclasses.replace(DARK, name="other", variables={**DARK.variables, "text-success": "#ff00ff"})
    async with (app := FetchdeckApp(scripted(tmp_path, rows()))).run_test(size=(120, 40)) as pilot:
        app.register_theme(other)
        watching = Watching(app)
        assert await comes(pilot, lambda: "succeeded" in "".join(text for text, _ in watching.line(2)))
        before = watching.line(2)
        busy = asyncio.Event()
        app.call_later(busy.wait)
        await asyncio.sleep(0)
        app.theme = other.name
        # By then the screen has been painted for it, in the old colours.
        await asyncio.sleep(0.2)
        busy.set()
        assert await comes(pilot, lambda: watching.line(2) != before)


@pytest.mark.parametrize("size", SIZES)
async def test_the_terminal_shows_what_there_is_after_each_look_and_key(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    engine = scripted(tmp_path, rows())
    async with (app := FetchdeckApp(engine)).run_test(size=size) as pilot:
        await pilot.pause()
        terminal = Watching(app)
        await terminal.check(pilot)
        keys = (
            "down",
            "G",
            "2",
            "end",
            "k",
            "4",
            "1",
            "g",
            "space",
            "z",
            "m",
            "question_mark",
            "escape",
            "p",
        )
        for n, key in enumerate(keys):
            step(engine, n)
            app.pull()
            await terminal.check(pilot)
            await pilot.press(key)
            await terminal.check(pilot)


async def test_a_look_costs_one_frame_and_no_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = scripted(tmp_path, rows())
    app = FetchdeckApp(engine)
    # Only the looks that are asked for here.
    monkeypatch.setattr(app, "pull_in_time", lambda: None)
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        terminal = Watching(app)
        table = app.screen.query_one(InFlightTable)
        for n in (0, 6):
            step(engine, n)
            app.pull()
            table.resize_to(len(engine.flying), now=True)
            await terminal.check(pilot)
        posted: list[object] = []
        post: Callable[..., bool] = app.screen.post_message
        monkeypatch.setattr(
            app.screen, "post_message", lambda message: (posted.append(message), post(message))[1]
        )
        terminal.frames.clear()
        step(engine, 12)
        app.pull()
        await terminal.check(pilot)
        assert table.row_count == len(engine.flying)
        assert not [message for message in posted if isinstance(message, messages.Update)]
        assert len(terminal.frames) == 1
        # Only lines that changed: the keys below are what they were.
        assert f"\x1b[{app.size.height};" not in terminal.frames[0]


async def test_what_is_out_of_sight_is_painted_when_it_comes_into_sight(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows())
    async with (app := FetchdeckApp(engine)).run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        await pilot.pause()
        terminal = Watching(app)
        for n in range(3):
            step(engine, n)
            app.pull()
            app.screen.query_one(InFlightTable).rows_changed()
        await pilot.press("1")
        await terminal.check(pilot)


async def test_beneath_a_dialog_nothing_is_lost(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows())
    async with (app := FetchdeckApp(engine)).run_test(size=(120, 40)) as pilot:
        await pilot.press("c")
        await pilot.pause()
        terminal = Watching(app)
        step(engine, 5)
        app.pull()
        await pilot.pause()
        await pilot.press("escape")
        await terminal.check(pilot)
        assert "5,005" in "".join(terminal.frames) or "5.0k" in "".join(terminal.frames)
        assert app.screen.query_one(StatusHeader)


KEYS = (
    *"123456gGkzZtThms?/acoqxr",
    "down", "up", "home", "end", "escape", "enter", "space", "tab", "left", "right", "ctrl+p",
)  # fmt: skip
MORE_SIZES = (*SIZES, (60, 14), (100, 33), (120, 40), (165, 35), (42, 80))


@pytest.mark.parametrize("colour", [True, False])
@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 12))])
async def test_whatever_is_done_the_terminal_shows_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, colour: bool
) -> None:
    if not colour:
        monkeypatch.setenv("NO_COLOR", "1")
    chance = random.Random(seed)
    engine = scripted(tmp_path, rows())
    app = FetchdeckApp(engine, preferences=Preferences(Read(Config(reduced_motion=True))))
    async with app.run_test(size=chance.choice(MORE_SIZES)) as pilot:
        await pilot.pause()
        terminal = Watching(app)
        done: list[object] = []
        for n in range(60):
            what = chance.choices(("key", "look", "size", "toast", "hover", "theme"), (6, 5, 2, 1, 2, 1))[0]
            detail: object = None
            if what == "key":
                await pilot.press(detail := chance.choice(KEYS))
            elif what == "look":
                step(engine, n)
                app.pull()
            elif what == "size":
                await pilot.resize_terminal(*(detail := chance.choice(MORE_SIZES)))
            elif what == "toast":
                app.notify("Something 例えば in\ntwo lines", timeout=chance.choice([0.1, 5]))
            elif what == "hover":
                detail = chance.randrange(app.size.width), chance.randrange(app.size.height)
                await pilot.hover(offset=detail)
            else:
                app.action_next_theme()
            done.append((what, detail))
            if chance.random() < 0.7:
                try:
                    await terminal.check(pilot)
                except AssertionError as error:
                    raise AssertionError(f"after {done[-12:]}") from error


async def test_what_a_look_has_changed_is_painted_at_once_unless_it_wants_a_layout(tmp_path: Path) -> None:
    engine = scripted(tmp_path, rows())
    async with (app := FetchdeckApp(engine)).run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        watching = Watching(app)
        await pilot.pause()

        def look_at(limit: int) -> list[str]:
            """The frames that come before anything else can happen."""
            before = len(watching.frames)
            engine.now = running(limit=limit)
            app.pull()
            return watching.frames[before:]

        assert not any("321" in frame for frame in watching.frames)
        (frame,) = look_at(640)
        assert "640" in frame
        assert not app.screen._update_timer._active.is_set()
        app.screen.refresh(layout=True)
        assert look_at(321) == []
        assert await comes(pilot, lambda: "321" in "".join(watching.frames))
