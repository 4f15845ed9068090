"""Throughput: what a response costs on one core, everything journalled, beside scripts that keep nothing.

First one contestant after the other, which the goals are about; then the plain ones at the same time, by what they take
of the processor: that varies much less on a machine that does other work.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from .. import bare, fetchdeck
from ..case import Case
from ..figures import Results
from ..goals import Goal, at_least
from ..inputs import write_urls
from ..rounds import Contestant, at_once, paired
from ..rows import Row, row_of
from ..servers import serve
from ..settings import Settings

CONCURRENCY = 100
_LEAST = {bare.GATHER: 1.0, bare.WORKERS: 0.8}
"""How many times as fast as these the plain run is to be."""
_LEAST_BENEATH = 0.85
"""How many times as fast as `gather` it is to be beneath a dashboard."""


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
        plain = [
            *(one for one in contestants if one.name in (fetchdeck.PLAIN, bare.GATHER, bare.WORKERS)),
            Contestant(bare.ABOUT_PROTOCOL, partial(bare.protocol, *script, settings)),
            Contestant(bare.ABOUT_KEEPING, partial(bare.protocol, *script, settings, keeping=True)),
        ]
        together = at_once(plain, settings, folder)
    goals = _goals(results)
    return [
        *(row_of(one.about, results, fetchdeck.PLAIN, goals.get(one.name, ())) for one in contestants),
        *(_cost_row(one, together) for one in plain if one.name != fetchdeck.PLAIN),
    ]


def _cost_row(one: Contestant, together: Results) -> Row:
    costs = together.ratios(fetchdeck.PLAIN, one.name, lambda run: 1 / run.cpu_us)
    least = _LEAST.get(one.name)
    return Row(
        f"all at once, CPU: {one.name} ÷ fetchdeck",
        "",
        costs,
        goals=() if least is None else (at_least(f"≥ {least:.2f}", costs, least),),
        note="what the whole command took of the processor, in terms of what the plain fetchdeck took beside it",
        trouble=together.troubles.get(one.name, ""),
    )


def _goals(results: Results) -> dict[str, tuple[Goal, ...]]:
    def ratio(name: str, other: str, least: float) -> Goal:
        return at_least(f"≥ {least:.2f} × {other}", results.ratios(name, other), least)

    return {
        fetchdeck.PLAIN: tuple(ratio(fetchdeck.PLAIN, other, least) for other, least in _LEAST.items()),
        fetchdeck.DASHBOARD: (ratio(fetchdeck.DASHBOARD, bare.GATHER, _LEAST_BENEATH),),
    }


CASE = Case("throughput", _work, measure)
