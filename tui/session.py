"""One session of a run from the command line: the engine, whatever shows it, the signals, the way it ends."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import click

from ..core.engine.engine import Engine
from ..core.engine.run import open_run
from ..core.handle import Latency, RunState
from ..core.job import Job, Options
from ..core.journal.filter import RowFilter
from ..core.loops import run_fair, run_plain
from ..core.report import Status, run_status
from .exporting import write_export
from .plain import show_progress
from .summary import summary_lines

EXIT_ALL_SUCCEEDED = 0
EXIT_SOME_FAILED = 1
EXIT_STOPPED = 3
EXIT_INTERRUPTED = 130
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Session:
    """What to run, and how to watch it."""

    job: Job
    options: Options
    folder: Path
    environ: Mapping[str, str]
    dashboard: bool
    fresh: bool = False
    stdin: BinaryIO | None = None
    """Where the rows come from when the job's input is `-`."""
    again: RowFilter | None = None
    """Ended requests to queue again before anything else."""
    output: Path | None = None
    """Where to export every row once the run is finished."""


@dataclass(frozen=True, slots=True)
class _Ending:
    stopped_by: str | None
    latency: Latency | None
    crashed: str | None = None
    """A sentence, where the dashboard ended by a fault of its own."""


def run_session(session: Session) -> int:
    """Run until the run ends or is left, print the summary on standard error; returns the exit status."""
    run = run_fair if session.dashboard else run_plain
    try:
        ending = run(lambda: _run(session))
    except asyncio.CancelledError:
        _say("Interrupted before anything was sent.")
        return EXIT_INTERRUPTED
    status = run_status(session.folder)
    lines = summary_lines(status, latency=ending.latency, stopped_by=ending.stopped_by)
    _say("\n".join(lines))
    if session.output is not None:
        _export(session.folder, session.output, finished=status.state is RunState.FINISHED)
    if ending.crashed is not None:
        _say(f"fetchdeck: {ending.crashed}")
        return EXIT_INTERRUPTED
    return exit_status(status, ending.stopped_by)


def _export(folder: Path, output: Path, *, finished: bool) -> None:
    if finished:
        rows = write_export(folder, output)
        _say(f"Wrote {rows:,} rows to {output}.")
    else:
        _say(f"{output} was not written, because the run is not finished.")


def _say(text: str) -> None:
    """Print on standard error; where that is gone, the exit status still tells how the run ended."""
    with suppress(OSError):
        click.echo(text, err=True)


def exit_status(status: Status, stopped_by: str | None) -> int:
    """The exit status that the design gives to the way a run ended."""
    if stopped_by is not None:
        return EXIT_STOPPED
    if status.state is not RunState.FINISHED:
        return EXIT_INTERRUPTED
    return EXIT_ALL_SUCCEEDED if status.counts.succeeded == status.counts.total else EXIT_SOME_FAILED


async def _run(session: Session) -> _Ending:
    with _Signals() as signals:
        async with open_run(
            session.job,
            session.options,
            session.folder,
            fresh=session.fresh,
            again=session.again,
            environ=session.environ,
            stdin=session.stdin,
        ) as engine:
            signals.engine = engine
            crashed = None
            if session.dashboard:
                # Loaded only here: plain runs need no Textual, and start without it in half the time.
                from .dashboard import DashboardError, run_dashboard

                try:
                    await run_dashboard(engine)
                except DashboardError as error:
                    crashed = str(error)
                # The dashboard has handlers of its own and has taken them away again.
                signals.install()
            else:
                await _watch_plainly(engine)
            return _Ending(engine.stopped_by, engine.snapshot().latency, crashed)


async def _watch_plainly(engine: Engine) -> None:
    progress = asyncio.create_task(show_progress(engine, sys.stderr), name="plain-progress")
    try:
        await engine.finished()
    finally:
        progress.cancel()
        with suppress(asyncio.CancelledError):
            await progress


class _Signals:
    """The first SIGINT, SIGTERM or SIGHUP drains, the second leaves at once; before the engine opens, one is enough."""

    def __init__(self) -> None:
        self.engine: Engine | None = None
        self._asked = False
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()

    def __enter__(self) -> _Signals:
        self.install()
        return self

    def __exit__(self, *exc: object) -> None:
        for number in _SIGNALS:
            self._loop.remove_signal_handler(number)

    def install(self) -> None:
        """Handle the signals from now on."""
        for number in _SIGNALS:
            # What the caller has had ignored stays so: `nohup` means it.
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._loop.add_signal_handler(number, self._signalled)

    def _signalled(self) -> None:
        if self.engine is None:
            if self._task is not None:
                self._task.cancel()
        elif self._asked:
            self.engine.abandon()
        else:
            self._asked = True
            self.engine.drain()
