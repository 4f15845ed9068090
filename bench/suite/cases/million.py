"""A million rows of CSV with a template and the dashboard: start, memory, and whether the cost of a request grows."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from .. import fetchdeck
from ..case import Case
from ..child import Child
from ..figures import Run
from ..first import first_logged_s
from ..goals import at_most, within
from ..inputs import write_places
from ..rounds import Contestant, paired
from ..rows import Row, row_of
from ..sampling import Sampler, cost_us
from ..servers import Server, Serving, serve
from ..settings import Settings

_CONCURRENCY = 100
_FIRST_S, _MEMORY_MB, _DRIFT = 1.0, 150, 0.05
_TENTHS = 10


def _rows(settings: Settings) -> int:
    return settings.load(1_000_000, 12_000)


def _work(settings: Settings) -> str:
    return (
        f"{_rows(settings):,} rows of CSV through a URL template, C={_CONCURRENCY}, 932-byte JSON, dashboard of "
        f"{fetchdeck.SIZE[0]}×{fetchdeck.SIZE[1]}."
    )


def measure(settings: Settings, folder: Path) -> list[Row]:
    """The cost is told for each tenth of the run; the first one holds the start."""
    count = _rows(settings)
    places = write_places(folder / "places.csv", count)
    with serve(folder / "nginx", settings.server, Serving(logged=True)) as server:
        run = partial(_run, places, count, server, settings)
        results = paired([Contestant(fetchdeck.ABOUT_DASHBOARD, run)], settings, folder)
    done = results.done(fetchdeck.DASHBOARD)
    trouble = results.troubles.get(fetchdeck.DASHBOARD, "")
    drift = [last / first for run in done if (first := _tenth(run, 1)) and (last := _tenth(run, _TENTHS - 1))]
    memory = at_most(f"peak memory ≤ {_MEMORY_MB} MB", [run.peak_mb for run in done], _MEMORY_MB)
    first = at_most(f"≤ {_FIRST_S:g} s", [run.more["first_s"] for run in done], _FIRST_S)
    return [
        row_of(fetchdeck.ABOUT_DASHBOARD, results, "", [memory], _told(done)),
        Row(
            "first request at the server", "s", tuple(run.more["first_s"] for run in done), goals=(first,),
            trouble=trouble,
        ),
        Row(
            "CPU of a request, last tenth ÷ second tenth", "", tuple(drift), trouble=trouble,
            goals=(within(f"1 ± {_DRIFT:g}", drift, 1 - _DRIFT, 1 + _DRIFT),),
        ),
    ]  # fmt: skip


def _run(places: Path, count: int, server: Server, settings: Settings, place: Path) -> Run:
    # nginx goes on writing at the file's new end.
    server.log.write_bytes(b"")
    sampler = Sampler(settings.load(10, 1) / 10)
    url = server.url + "/details?place={{ placeid }}&name={{ name }}"
    words = [str(places), "--url", url, "-c", str(_CONCURRENCY)]
    started: list[Child] = []

    def look(child: Child, done: int) -> None:
        started[:] = [child]
        sampler.look(child, done)

    run = fetchdeck.dashboard(words, count, settings, place, looking=look)
    more = dict(run.more) | {"first_s": first_logged_s(started[0], server.log)}
    for tenth in range(_TENTHS):
        cost = cost_us(sampler.samples, tenth / _TENTHS, (tenth + 1) / _TENTHS, count)
        if cost is not None:
            more[_name(tenth)] = cost
    return Run(run.count, run.wall_s, run.cpu_s, run.peak_mb, more)


def _name(tenth: int) -> str:
    return f"cost_us_{tenth}"


def _tenth(run: Run, tenth: int) -> float | None:
    return run.more.get(_name(tenth))


def _told(done: list[Run]) -> str:
    """The last round's costs, tenth by tenth."""
    costs = [_tenth(done[-1], tenth) for tenth in range(_TENTHS)] if done else []
    known = [f"{cost:.0f}" if cost is not None else "?" for cost in costs]
    return f"CPU µs a request in each tenth of the last round: {', '.join(known)}" if known else ""


CASE = Case("million", _work, measure)
