"""The dialogs in which a value is typed: their keys in bursts, their size, their words."""

from __future__ import annotations

from pathlib import Path

import pytest
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.concurrency_steps import MOST
from fetchdeck.tui.screens.main import MainScreen
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from ..support.scripted_engine import rows, running, scripted, seen


async def burst(pilot: Pilot[None], *keys: str) -> None:
    """Press keys as a terminal hands over what came in one piece: nobody waits for the effect of any."""
    for key in keys:
        pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
    await pilot.pause()
    await pilot.pause()


@pytest.mark.parametrize(
    ("keys", "limit"),
    [
        (("ctrl+u", "2", "5"), 25.0),
        (("home", "ctrl+k", "2", "5"), 25.0),
        (("ctrl+w", "2", "5"), 25.0),
        (("backspace", "backspace", "backspace", "2"), 2.0),
        (("home", "3"), 310.0),
    ],
)
async def test_keys_in_a_burst_act_in_their_order(
    tmp_path: Path, keys: tuple[str, ...], limit: float
) -> None:
    engine = scripted(tmp_path, now=running(rate_limit=10.0), obeys=True)
    async with FetchdeckApp(engine).run_test() as pilot:
        await pilot.press("l")
        assert pilot.app.screen.query_one(Input).value == "10/s"
        if "ctrl+w" in keys or "backspace" in keys:
            pilot.app.screen.query_one(Input).value = "100"
        await burst(pilot, *keys, "enter")
        assert engine.commands == [("set_rate", limit)]
        assert isinstance(pilot.app.screen, MainScreen)


async def test_the_filter_takes_a_burst_in_its_order_too(tmp_path: Path) -> None:
    async with FetchdeckApp(scripted(tmp_path, rows())).run_test() as pilot:
        await pilot.press("3", "slash", *"host:a")
        await burst(pilot, "ctrl+u", *"kind:b")
        assert pilot.app.screen.query_one("FilterBar Input", Input).value == "kind:b"


@pytest.mark.parametrize(
    ("key", "typed", "end"),
    [
        ("l", "x" * 30, "host."),
        ("l", "0", "host."),
        ("c", "0", f"{MOST:,}."),
        ("c", "x" * 30, f"{MOST:,}."),
    ],
)
async def test_an_error_does_not_move_the_dialog(tmp_path: Path, key: str, typed: str, end: str) -> None:
    async with FetchdeckApp(scripted(tmp_path)).run_test(size=(80, 24)) as pilot:
        await pilot.press(key)
        region = pilot.app.screen.query_one(".dialog").region
        await pilot.press("ctrl+u", *typed, "enter")
        await pilot.pause()
        assert pilot.app.screen.query_one(".dialog--hint").has_class("-error")
        assert pilot.app.screen.query_one(".dialog").region == region
        assert "rate:" not in seen(pilot.app)
        assert end in seen(pilot.app)
