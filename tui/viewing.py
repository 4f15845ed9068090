"""`fetchdeck open`: the dashboard over a run that is only looked at."""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from pathlib import Path

from ..core.loops import run as run_loop
from ..core.viewing.viewer import open_view
from .job_control import background_access_allowed
from .signals import Signals, leave_at_next_signal
from .terminal_writer import TerminalWriter

EXIT_LEFT = 0
EXIT_CRASHED = 70
_LAST_WORDS_S = 1.0


def view_run(folder: Path) -> int:
    """Show the run in `folder` until its user leaves; returns the exit status.

    Raises RunError where there is no readable run, before anything is drawn.
    """
    output = TerminalWriter(sys.stderr.fileno(), sys.stderr.encoding)
    # Loaded before the run is read, so that what is shown first is new.
    import_module(f"{__package__}.dashboard")
    with background_access_allowed():
        try:
            return run_loop(lambda: _view(folder, output))
        except asyncio.CancelledError:
            return EXIT_LEFT
        finally:
            leave_at_next_signal(EXIT_LEFT)
            output.close(_LAST_WORDS_S)


async def _view(folder: Path, output: TerminalWriter) -> int:
    # Not at the top: see view_run.
    from .dashboard import DashboardError, run_dashboard

    task = asyncio.current_task()

    def stop() -> None:
        if task is not None:
            task.cancel()

    with Signals(stop, stop) as signals:
        async with open_view(folder) as viewer:
            try:
                await run_dashboard(viewer, output, signals)
            except DashboardError:
                output.write(
                    "fetchdeck: the dashboard ended by an error. The run is as it was.\n", essential=True
                )
                return EXIT_CRASHED
    return EXIT_LEFT
