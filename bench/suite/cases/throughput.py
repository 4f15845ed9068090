"""Throughput: what a response costs on one core, everything journalled, beside scripts that keep nothing."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from .. import bare, fetchdeck
from ..case import Case
from ..figures import Results
from ..goals import at_least
from ..inputs import write_urls
from ..rounds import Contestant, paired
from ..rows import Row, row_of
from ..servers import serve
from ..settings import Settings

CONCURRENCY = 100


def rows(settings: Settings) -> int:
    return settings.load(50_000, 3_000)


def _work(settings: Settings) -> str:
    return (
        f"{rows(settings):,} distinct URLs, 932-byte JSON from nginx, C={CONCURRENCY}; fetchdeck journals bodies and "
        "headers (`synchronous=FULL`), the bare scripts keep nothing; the dashboard is live in a pty of 120×40."
    )


def measure(settings: Settings, folder: Path) -> list[Row]:
    """The goals compare within each round."""
    count = rows(settings)
    with serve(folder / "nginx", settings.server) as server:
        urls = write_urls(folder / "urls.txt", server.url, count)
        words = [str(urls), "-c", str(CONCURRENCY)]
        script = (urls, count, CONCURRENCY)
        contestants = [
            Contestant(fetchdeck.ABOUT_PLAIN, partial(fetchdeck.plain, words, count, settings)),
            Contestant(fetchdeck.ABOUT_DASHBOARD, partial(fetchdeck.dashboard, words, count, settings)),
            Contestant(bare.ABOUT_GATHER, partial(bare.gather, *script, "asyncio", settings)),
            Contestant(bare.ABOUT_GATHER_UVLOOP, partial(bare.gather, *script, "uvloop", settings)),
            Contestant(bare.ABOUT_WORKERS, partial(bare.workers, *script, settings)),
        ]
        results = paired(contestants, settings, folder)
    goals = _goals(results)
    return [row_of(one.about, results, fetchdeck.PLAIN, goals.get(one.name, ())) for one in contestants]


def _goals(results: Results) -> dict[str, tuple]:
    def ratio(name: str, other: str, least: float) -> object:
        return at_least(f"≥ {least:.2f} × {other}", results.ratios(name, other), least)

    return {
        fetchdeck.PLAIN: (
            ratio(fetchdeck.PLAIN, bare.GATHER, 1.0),
            ratio(fetchdeck.PLAIN, bare.WORKERS, 0.8),
        ),
        fetchdeck.DASHBOARD: (ratio(fetchdeck.DASHBOARD, bare.GATHER, 0.85),),
    }


CASE = Case("throughput", _work, measure)
