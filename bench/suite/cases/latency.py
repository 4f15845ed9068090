"""Latency-bound work: how near a run comes to what latency and concurrency allow."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from .. import bare, fetchdeck
from ..case import Case
from ..figures import Results, median
from ..goals import at_most
from ..inputs import write_urls
from ..rounds import Contestant, paired
from ..rows import Row, row_of
from ..servers import Serving, serve
from ..settings import Settings

LATENCY_MS = 333
_CONCURRENCY = 500
_MOST_BEYOND = 3
"""Hundredths."""
_SCRIPTS = {fetchdeck.PLAIN: bare.WORKERS, fetchdeck.DASHBOARD: bare.BENEATH}
"""What each does with nothing around it."""


def _rows(settings: Settings) -> int:
    return settings.load(27_000, 3_000)


def _ideal_s(settings: Settings) -> float:
    return _rows(settings) * LATENCY_MS / 1000 / _CONCURRENCY


def _work(settings: Settings) -> str:
    return (
        f"{_rows(settings):,} × {LATENCY_MS} ms (nginx, echo_sleep), C={_CONCURRENCY}: {_ideal_s(settings):.1f} s "
        "would be ideal."
    )


def measure(settings: Settings, folder: Path) -> list[Row]:
    """The goal is held by the whole command, start-up included; what is the session's own stands in the notes."""
    count = _rows(settings)
    with serve(folder / "nginx", settings.server, Serving(latency_ms=LATENCY_MS)) as server:
        urls = write_urls(folder / "urls.txt", server.url, count)
        words = [str(urls), "-c", str(_CONCURRENCY)]
        script = urls, count, _CONCURRENCY, settings
        contestants = [
            Contestant(fetchdeck.ABOUT_PLAIN, partial(fetchdeck.plain, words, count, settings)),
            Contestant(fetchdeck.ABOUT_DASHBOARD, partial(fetchdeck.dashboard, words, count, settings)),
            Contestant(bare.ABOUT_WORKERS, partial(bare.workers, *script)),
            Contestant(bare.ABOUT_BENEATH, partial(bare.beneath_textual, *script)),
        ]
        results = paired(contestants, settings, folder)
    return [_row(one, results, _ideal_s(settings)) for one in contestants]


def _row(one: Contestant, results: Results, ideal_s: float) -> Row:
    if one.name not in _SCRIPTS:
        return row_of(one.about, results, fetchdeck.PLAIN)

    def beyond_ideal(name: str) -> list[float]:
        return [100 * (run.wall_s / ideal_s - 1) for run in results.done(name)]

    script = _SCRIPTS[one.name]
    goal = at_most(f"whole command ≤ ideal + {_MOST_BEYOND}%", beyond_ideal(one.name), _MOST_BEYOND)
    goal = goal.beside(script, beyond_ideal(script))
    return row_of(one.about, results, fetchdeck.PLAIN, [goal], _shares(one.name, results, ideal_s))


def _shares(name: str, results: Results, ideal_s: float) -> str:
    done = results.done(name)
    whole, own = median([run.wall_s for run in done]), median([run.more["session_s"] for run in done])
    if whole is None or own is None:
        return ""
    return (
        f"{whole:.2f} s from start to end, of which the session's own account is {own:.2f} s "
        f"({own / ideal_s:.3f} × ideal) and starting and ending {whole - own:.2f} s ({(whole - own) / whole:.1%})"
    )


CASE = Case("latency", _work, measure)
