"""How a command line shows the dashboard over an engine that it owns."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Textual reads its settings when it is imported, so they must be set before.
from . import textual_settings as textual_settings

# isort: split
from ..core.errors import FetchdeckError
from ..core.handle import EngineHandle, RunState
from .app import FetchdeckApp

if sys.platform != "win32":
    from .driver import PatientDriver
else:
    PatientDriver = None

_SWITCH_S = 0.001
"""The key reader is a thread; at the usual 5 ms it waits 0.7 s for the interpreter beneath a busy loop."""
_POLL_S = 0.1


class DashboardError(FetchdeckError):
    """The dashboard ended by a fault of its own; the run is not harmed by it."""


class _Dashboard(FetchdeckApp):
    """The app with what only a real terminal wants."""

    def on_ready(self) -> None:
        """Keep what is loaded by now out of collections, which would stop the loop for 20 to 36 ms."""
        gc.collect()
        gc.freeze()

    def asked_to_stop(self) -> None:
        """SIGINT or SIGTERM: the first drains and leaves, the second leaves at once."""
        if self.leaving:
            self.abandon_and_leave()
        else:
            self.drain_and_leave()

    def hung_up(self) -> None:
        """SIGHUP: nobody is watching any more; the caller waits for the drain."""
        self.leaving = True
        self.engine.drain()
        self.exit()


async def run_dashboard(engine: EngineHandle) -> None:
    """Show the run until its user leaves, then give the terminal back.

    The loop's handlers for SIGINT, SIGTERM and SIGHUP are taken for that time and removed at the end: install
    your own again. After a hang-up it returns when the drain is over. Raises DashboardError when the app ends
    by an exception, whose traceback Textual has printed; the engine goes on untouched.
    """
    app = _Dashboard(engine, PatientDriver)
    with _quick_switches(), _signals(app):
        try:
            await app.run_async()
        finally:
            gc.unfreeze()
        if app.return_code not in (0, None):
            raise DashboardError(
                "The dashboard ended by an error. The run is saved: resume it with fetchdeck resume."
            )
        while engine.snapshot().state is RunState.DRAINING and not app.abandoned:  # noqa: ASYNC110 (only pulled)
            await asyncio.sleep(_POLL_S)


@contextmanager
def _quick_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@contextmanager
def _signals(app: _Dashboard) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    handlers = {signal.SIGINT: app.asked_to_stop, signal.SIGTERM: app.asked_to_stop}
    if sys.platform != "win32":
        handlers[signal.SIGHUP] = app.hung_up
    try:
        for number, handler in handlers.items():
            loop.add_signal_handler(number, handler)
    except NotImplementedError:
        # Windows' loops have no signal handlers; there ctrl+c is a key of the app.
        handlers = {}
    try:
        yield
    finally:
        for number in handlers:
            loop.remove_signal_handler(number)
