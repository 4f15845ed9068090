"""A million rows of CSV with a template and the dashboard: start, memory, and whether the cost of a request grows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from time import monotonic

from .. import fetchdeck
from ..case import Case
from ..child import Child
from ..figures import Run
from ..first import first_logged_s
from ..goals import at_most, within
from ..inputs import write_places
from ..rounds import Contestant, paired
from ..rows import Row, row_of
from ..sampling import Sampler, cost_us, read_at, sample
from ..servers import Server, Serving, serve
from ..settings import Settings
from ..side_by_side import Underway, Windows, cost_ratios, until_read, until_still
from ..standing import Standing

_CONCURRENCY = 100
_FIRST_S, _MEMORY_MB, _DRIFT = 1.0, 150, 0.05
_OLD = 0.9
"""The share of its requests after which a run is old."""
_LATE = 0.99
"""The share after which they are compared no more."""
_WINDOWS, _QUICK_WINDOWS = Windows(2.0, 6.0), Windows(0.5, 0.5)


def _rows(settings: Settings) -> int:
    return settings.load(1_000_000, 60_000)


def _work(settings: Settings) -> str:
    return (
        f"{_rows(settings):,} rows of CSV through a URL template, C={_CONCURRENCY}, 932-byte JSON, dashboard of "
        f"{fetchdeck.SIZE[0]}×{fetchdeck.SIZE[1]}."
    )


def measure(settings: Settings, folder: Path) -> list[Row]:
    """The costs of the old run are compared with those of a young one that goes on beside it."""
    count = _rows(settings)
    places = write_places(folder / "places.csv", count)
    drifts: list[float] = []
    samplers: list[Sampler] = []
    with serve(folder / "nginx", settings.server, Serving(logged=True)) as server:

        def run(place: Path) -> Run:
            million = _Million(places, count, server, settings, place)
            found = million.run()
            drifts.extend(million.drifts)
            samplers.append(million.sampler)
            return found

        results = paired([Contestant(fetchdeck.ABOUT_DASHBOARD, run)], settings, folder)
    done = results.done(fetchdeck.DASHBOARD)
    trouble = results.troubles.get(fetchdeck.DASHBOARD, "")
    memory = at_most(f"peak memory ≤ {_MEMORY_MB} MB", [run.peak_mb for run in done], _MEMORY_MB)
    firsts = tuple(run.more["first_s"] for run in done)
    return [
        row_of(fetchdeck.ABOUT_DASHBOARD, results, "", [memory], _told(samplers, count)),
        Row("first request at the server", "s", firsts, goals=(at_most(f"≤ {_FIRST_S:g} s", firsts, _FIRST_S),),
            trouble=trouble),
        Row("CPU of a request, end ÷ start", "", tuple(drifts), trouble=trouble,
            goals=(within(f"1 ± {_DRIFT:g}", drifts, 1 - _DRIFT, 1 + _DRIFT),),
            note=f"requests from {_OLD:.0%} to {_LATE:.0%} of the run beside those of a second run that has just read "
            "the same input, on the same core at the same time; the median of a figure for each two seconds"),
    ]  # fmt: skip


class _Million:
    """One round."""

    def __init__(self, places: Path, count: int, server: Server, settings: Settings, place: Path) -> None:
        self.sampler = Sampler(settings.load(10, 1) / 10)
        self.drifts: list[float] = []
        self._count = count
        self._server = server
        self._settings = settings
        self._place = place
        url = server.url + "/details?place={{ placeid }}&name={{ name }}"
        self._words = [str(places), "--url", url, "-c", str(_CONCURRENCY)]
        self._alone: Run | None = None
        """What the run had come to when it was old, and had the core to itself no more."""

    def run(self) -> Run:
        # nginx goes on writing at the file's new end.
        self._server.log.write_bytes(b"")
        run = fetchdeck.dashboard(self._words, self._count, self._settings, self._place, looking=self._look)
        first = first_logged_s(run.more["began_wall"], self._server.log)
        return replace(self._alone or run, peak_mb=run.peak_mb, more={**run.more, "first_s": first})

    def _look(self, child: Child, standing: Standing) -> None:
        if self._alone is not None:
            return
        self.sampler.look(child, standing)
        if standing.done >= _OLD * self._count:
            then = sample(child, standing)
            self._alone = Run(then.done, monotonic() - child.began, then.cpu_s, then.resident_mb)
            self._compare(child)

    def _compare(self, child: Child) -> None:
        """With a run that has just read its input: the old one waits for that."""
        beside = self._place / "young"
        beside.mkdir()
        with fetchdeck.watched(self._place) as old_watch, fetchdeck.watched(beside) as young_watch:
            old = Underway(child, old_watch)
            old.press_pause()
            until_still(old)
            with fetchdeck.start_dashboard(self._words, self._settings, beside) as young_child:
                young = Underway(young_child, young_watch)
                until_read(young, self._count, old)
                old.press_pause()
                windows = self._settings.load(_WINDOWS, _QUICK_WINDOWS)
                self.drifts += cost_ratios(old, young, int(_LATE * self._count), windows)


def _told(samplers: list[Sampler], count: int) -> str:
    """The last round's costs, tenth by tenth."""
    if not samplers:
        return ""
    samples = samplers[-1].samples
    tenths = range(round(10 * _OLD))
    costs = [cost_us(samples, tenth * count / 10, (tenth + 1) * count / 10) for tenth in tenths]
    read = read_at(samples, count)
    known = ", ".join("?" if cost is None else f"{cost:.0f}" for cost in costs)
    when = "" if read is None else f"; all rows were read when {read:,} requests had ended"
    return (
        f"rate and CPU are those of the first {_OLD:.0%}, by /proc; CPU µs a request in each tenth of them, in the "
        f"last round: {known}{when}"
    )


CASE = Case("million", _work, measure)
