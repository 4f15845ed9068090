"""What the dashboard's frames cost a run at full load."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from time import monotonic

from .. import fetchdeck
from ..case import Case
from ..child import TroubleError
from ..figures import Run, median
from ..goals import at_most
from ..inputs import write_urls
from ..rounds import Contestant, paired
from ..rows import About, Row, row_of
from ..servers import serve
from ..settings import Settings
from ..side_by_side import Underway, Windows, shares_beyond, until_read
from . import throughput

_SIZE = (200, 60)
_MOST = 0.05
_SHARE = "both at once: the processor's share that the dashboard takes"
_LATE = 0.95
"""The share of its requests after which the plain run, which is ahead, is looked at no more."""
_WINDOWS, _QUICK_WINDOWS = Windows(2.0, 1.0), Windows(0.5, 0.3)


def _work(settings: Settings) -> str:
    return (
        f"as throughput, {throughput.rows(settings):,} URLs, the dashboard at {_SIZE[0]}×{_SIZE[1]}; then "
        f"{_rows(settings):,} URLs each, both at once on the one core."
    )


def _rows(settings: Settings) -> int:
    return settings.load(150_000, 30_000)


def measure(settings: Settings, folder: Path) -> list[Row]:
    """The goal is about two runs at the same time.

    One after the other they differ by more than a frame costs, also where both are the same: by what the machine does
    meanwhile, and by where the memory of a process happens to lie.
    """
    count = throughput.rows(settings)
    with serve(folder / "nginx", settings.server) as server:
        words = [str(write_urls(folder / "urls.txt", server.url, count)), "-c", str(throughput.CONCURRENCY)]
        contestants = [
            Contestant(fetchdeck.ABOUT_PLAIN, partial(fetchdeck.plain, words, count, settings)),
            Contestant(
                fetchdeck.ABOUT_DASHBOARD, partial(fetchdeck.dashboard, words, count, settings, size=_SIZE)
            ),
        ]
        results = paired(contestants, settings, folder)
        count = _rows(settings)
        words[0] = str(write_urls(folder / "more.txt", server.url, count))
        shares: list[float] = []
        both = Contestant(About(_SHARE), partial(_both, words, count, settings, shares))
        together = paired([both], settings, folder)
    lost = [1 - ratio for ratio in results.ratios(fetchdeck.DASHBOARD, fetchdeck.PLAIN,
                                                  lambda run: 1 / run.more["middle_s"])]  # fmt: skip
    middle = median(lost)
    note = "" if middle is None else f"over the middle 80 % of the requests {middle:.1%} of throughput lost"
    return [
        row_of(fetchdeck.ABOUT_PLAIN, results, fetchdeck.PLAIN),
        row_of(fetchdeck.ABOUT_DASHBOARD, results, fetchdeck.PLAIN, note=note),
        Row(_SHARE, "", tuple(shares), trouble=together.troubles.get(_SHARE, ""),
            goals=(at_most(f"≤ {_MOST:.0%} of throughput lost at full load", shares, _MOST),),
            note="beyond what its requests cost the plain run beside it, every "
            f"{settings.load(_WINDOWS, _QUICK_WINDOWS).each_s:g} s: what frames take, requests lack"),
    ]  # fmt: skip


def _both(words: list[str], count: int, settings: Settings, shares: list[float], place: Path) -> Run:
    """One round, which adds its shares; what the plain run has come to."""
    places = [place / name for name in ("plain", "dashboard")]
    for each in places:
        each.mkdir()
    with (
        fetchdeck.start_plain(words, settings, places[0]) as plain_child,
        fetchdeck.start_dashboard(words, settings, places[1], _SIZE) as dashboard_child,
        fetchdeck.watched(places[0]) as plain_watch,
        fetchdeck.watched(places[1]) as dashboard_watch,
    ):
        plain, dashboard = Underway(plain_child, plain_watch), Underway(dashboard_child, dashboard_watch)
        until_read(plain, count, dashboard)
        until_read(dashboard, count, plain)
        windows = settings.load(_WINDOWS, _QUICK_WINDOWS)
        found = shares_beyond(dashboard, plain, round(_LATE * count), windows)
        if not found:
            raise TroubleError("too short to be looked at twice")
        shares += found
        settings.say(f"  the dashboard takes {', '.join(f'{share:.1%}' for share in found)}")
        then = plain.look()
        return Run(then.done, monotonic() - plain_child.began, then.cpu_s, then.resident_mb)


CASE = Case("frame", _work, measure)
