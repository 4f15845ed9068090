"""Large bodies to files, beside curl that does the same."""

from __future__ import annotations

import os
import shutil
from functools import partial
from pathlib import Path

from .. import bare, fetchdeck
from ..case import Case
from ..figures import Run
from ..goals import at_least, at_most
from ..inputs import write_urls
from ..peers import CURL, Job, curl
from ..rounds import Contestant, paired
from ..rows import About, Row, row_of
from ..sampling import Sampler, resident_mb
from ..servers import Server, Serving, serve
from ..settings import Settings

_SIZE = 5_000_000
_CONCURRENCY = 50
_WHOLE, _QUICK = 2_000, 40
_SHARE = 0.6
"""Of the free disk, at most."""
_LEAST, _GROWTH = 0.8, 1.1


def _work(settings: Settings) -> str:
    count = settings.load(_WHOLE, _QUICK)
    return f"{count:,} × 5 MB from nginx, C={_CONCURRENCY}, each body to a file; deleted between runs."


def measure(settings: Settings, folder: Path) -> list[Row]:
    """Fewer bodies where the disk has no room for them, which the notes then say."""
    wanted = settings.load(_WHOLE, _QUICK)
    count = min(wanted, int(shutil.disk_usage(folder).free * _SHARE / _SIZE))
    file = folder / "five-megabytes"
    file.write_bytes(os.urandom(_SIZE))
    # nginx drops its privileges when root starts it.
    for path in (folder, file):
        path.chmod(0o755)
    with serve(folder / "nginx", settings.server, Serving(file=file)) as server:
        urls = write_urls(folder / "urls.txt", server.url, count)
        about = About(CURL, "yes, files", "no")
        contestants = [
            Contestant(fetchdeck.ABOUT_PLAIN, partial(_fetchdeck, urls, count, settings)),
            Contestant(about, partial(_curl, urls, count, server, settings)),
            Contestant(
                bare.ABOUT_TO_FILES, partial(bare.to_files, urls, count, _SIZE, _CONCURRENCY, settings)
            ),
        ]
        results = paired(contestants, settings, folder)
    done = results.done(fetchdeck.PLAIN)
    growth = [run.more["growth"] for run in done if "growth" in run.more]
    goals = [
        at_least(f"≥ {_LEAST} × {CURL}", results.ratios(fetchdeck.PLAIN, CURL), _LEAST).beside(
            bare.TO_FILES, results.ratios(bare.TO_FILES, CURL)
        ),
        at_most(f"memory, last quarter ÷ second ≤ {_GROWTH}", growth, _GROWTH),
    ]
    fewer = f"only {count:,} bodies: the disk has no room for more" if count < wanted else ""
    return [
        row_of(fetchdeck.ABOUT_PLAIN, results, fetchdeck.PLAIN, goals, fewer),
        row_of(about, results, fetchdeck.PLAIN, (), fewer),
        row_of(bare.ABOUT_TO_FILES, results, fetchdeck.PLAIN, (), fewer),
    ]


def _fetchdeck(urls: Path, count: int, settings: Settings, place: Path) -> Run:
    sampler = Sampler(0.1)
    words = [str(urls), "-c", str(_CONCURRENCY)]
    run = fetchdeck.plain(words, count, settings, place, looking=sampler.look)
    early, late = resident_mb(sampler.samples, 0.25, 0.5), resident_mb(sampler.samples, 0.75, 1.0)
    grown = {"growth": late / early} if early and late else {}
    return Run(run.count, run.wall_s, run.cpu_s, run.peak_mb, dict(run.more) | grown)


def _curl(urls: Path, count: int, server: Server, settings: Settings, place: Path) -> Run:
    return curl(Job(urls, count, _CONCURRENCY, server, settings, place))


CASE = Case("large-bodies", _work, measure)
