"""The same work by the programs that one would otherwise use, each at its best setting."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from ...nginx import MissingError
from .. import bare, fetchdeck
from ..case import Case
from ..figures import Results, Run
from ..goals import Goal, at_least
from ..inputs import write_urls
from ..peers import CRAWLEE, HTTPX, MINET, PEERS, SCRAPY, WGET2, Job, Peer, told_version
from ..rounds import Contestant, paired
from ..rows import Row, row_of
from ..servers import Server, serve
from ..settings import Settings
from . import throughput

_LEAST = {SCRAPY: 10, CRAWLEE: 15, HTTPX: 10, MINET: 3, WGET2: 2}
"""How many times as fast as these fetchdeck is to be."""
_QUICK = 10


def _work(settings: Settings) -> str:
    return (
        f"as throughput, C={throughput.CONCURRENCY}, {throughput.rows(settings):,} URLs; slower peers get fewer, as "
        "their notes say."
    )


def measure(settings: Settings, folder: Path) -> list[Row]:
    """fetchdeck has the same URLs in the same rounds."""
    count = throughput.rows(settings)
    with serve(folder / "nginx", settings.server) as server:
        urls = write_urls(folder / "urls.txt", server.url, count)
        words = [str(urls), "-c", str(throughput.CONCURRENCY)]
        script = urls, count, throughput.CONCURRENCY, settings
        contestants = [
            Contestant(fetchdeck.ABOUT_PLAIN, partial(fetchdeck.plain, words, count, settings)),
            Contestant(fetchdeck.ABOUT_DASHBOARD, partial(fetchdeck.dashboard, words, count, settings)),
            Contestant(bare.ABOUT_WORKERS, partial(bare.workers, *script)),
            Contestant(bare.ABOUT_KEEPING, partial(bare.protocol, *script, keeping=True)),
            *(_contestant(peer, server, settings, folder) for peer in PEERS),
        ]
        results = paired(contestants, settings, folder)
    return [row_of(one.about, results, fetchdeck.PLAIN, _goals(one.name, results)) for one in contestants]


def _contestant(peer: Peer, server: Server, settings: Settings, folder: Path) -> Contestant:
    rows = max(200, peer.rows // _QUICK) if settings.quick else peer.rows
    urls = folder / f"urls-{rows}.txt"
    if not urls.exists():
        write_urls(urls, server.url, rows)
    try:
        release = told_version(peer)
    except MissingError:
        release = ""

    def run(place: Path) -> Run:
        return peer.run(Job(urls, rows, throughput.CONCURRENCY, server, settings, place))

    many = f"{rows:,} requests" if peer.rows else ""
    note = "; ".join(filter(None, (release, peer.about.note, many)))
    return Contestant(replace(peer.about, note=note), run)


def _goals(name: str, results: Results) -> list[Goal]:
    if name not in _LEAST:
        return []
    least = _LEAST[name]
    goal = at_least(f"fetchdeck ≥ {least} × this", results.ratios(fetchdeck.PLAIN, name), least)
    for script in (bare.WORKERS, bare.KEEPING):
        goal = goal.beside(script, results.ratios(script, name))
    return [goal]


CASE = Case("peers", _work, measure)
