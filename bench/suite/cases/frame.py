"""What the dashboard's frames cost a run at full load."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from .. import fetchdeck
from ..case import Case
from ..figures import median
from ..goals import at_most
from ..inputs import write_urls
from ..rounds import Contestant, paired
from ..rows import Row, row_of
from ..servers import serve
from ..settings import Settings
from . import throughput

_SIZE = (200, 60)
_MOST = 0.05


def _work(settings: Settings) -> str:
    return f"as throughput, {throughput.rows(settings):,} URLs, the dashboard at {_SIZE[0]}×{_SIZE[1]}."


def measure(settings: Settings, folder: Path) -> list[Row]:
    """The goal compares within each round, at full load: what starting takes longer is the case *start*."""
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
    whole = results.ratios(fetchdeck.DASHBOARD, fetchdeck.PLAIN)
    full_load = results.ratios(fetchdeck.DASHBOARD, fetchdeck.PLAIN, lambda run: 1 / run.more["middle_s"])
    goal = at_most(
        f"≤ {_MOST:.0%} of throughput lost at full load", [1 - ratio for ratio in full_load], _MOST
    )
    kept = median(whole)
    note = f"start and end included, {1 - kept:.1%} of throughput lost" if kept is not None else ""
    return [
        row_of(fetchdeck.ABOUT_PLAIN, results, fetchdeck.PLAIN),
        row_of(fetchdeck.ABOUT_DASHBOARD, results, fetchdeck.PLAIN, [goal], note),
    ]


CASE = Case("frame", _work, measure)
