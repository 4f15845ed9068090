"""Going on with a large run that is half done: how soon it works, and how soon it shows itself."""

from __future__ import annotations

import signal
from functools import partial
from pathlib import Path

from .. import fetchdeck
from ..case import Case
from ..child import Child
from ..figures import Results, Run
from ..first import first_frame_s, first_request_s
from ..goals import Goal, at_most
from ..journals import make_run
from ..rounds import Contestant, paired
from ..rows import About, Row
from ..servers import Server, Serving, serve
from ..settings import Settings

_CONCURRENCY = 100
_REQUEST_S, _FRAME_S = 1.5, 1.0
_PLAIN, _DASHBOARD = "fetchdeck resume", "fetchdeck resume, dashboard"
_LIMIT_S = 60.0


def _rows(settings: Settings) -> int:
    return settings.load(1_000_000, 40_000)


def _work(settings: Settings) -> str:
    return f"a run of {_rows(settings):,} rows, half of them done with 932-byte bodies, stopped soon after each start."


def measure(settings: Settings, folder: Path) -> list[Row]:
    """Each start goes on a little further with the same run."""
    with serve(folder / "nginx", settings.server, Serving(logged=True)) as server:
        settings.say("  making the run")
        run = make_run(folder / "half.run", server.url, _rows(settings), _rows(settings) // 2, _CONCURRENCY)
        contestants = [
            Contestant(About(_PLAIN), partial(_plain, run, server, settings)),
            Contestant(About(_DASHBOARD), partial(_dashboard, run, server, settings)),
        ]
        results = paired(contestants, settings, folder)
    return [
        _row(results, _PLAIN, "first request", "request_s", _REQUEST_S),
        _row(results, _DASHBOARD, "first request", "request_s", _REQUEST_S),
        _row(results, _DASHBOARD, "first frame", "frame_s", _FRAME_S),
    ]


def _plain(run: Path, server: Server, settings: Settings, place: Path) -> Run:
    server.log.write_bytes(b"")
    words = [*fetchdeck.command(), "resume", str(run), "--headless"]
    with Child(words, place, settings.client, environment=fetchdeck.environment(place)) as child:
        first = first_request_s(child, server.log)
        child.signal(signal.SIGTERM)
        ended = child.succeed(_LIMIT_S, statuses=(0, 130))
        return Run(1, ended.ended - child.began, ended.cpu_s, ended.peak_mb, {"request_s": first})


def _dashboard(run: Path, server: Server, settings: Settings, place: Path) -> Run:
    server.log.write_bytes(b"")
    words = [*fetchdeck.command(), "resume", str(run), "--tui"]
    with Child(
        words, place, settings.client, terminal=fetchdeck.SIZE, environment=fetchdeck.environment(place)
    ) as child:
        frame = first_frame_s(child)
        first = first_request_s(child, server.log)
        ended = fetchdeck.leave(child, by=signal.SIGTERM)
        more = {"request_s": first, "frame_s": frame}
        return Run(1, ended.ended - child.began, ended.cpu_s, ended.peak_mb, more)


def _row(results: Results, name: str, what: str, figure: str, most: float) -> Row:
    values = tuple(run.more[figure] for run in results.done(name))
    goal: Goal = at_most(f"≤ {most:g} s", values, most)
    peak = tuple(run.peak_mb for run in results.done(name))
    return Row(
        f"{name}: {what}", "s", values, peak_mb=peak, goals=(goal,), trouble=results.troubles.get(name, "")
    )


CASE = Case("resume", _work, measure)
