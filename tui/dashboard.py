"""How a command line shows the dashboard over an engine that it owns."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import io
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from typing import TextIO, cast

# Textual reads its settings when it is imported, so they must be set before.
from . import textual_settings as textual_settings

# isort: split
from rich.console import Console
from textual.events import Resize

from ..core.errors import FetchdeckError
from ..core.handle import EngineHandle
from ..core.snapshot import RunState
from .app import FetchdeckApp
from .pull_times import PullTimes
from .screens import on_demand
from .settings.preferences import load_preferences
from .signals import Signals
from .terminal_writer import TerminalWriter
from .tidying import Tidying
from .typist import PAINTED_S, Typist

if sys.platform != "win32":
    from .driver import Link, patient_driver, release_job_signals
    from .job_control import stop_group
else:
    patient_driver = stop_group = None

_SWITCH_S = 0.001
"""The key reader is a thread; at the usual 5 ms it waits 0.7 s for the interpreter beneath a busy loop."""
_BEGINNING_S = 0.5
"""For which the first requests have the loop to themselves once they can be sent."""
_SENTENCE = "The dashboard ended by an error. The run is saved: resume it with fetchdeck resume."


class DashboardError(FetchdeckError):
    """The dashboard ended by a fault of its own; the run is not harmed by it."""


class Left(Enum):
    """How a dashboard was left."""

    BY_USER = auto()
    """Nobody waits for the run any more: it is over, drained, or abandoned."""
    TERMINAL_GONE = auto()
    """Nobody is watching, and what the engine still does is to be waited for."""


class _Dashboard(FetchdeckApp):
    """The app with what only a real terminal wants."""

    def __init__(
        self,
        engine: EngineHandle,
        output: TerminalWriter,
        load: Callable[[], Awaitable[None]] | None = None,
        *,
        keep_running: bool,
    ) -> None:
        driver = patient_driver and patient_driver(Link(output, self.hung_up, self.typed))
        super().__init__(engine, driver, load_preferences(os.environ))
        self._load = load
        self._keep_running = keep_running
        self.terminal_gone = False
        self._typist = Typist()
        self._pull_times = PullTimes(self._typist)
        self._tidying = Tidying(self._typist)
        self._shared_loop = asyncio.get_running_loop()
        self._inside = contextvars.copy_context()
        # A traceback must neither overtake what gives the terminal back, nor wait for a reader that stalls.
        self.error_console = Console(file=cast("TextIO", _Errors(output)), markup=False, highlight=False)

    async def on_load(self) -> None:
        """Remember Textual's context: timers that start without it break the app, and signals come without it."""
        self._inside = contextvars.copy_context()

    def on_ready(self) -> None:
        """Load what the first frame did not wait for."""
        self.run_worker(self._load_the_rest(), group="loading")

    async def _load_the_rest(self) -> None:
        if self._load is not None:
            await self._load()
            # What nobody has asked for yet would take from the loop what the first requests want of it.
            await asyncio.sleep(_BEGINNING_S)
        await asyncio.to_thread(on_demand.load_all)
        # Keep what is loaded by now out of collections, which would stop the loop for 20 to 36 ms.
        gc.collect()
        gc.freeze()

    def typed(self) -> None:
        """There is input, on the thread that reads it: what it is will be known when the loop gets to it."""
        self.engine.give_way()
        self._typist.typed()
        loop = self._shared_loop
        # Through the app's own queue, because what is painted there wants Textual's context.
        loop.call_soon_threadsafe(loop.call_later, PAINTED_S, self.call_later, self._after_key)

    def _after_key(self) -> None:
        if self._pull_times.after_key:
            self.pull()
        self._tidying.after_key()

    def pull_in_time(self) -> None:
        """Pull, unless somebody types: then after a key, or later."""
        if self._pull_times.now:
            self.pull()

    def pull(self) -> None:
        """Take a snapshot, tidy up, and see to it that the screen has the terminal's size."""
        self._pull_times.pulled()
        super().pull()
        self._tidying.look()
        actual = getattr(self._driver, "terminal_size", self.size)
        if actual != self.size:
            self.post_message(Resize(actual, actual))
        # Textual lets sizes settle by a timer of 8 ms, which never fires where it starts later than that; it
        # then takes no other size for good.
        if self.screen.outer_size != self.size:
            self.screen.post_message(Resize(self.size, self.size))

    def action_suspend_process(self) -> None:
        """Tell the whole process group to stop, as the terminal does where keys make signals."""
        if stop_group is not None:
            stop_group()

    def asked_to_stop(self) -> None:
        """SIGINT or SIGTERM: the first drains and leaves, the second leaves at once."""
        self._inside.run(self._insist_on_leaving)

    def _insist_on_leaving(self) -> None:
        if self.leaving.draining:
            self.leaving.abandon()
        else:
            self.leaving.drain()
            self.pull()

    def hung_up(self) -> None:
        """Nobody is watching any more: drain, or go on where that was asked for."""
        self._inside.run(self._hung_up)

    def _hung_up(self) -> None:
        if self.terminal_gone:
            return
        self.terminal_gone = True
        paused_by_hand = (now := self.engine.snapshot()).state is RunState.PAUSED and not now.reason
        if not self._keep_running or paused_by_hand:
            # A run that was paused by hand would wait for a hand that cannot come.
            self.leaving.drain()
        self.exit()


class _Errors(io.TextIOBase):
    """A writer as Rich wants one."""

    def __init__(self, output: TerminalWriter) -> None:
        super().__init__()
        self._output = output

    def write(self, text: str) -> int:
        self._output.write(text, essential=True)
        return len(text)

    def isatty(self) -> bool:
        return True


async def run_dashboard(
    engine: EngineHandle,
    output: TerminalWriter,
    signals: Signals,
    load: Callable[[], Awaitable[None]] | None = None,
    *,
    keep_running: bool = False,
) -> Left:
    """Show the run until its user leaves or the terminal goes away, then give the terminal back.

    What `load` loads is wanted by the run and not by its first frame, after which it is called.
    The first SIGINT or SIGTERM drains and leaves, the second leaves at once. A hang-up drains, or has the engine
    go on with `keep_running`. Raises DashboardError when the app ends by an exception, whose traceback has been
    printed; the engine goes on untouched.
    """
    app = _Dashboard(engine, output, load, keep_running=keep_running)
    with _quick_switches(), signals.to(app.asked_to_stop, app.hung_up):
        try:
            await app.run_async()
        except Exception as error:  # Textual's own ending may fail, when the terminal has been given back
            raise DashboardError(_SENTENCE) from error
        finally:
            gc.unfreeze()
            if patient_driver is not None:
                release_job_signals(asyncio.get_running_loop())
    if app.return_code not in (0, None):
        raise DashboardError(_SENTENCE)
    return Left.TERMINAL_GONE if app.terminal_gone and not app.leaving.abandoned else Left.BY_USER


@contextmanager
def _quick_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
