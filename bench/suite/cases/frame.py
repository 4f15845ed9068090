"""What the dashboard's frames cost a run at full load."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from .. import fetchdeck
from ..case import Case
from ..figures import Results
from ..goals import Goal, at_most
from ..inputs import write_urls
from ..rounds import Contestant, paired
from ..rows import About, Row, row_of
from ..servers import serve
from ..settings import Settings
from . import throughput

_SIZE = (200, 60)
_FAIR = "fetchdeck, plain on the dashboard's loop"
_MOST = 0.05
# -P: what stands beside the script is not to be found under its names.
_PROGRAM = (sys.executable, "-P", str(Path(__file__).parents[1] / "fair_plain.py"))


def _work(settings: Settings) -> str:
    return f"as throughput, {throughput.rows(settings):,} URLs, the dashboard at {_SIZE[0]}×{_SIZE[1]}."


def measure(settings: Settings, folder: Path) -> list[Row]:
    """The plain run has uvloop, which a dashboard cannot have: a third run tells that loss from the frames'."""
    count = throughput.rows(settings)
    about = About(_FAIR, *(fetchdeck.ABOUT_PLAIN.keeps, fetchdeck.ABOUT_PLAIN.survives))
    with serve(folder / "nginx", settings.server) as server:
        words = [str(write_urls(folder / "urls.txt", server.url, count)), "-c", str(throughput.CONCURRENCY)]
        contestants = [
            Contestant(fetchdeck.ABOUT_PLAIN, partial(fetchdeck.plain, words, count, settings)),
            Contestant(about, partial(fetchdeck.plain, words, count, settings, program=_PROGRAM)),
            Contestant(
                fetchdeck.ABOUT_DASHBOARD, partial(fetchdeck.dashboard, words, count, settings, size=_SIZE)
            ),
        ]
        results = paired(contestants, settings, folder)
    goals = {fetchdeck.DASHBOARD: [_loss(results, fetchdeck.PLAIN), _loss(results, _FAIR)]}
    return [row_of(one.about, results, fetchdeck.PLAIN, goals.get(one.name, ())) for one in contestants]


def _loss(results: Results, other: str) -> Goal:
    lost = [1 - ratio for ratio in results.ratios(fetchdeck.DASHBOARD, other)]
    return at_most(f"≤ {_MOST:.0%} slower than {other}", lost, _MOST)


CASE = Case("frame", _work, measure)
