"""Textual's timer that lets a size settle may never fire; the dashboard takes the size all the same."""

from __future__ import annotations

from pathlib import Path

from fetchdeck.tui.dashboard import _Dashboard

from ..support.null_terminal import null_output
from ..support.scripted_engine import scripted


async def test_a_size_whose_timer_was_lost_is_taken_with_the_next_pull(tmp_path: Path) -> None:
    with null_output() as output:
        app = _Dashboard(scripted(tmp_path), output, keep_running=False)
        async with app.run_test(size=(80, 24)) as pilot:
            app._resize_timer = app.set_timer(3600, lambda: None)
            await pilot.resize_terminal(100, 30)
            app.pull()
            await pilot.pause()
            assert app.screen.outer_size == (100, 30)
