"""The real command, plainly and with its dashboard in a terminal."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic

from ..pseudo_terminal import Size
from .child import Child, Ended, TroubleError
from .figures import Run
from .rows import About
from .settings import Settings
from .standing import Outcome, Standing, Watch, outcome

PLAIN, DASHBOARD = "fetchdeck", "fetchdeck, dashboard"
ABOUT_PLAIN = About(PLAIN, "yes, with headers", "yes")
ABOUT_DASHBOARD = About(DASHBOARD, "yes, with headers", "yes")
SIZE: Size = (120, 40)
RUN = "x.run"
"""The run's folder, within that in which the command works."""
_LEAVES_S = 10.0
_FAR_S, _NEAR_S = 0.1, 0.01
_NEAR_THE_END = 0.95


def command() -> list[str]:
    """The installed command; the same through the interpreter where it is not beside that."""
    beside = Path(sys.executable).with_name("fetchdeck")
    found = str(beside) if beside.exists() else shutil.which("fetchdeck")
    return [found] if found else [sys.executable, "-c", "from fetchdeck.tui.cli import main; main()"]


def environment(folder: Path) -> dict[str, str]:
    """A usual terminal, and nobody's own settings."""
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")}
    return {**kept, "TERM": "xterm-256color", "XDG_CONFIG_HOME": str(folder), "XDG_STATE_HOME": str(folder)}


Looking = Callable[[Child, Standing], None]
"""Is called a few times a second with the command and how far it is; that is not known of a plain run."""


def plain(
    arguments: Sequence[str],
    rows: int,
    settings: Settings,
    folder: Path,
    *,
    looking: Looking | None = None,
) -> Run:
    """Run these `fetchdeck run` arguments with `--headless`."""
    with start_plain(arguments, settings, folder) as child:
        while looking is not None and child.ended is None and monotonic() < child.began + limit_s(rows):
            looking(child, Standing(0, 0))
            child.read(_FAR_S)
        ended = child.succeed(limit_s(rows))
        return _run(child, ended.ended, ended, checked(folder / RUN, rows))


def dashboard(
    arguments: Sequence[str],
    rows: int,
    settings: Settings,
    folder: Path,
    *,
    size: Size = SIZE,
    looking: Looking | None = None,
) -> Run:
    """The same with the dashboard; its time ends when the journal has the last request."""
    with start_dashboard(arguments, settings, folder, size) as child:
        with watched(folder) as watch:
            finished = _until_done(child, watch, rows, looking)
        ended = leave(child)
        return _run(child, finished, ended, checked(folder / RUN, rows))


def start_plain(arguments: Sequence[str], settings: Settings, folder: Path) -> Child:
    """Start these `fetchdeck run` arguments with `--headless`."""
    words = [*command(), "run", *arguments, "--headless", "--run", RUN]
    return Child(words, folder, settings.client, environment=environment(folder))


def start_dashboard(arguments: Sequence[str], settings: Settings, folder: Path, size: Size = SIZE) -> Child:
    """Start these `fetchdeck run` arguments in a terminal."""
    words = [*command(), "run", *arguments, "--tui", "--run", RUN]
    return Child(words, folder, settings.client, terminal=size, environment=environment(folder))


def watched(folder: Path) -> Watch:
    """The run that was started in this folder."""
    return Watch(folder / RUN)


def _until_done(child: Child, watch: Watch, rows: int, looking: Looking | None) -> float:
    """Read the terminal until all rows have ended; when that was. The journal is asked more often near the end."""
    ends, next_look, every = child.began + limit_s(rows), 0.0, _FAR_S
    while True:
        child.read(max(0.0, min(every, next_look - monotonic())))
        if (now := monotonic()) < next_look:
            continue
        next_look = now + every
        standing = watch.now()
        done = standing.done
        if looking is not None:
            looking(child, standing)
        if done >= rows:
            return now
        every = _NEAR_S if done >= rows * _NEAR_THE_END else _FAR_S
        if child.ended is not None:
            raise TroubleError(
                f"the dashboard ended with status {child.ended.status} after {done:,} requests"
            )
        if now > ends:
            raise TroubleError(f"only {done:,} of {rows:,} requests had ended after {limit_s(rows):.0f} s")


def leave(child: Child, by: signal.Signals | None = None) -> Ended:
    """Leave the dashboard, of a run that is over by the key; a signal drains, and a second one leaves at once."""
    for attempt in (by, signal.SIGTERM, signal.SIGTERM):
        with suppress(TroubleError, OSError):
            if attempt is None:
                child.type("q")
            else:
                child.signal(attempt)
            return child.wait(_LEAVES_S)
    raise TroubleError("the dashboard could not be left")


def kill(child: Child) -> Ended:
    """End the command at once, as nobody should."""
    child.signal(signal.SIGKILL)
    return child.wait(_LEAVES_S)


def checked(run: Path, rows: int) -> Outcome:
    """The outcome of a run; raises TroubleError where a request did not succeed."""
    found = outcome(run)
    if found.succeeded != rows:
        raise TroubleError(f"{found.succeeded:,} of {rows:,} requests succeeded")
    return found


def _run(child: Child, finished: float, ended: Ended, found: Outcome) -> Run:
    more = {
        "session_s": found.elapsed_s,
        "middle_s": found.middle_s,
        "failed_attempts": float(found.failed_attempts),
        "began_wall": child.began_wall,
    }
    return Run(found.total, finished - child.began, ended.cpu_s, ended.peak_mb, more)


def limit_s(rows: int) -> float:
    """More than any machine needs that one would measure on."""
    return 60 + rows / 300
