"""Thousands in flight, as far as descriptors go: at what cost, and without timeouts of its own making."""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count as numbers
from pathlib import Path

from .. import bare, fetchdeck
from ..case import Case
from ..figures import Results, Run
from ..goals import at_least, at_most
from ..inputs import write_urls
from ..rounds import Contestant, paired
from ..rows import Row, row_of
from ..servers import Server, Serving, serve
from ..settings import Settings
from .latency import LATENCY_MS

_SPARE = 256
"""Descriptors beside the connections."""
_PORTS = 4
_LEAST = 0.95


def _levels(settings: Settings) -> dict[int, int]:
    """Requests for each concurrency."""
    return {500: 3_000, 1_000: 4_000} if settings.quick else {5_000: 60_000, 10_000: 80_000}


def _work(settings: Settings) -> str:
    loads = ", ".join(f"{rows:,} at C={level:,}" for level, rows in _levels(settings).items())
    return f"{loads}; {LATENCY_MS} ms each (nginx, echo_sleep); another port for each run."


def measure(settings: Settings, folder: Path) -> list[Row]:
    """Each level is a comparison of its own; one that the limit of descriptors does not allow says so."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    rows: list[Row] = []
    with serve(folder / "nginx", settings.server, Serving(latency_ms=LATENCY_MS, ports=_PORTS)) as server:
        for level, count in _levels(settings).items():
            if level + _SPARE > most:
                rows.append(Row(f"C={level:,}", trouble=f"a process may have only {most:,} descriptors"))
            else:
                rows += _measure(level, count, server, settings, folder)
    return rows


def _measure(level: int, count: int, server: Server, settings: Settings, folder: Path) -> list[Row]:
    inputs = [
        write_urls(folder / f"urls-{port}.txt", f"http://127.0.0.1:{port}", count) for port in server.ports
    ]
    turn = numbers()

    def with_input(run: Callable[[Path, Path], Run]) -> Callable[[Path], Run]:
        return lambda place: run(inputs[next(turn) % len(inputs)], place)

    def own(urls: Path, place: Path) -> Run:
        return fetchdeck.plain([str(urls), "-c", str(level)], count, settings, place)

    def workers(urls: Path, place: Path) -> Run:
        return bare.workers(urls, count, level, settings, place)

    contestants = [
        Contestant(fetchdeck.ABOUT_PLAIN, with_input(own)),
        Contestant(bare.ABOUT_WORKERS, with_input(workers)),
    ]
    results = paired(contestants, settings, folder)
    named = partial(_row, results=results, level=level)
    return [named(one) for one in contestants]


def _row(one: Contestant, results: Results, level: int) -> Row:
    goals = []
    if one.name == fetchdeck.PLAIN:
        failed = [run.more["failed_attempts"] for run in results.done(one.name)]
        goals = [
            at_least(f"≥ {_LEAST} × {bare.WORKERS}", results.ratios(one.name, bare.WORKERS), _LEAST),
            # Of all rounds, not of their median.
            at_most("attempts that failed = 0", [max(failed)] if failed else [], 0),
        ]
    row = row_of(one.about, results, fetchdeck.PLAIN, goals)
    return replace(row, what=f"C={level:,}: {one.name}")


CASE = Case("many-in-flight", _work, measure)
