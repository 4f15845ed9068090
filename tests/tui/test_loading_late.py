"""What the first requests need is loaded right after the first frame, and what nobody has asked for after those."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from fetchdeck.tui import dashboard
from fetchdeck.tui.dashboard import _Dashboard
from fetchdeck.tui.screens import on_demand

from ..support.null_terminal import null_output
from ..support.scripted_engine import scripted


@pytest.mark.parametrize(
    ("beginning_s", "loads", "loaded"), [(3600, True, False), (0, True, True), (3600, False, True)]
)
async def test_screens_wait_for_the_first_requests(
    beginning_s: float, loads: bool, loaded: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert dashboard._BEGINNING_S <= 1  # a key that comes before has its screen loaded while it waits
    monkeypatch.setattr(dashboard, "_BEGINNING_S", beginning_s)
    loop, begun, done = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
    monkeypatch.setattr(on_demand, "load_all", lambda: loop.call_soon_threadsafe(done.set))

    async def load() -> None:
        begun.set()

    with null_output() as output:
        app = _Dashboard(scripted(tmp_path), output, load if loads else None, keep_running=False)
        async with app.run_test(size=(80, 24)) as pilot:
            if loads:
                await begun.wait()
            if loaded:
                await done.wait()
            await pilot.pause()
            assert done.is_set() == loaded
