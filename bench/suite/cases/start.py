"""How long one waits for the command: for its version, and for the first screen of its dashboard."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from .. import bare, fetchdeck
from ..case import Case
from ..child import Child
from ..figures import Run, median
from ..first import first_frame_s
from ..goals import Goal, at_most
from ..inputs import write_urls
from ..rounds import Contestant, paired
from ..rows import About, Row
from ..servers import serve
from ..settings import Settings

_VERSION, _FRAME, _LINE, _NOTHING = (
    "fetchdeck --version",
    "first frame of the dashboard",
    "first frame of one line of Textual",
    "an interpreter that does nothing",
)
_VERSION_S, _FRAME_S = 0.25, 0.7
_ROWS = 20_000
_CONCURRENCY = 50
_LIMIT_S = 30.0


def _times(settings: Settings) -> int:
    return settings.load(10, 3)


def _work(settings: Settings) -> str:
    return f"a round is the median of {_times(settings)} starts."


def measure(settings: Settings, folder: Path) -> list[Row]:
    """A bare interpreter, or one that has loaded Textual, is what none of it can be faster than."""
    with serve(folder / "nginx", settings.server) as server:
        urls = write_urls(folder / "urls.txt", server.url, _ROWS)
        measured = {
            _VERSION: partial(_started, [*fetchdeck.command(), "--version"], settings),
            _FRAME: partial(_framed, partial(fetchdeck.start_dashboard, [str(urls)], settings)),
            _LINE: partial(_framed, partial(bare.start_beneath_textual, urls, _CONCURRENCY, settings)),
            _NOTHING: partial(_started, [sys.executable, "-c", "pass"], settings),
        }
        contestants = [
            Contestant(About(name), partial(_median_of, once, _times(settings)))
            for name, once in measured.items()
        ]
        results = paired(contestants, settings, folder)
    walls = {name: tuple(run.wall_s for run in results.done(name)) for name in measured}
    goals = {
        _VERSION: (_most(_VERSION_S, walls[_VERSION]).beside(_NOTHING, walls[_NOTHING]),),
        _FRAME: (_most(_FRAME_S, walls[_FRAME]).beside(_LINE, walls[_LINE]),),
    }
    return [
        Row(
            name,
            "s",
            walls[name],
            peak_mb=tuple(run.peak_mb for run in results.done(name)),
            goals=goals.get(name, ()),
            trouble=results.troubles.get(name, ""),
        )
        for name in measured
    ]


def _most(most: float, values: tuple[float, ...]) -> Goal:
    return at_most(f"≤ {most:g} s", values, most)


def _median_of(once: partial[Run], times: int, place: Path) -> Run:
    runs: list[Run] = []
    for number in range(times):
        inside = place / str(number)
        inside.mkdir()
        runs.append(once(inside))
    wall = median([run.wall_s for run in runs])
    assert wall is not None
    return Run(1, wall, sum(run.cpu_s for run in runs) / times, max(run.peak_mb for run in runs))


def _started(words: list[str], settings: Settings, place: Path) -> Run:
    with Child(words, place, settings.client, environment=fetchdeck.environment(place)) as child:
        ended = child.succeed(_LIMIT_S)
        return Run(1, ended.ended - child.began, ended.cpu_s, ended.peak_mb)


def _framed(start: Callable[[Path], Child], place: Path) -> Run:
    with start(place) as child:
        frame = first_frame_s(child)
        ended = fetchdeck.kill(child)
        return Run(1, frame, ended.cpu_s, ended.peak_mb)


CASE = Case("start", _work, measure)
