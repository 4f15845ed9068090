"""One session of a run from the command line: the engine, whatever shows it, the signals, the way it ends."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from ..core.engine.engine import Engine
from ..core.engine.run import open_run
from ..core.job import Job, Options
from ..core.journal.filter import RowFilter
from ..core.latencies import Latency
from ..core.loops import run as run_loop
from ..core.printable import printable
from ..core.report import Status, run_status
from ..core.snapshot import Asking, RunState, Spending
from ..core.transport import late as transport
from .job_control import background_access_allowed
from .plain import show_progress
from .plain_canary import canary_lines
from .signals import Signals, hang_up_ignored, leave_at_next_signal
from .summary import summary_lines
from .terminal_writer import TerminalWriter

EXIT_ALL_SUCCEEDED = 0
EXIT_SOME_FAILED = 1
EXIT_STOPPED = 3
EXIT_INTERRUPTED = 130
_LAST_WORDS_S = 1.0


class Session(Struct, frozen=True):
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
    other_headers: bool = False
    """The job's headers may differ from those that the run had."""
    output: Path | None = None
    """Where to export every row once the run is finished."""
    keep_running: bool = False
    """Go on when the terminal goes away, rather than drain."""


class _Ending(Struct, frozen=True):
    stopped_by: str | None
    latency: Latency | None
    spending: Spending | None = None
    crashed: str | None = None
    """A sentence, where the dashboard ended by a fault of its own."""


def run_session(session: Session) -> int:
    """Run until the run ends or is left, print the summary on standard error; returns the exit status."""
    output = TerminalWriter(sys.stderr.fileno(), sys.stderr.encoding)
    with background_access_allowed():
        try:
            status = _run_and_tell(session, output)
        except BaseException:
            output.close(_LAST_WORDS_S)
            raise
        output.close()
        return status


def _run_and_tell(session: Session, output: TerminalWriter) -> int:
    # Loading takes a quarter of a second, in which a run that had begun would stand still.
    if session.dashboard:
        import_module(f"{__package__}.dashboard")
    else:
        transport.load()
    try:
        ending = run_loop(lambda: _run(session, output))
    except asyncio.CancelledError:
        _say(output, "Interrupted before anything was sent.")
        return EXIT_INTERRUPTED
    finally:
        leave_at_next_signal(EXIT_INTERRUPTED)
    status = run_status(session.folder)
    lines = summary_lines(
        status, latency=ending.latency, spending=ending.spending, stopped_by=ending.stopped_by
    )
    _say(output, "\n".join(lines))
    if session.output is not None:
        finished = status.state is RunState.FINISHED
        _say(output, _export(session.folder, session.output, finished=finished))
    if ending.crashed is not None:
        _say(output, f"fetchdeck: {ending.crashed}")
        return EXIT_INTERRUPTED
    return exit_status(status, ending.stopped_by)


def _export(folder: Path, output: Path, *, finished: bool) -> str:
    if not finished:
        return f"{printable(str(output))} was not written, because the run is not finished."
    # Not at the top: few runs export, and all start without it sooner.
    from .exporting import write_export

    return f"Wrote {write_export(folder, output):,} rows to {printable(str(output))}."


def _say(output: TerminalWriter, text: str) -> None:
    """Print on standard error; where that is gone, the exit status still tells how the run ended."""
    output.write(f"{text}\n", essential=True)


def exit_status(status: Status, stopped_by: str | None) -> int:
    """The exit status that the design gives to the way a run ended."""
    if stopped_by is not None:
        return EXIT_STOPPED
    if status.state is not RunState.FINISHED:
        return EXIT_INTERRUPTED
    return EXIT_ALL_SUCCEEDED if status.counts.succeeded == status.counts.total else EXIT_SOME_FAILED


async def _run(session: Session, output: TerminalWriter) -> _Ending:
    stopping = _Stopping(keep_running=session.keep_running)
    # Beneath a dashboard the transport is loaded after the first frame, which would else wait for it.
    loading = transport.Loading() if session.dashboard else None
    with Signals(stopping.stop, stopping.hang_up) as signals:
        async with open_run(
            session.job,
            session.options,
            session.folder,
            fresh=session.fresh,
            again=session.again,
            other_headers=session.other_headers,
            environ=session.environ,
            stdin=session.stdin,
            loading=loading,
        ) as engine:
            stopping.engine = engine
            crashed = None
            if loading is not None:
                crashed = await _watch_dashboard(
                    engine, output, signals, loading, keep_running=session.keep_running
                )
            else:
                await _watch_plainly(engine, output)
                if engine.snapshot().asking is Asking.CANARY:
                    _say(output, "\n".join([*await canary_lines(engine.journal_path), ""]))
            last = engine.snapshot()
            return _Ending(engine.stopped_by, last.latency, last.spending, crashed)


async def _watch_dashboard(
    engine: Engine,
    output: TerminalWriter,
    signals: Signals,
    loading: transport.Loading,
    *,
    keep_running: bool,
) -> str | None:
    """Show the dashboard, and wait for what the run still does after it; a sentence where it crashed."""
    # Not at the top: plain runs need no Textual, and start without it in half the time.
    from .dashboard import DashboardError, Left, run_dashboard

    try:
        left = await run_dashboard(
            engine, output, signals, loading.begin, keep_running=keep_running or hang_up_ignored()
        )
    except DashboardError as error:
        await loading.begin()
        engine.drain()
        await _watch_plainly(engine, output)
        return str(error)
    if left is Left.TERMINAL_GONE:
        await loading.begin()
        await engine.finished()
    return None


async def _watch_plainly(engine: Engine, output: TerminalWriter) -> None:
    progress = asyncio.create_task(show_progress(engine, sys.stderr, output), name="plain-progress")
    try:
        await engine.finished()
    finally:
        progress.cancel()
        with suppress(asyncio.CancelledError):
            await progress


class _Stopping:
    """The first signal drains, the second leaves at once; before the engine opens, one is enough."""

    def __init__(self, *, keep_running: bool) -> None:
        self.engine: Engine | None = None
        self._asked = False
        self._keep_running = keep_running
        self._task = asyncio.current_task()

    def stop(self) -> None:
        """SIGINT or SIGTERM."""
        if self.engine is None:
            if self._task is not None:
                self._task.cancel()
        elif self._asked or self.engine.snapshot().state is RunState.DRAINING:
            self.engine.abandon()
        else:
            self._asked = True
            self.engine.drain()

    def hang_up(self) -> None:
        """SIGHUP: drain, unless the run is to outlive its terminal; the kernel and a shell may each send one."""
        if self._keep_running:
            return
        if self.engine is None:
            self.stop()
        else:
            self._asked = True
            self.engine.drain()
