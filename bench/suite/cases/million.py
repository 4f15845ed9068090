"""A million rows of CSV with a template and the dashboard: start, memory, and whether the cost of a request grows."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from .. import fetchdeck
from ..case import Case
from ..figures import Run
from ..first import first_logged_s
from ..goals import at_most, within
from ..inputs import write_places
from ..rounds import Contestant, paired
from ..rows import Row, row_of
from ..sampling import Sampler, cost_us, drift, read_at
from ..servers import Server, Serving, serve
from ..settings import Settings

_CONCURRENCY = 100
_FIRST_S, _MEMORY_MB, _DRIFT = 1.0, 150, 0.05
_SHARE = 0.1


def _rows(settings: Settings) -> int:
    return settings.load(1_000_000, 12_000)


def _work(settings: Settings) -> str:
    return (
        f"{_rows(settings):,} rows of CSV through a URL template, C={_CONCURRENCY}, 932-byte JSON, dashboard of "
        f"{fetchdeck.SIZE[0]}×{fetchdeck.SIZE[1]}."
    )


def measure(settings: Settings, folder: Path) -> list[Row]:
    """The cost is compared where rows are not being read any more, and told for each tenth of the run."""
    count = _rows(settings)
    places = write_places(folder / "places.csv", count)
    samplers: list[Sampler] = []
    with serve(folder / "nginx", settings.server, Serving(logged=True)) as server:
        run = partial(_run, places, count, server, settings, samplers)
        results = paired([Contestant(fetchdeck.ABOUT_DASHBOARD, run)], settings, folder)
    done = results.done(fetchdeck.DASHBOARD)
    trouble = results.troubles.get(fetchdeck.DASHBOARD, "")
    drifts = tuple(found for one in samplers if (found := drift(one.samples, count, _SHARE)) is not None)
    memory = at_most(f"peak memory ≤ {_MEMORY_MB} MB", [run.peak_mb for run in done], _MEMORY_MB)
    firsts = tuple(run.more["first_s"] for run in done)
    return [
        row_of(fetchdeck.ABOUT_DASHBOARD, results, "", [memory], _told(samplers, count)),
        Row("first request at the server", "s", firsts, goals=(at_most(f"≤ {_FIRST_S:g} s", firsts, _FIRST_S),),
            trouble=trouble),
        Row("CPU of a request, end ÷ start", "", drifts, trouble=trouble,
            goals=(within(f"1 ± {_DRIFT:g}", drifts, 1 - _DRIFT, 1 + _DRIFT),),
            note="the last tenth of the requests, and the first tenth after the whole input was read"),
    ]  # fmt: skip


def _run(
    places: Path, count: int, server: Server, settings: Settings, samplers: list[Sampler], place: Path
) -> Run:
    # nginx goes on writing at the file's new end.
    server.log.write_bytes(b"")
    sampler = Sampler(settings.load(10, 1) / 10)
    url = server.url + "/details?place={{ placeid }}&name={{ name }}"
    words = [str(places), "--url", url, "-c", str(_CONCURRENCY)]
    run = fetchdeck.dashboard(words, count, settings, place, looking=sampler.look)
    first = first_logged_s(run.more["began_wall"], server.log)
    samplers.append(sampler)
    return replace(run, more={**run.more, "first_s": first})


def _told(samplers: list[Sampler], count: int) -> str:
    """The last round's costs, tenth by tenth."""
    if not samplers:
        return ""
    samples = samplers[-1].samples
    costs = [cost_us(samples, tenth * count / 10, (tenth + 1) * count / 10) for tenth in range(10)]
    read = read_at(samples, count)
    known = ", ".join("?" if cost is None else f"{cost:.0f}" for cost in costs)
    when = "" if read is None else f"; all rows were read when {read:,} requests had ended"
    return f"CPU µs a request in each tenth of the last round: {known}{when}"


CASE = Case("million", _work, measure)
