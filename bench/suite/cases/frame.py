"""What the dashboard's frames cost a run at full load."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic

from .. import bare, fetchdeck
from ..case import Case
from ..child import Child, TroubleError
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
_LINE = "one line of Textual"
"""Above the same engine, and written four times a second, as often as a dashboard at full load looks at its run."""
_LINE_SHARE = f"both at once: the processor's share that {_LINE} takes"
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
        urls = write_urls(folder / "more.txt", server.url, count)
        words = [str(urls), "-c", str(throughput.CONCURRENCY)]
        line = partial(bare.start_run_beneath_textual, urls, throughput.CONCURRENCY, settings, terminal=_SIZE)
        dashboard = partial(fetchdeck.start_dashboard, words, settings, size=_SIZE)
        shares: dict[str, list[float]] = {_SHARE: [], _LINE_SHARE: []}
        together = paired(
            [
                Contestant(About(name), partial(_both, name, begin, words, count, settings, shares[name]))
                for name, begin in ((_SHARE, dashboard), (_LINE_SHARE, line))
            ],
            settings,
            folder,
        )
    lost = [1 - ratio for ratio in results.ratios(fetchdeck.DASHBOARD, fetchdeck.PLAIN,
                                                  lambda run: 1 / run.more["middle_s"])]  # fmt: skip
    middle = median(lost)
    note = "" if middle is None else f"over the middle 80 % of the requests {middle:.1%} of throughput lost"
    return [
        row_of(fetchdeck.ABOUT_PLAIN, results, fetchdeck.PLAIN),
        row_of(fetchdeck.ABOUT_DASHBOARD, results, fetchdeck.PLAIN, note=note),
        Row(_SHARE, "", tuple(shares[_SHARE]), trouble=together.troubles.get(_SHARE, ""),
            goals=(at_most(f"≤ {_MOST:.0%} of throughput lost at full load", shares[_SHARE], _MOST)
                   .beside(_LINE, shares[_LINE_SHARE]),),
            note="beyond what its requests cost the plain run beside it, every "
            f"{settings.load(_WINDOWS, _QUICK_WINDOWS).each_s:g} s: what frames take, requests lack"),
        Row(_LINE_SHARE, "", tuple(shares[_LINE_SHARE]), trouble=together.troubles.get(_LINE_SHARE, ""),
            note="above the same engine, which it tells of four times a second"),
    ]  # fmt: skip


def _both(
    name: str,
    begin: Callable[[Path], Child],
    words: list[str],
    count: int,
    settings: Settings,
    shares: list[float],
    place: Path,
) -> Run:
    """One round of what is begun beside a plain run, which adds its shares; what the plain run has come to."""
    places = [place / name for name in ("plain", "watched")]
    for each in places:
        each.mkdir()
    with (
        fetchdeck.start_plain(words, settings, places[0]) as plain_child,
        begin(places[1]) as child,
        fetchdeck.watched(places[0]) as plain_watch,
        fetchdeck.watched(places[1]) as watch,
    ):
        plain, watched = Underway(plain_child, plain_watch), Underway(child, watch)
        until_read(plain, count, watched)
        until_read(watched, count, plain)
        windows = settings.load(_WINDOWS, _QUICK_WINDOWS)
        found = shares_beyond(watched, plain, round(_LATE * count), windows)
        if not found:
            raise TroubleError("too short to be looked at twice")
        shares += found
        settings.say(f"  {name}: {', '.join(f'{share:.1%}' for share in found)}")
        then = plain.look()
        return Run(then.done, monotonic() - plain_child.began, then.cpu_s, then.resident_mb)


CASE = Case("frame", _work, measure)
