"""Concurrency turned up and down in mid-run, as the server sees it."""

from __future__ import annotations

import re
import signal
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from .. import fetchdeck
from ..case import Case
from ..child import Child, TroubleError
from ..figures import median, percentile
from ..goals import at_least, at_most
from ..inputs import write_urls
from ..levels import average, drained, levels, reached
from ..rows import Row
from ..servers import Serving, seen, serve
from ..settings import Settings
from ..standing import JOURNAL, Watch
from .latency import LATENCY_MS

_LOW, _HIGH = 50, 500
_HELD = 0.95
_LIMIT_S = 30.0
_ROWS = 50_000
"""More than can be fetched meanwhile."""


@dataclass(frozen=True, slots=True)
class Resized:
    """One round."""

    latency_s: float
    """The 99th percentile of the run's attempts: what a request in flight may need to its end."""
    up_s: float
    down_s: float
    held: float
    """The average level while the high limit held, of that limit."""
    broken: int
    """Attempts that did not succeed, and requests that the server saw given up."""


def _stays_s(settings: Settings) -> float:
    return settings.load(4, 2)


def _work(settings: Settings) -> str:
    return (
        f"{_LOW}→{_HIGH}→{_LOW}, typed into the dashboard, {_stays_s(settings):.0f} s each, {LATENCY_MS} ms a request "
        "(nginx, echo_sleep); levels by the server's log, from the moment when the engine took the command."
    )


def measure(settings: Settings, folder: Path) -> list[Row]:
    """One latency is what the run's attempts took, at their 99th percentile."""
    rounds: list[Resized] = []
    troubles: list[str] = []
    for number in range(settings.rounds):
        place = folder / str(number)
        place.mkdir()
        try:
            rounds.append(one := _once(settings, place))
            settings.say(
                f"  round {number + 1}: up {one.up_s:.3f} s, down {one.down_s:.3f} s, held {one.held:.3f}"
            )
        except (TroubleError, sqlite3.Error, OSError) as reason:
            troubles.append(str(reason))
    trouble = "; ".join(troubles[-1:])
    latency = median([one.latency_s for one in rounds])
    note = f"one latency is {1000 * latency:.0f} ms, the 99th percentile of its attempts" if latency else ""
    return [
        Row(f"{_LOW}→{_HIGH}: until {_HIGH} are in flight", "ms", tuple(1000 * one.up_s for one in rounds), note=note,
            goals=(at_most("≤ 1 latency", [one.up_s / one.latency_s for one in rounds], 1),), trouble=trouble),
        Row(f"average level at {_HIGH}, of that", "", tuple(one.held for one in rounds),
            goals=(at_least(f"held ≥ {_HELD}", [one.held for one in rounds], _HELD),), trouble=trouble),
        Row(f"{_HIGH}→{_LOW}: until {_LOW} are in flight", "ms", tuple(1000 * one.down_s for one in rounds),
            goals=(at_most("≤ 1 latency", [one.down_s / one.latency_s for one in rounds], 1),), trouble=trouble),
        Row("cancelled or failed", "attempts", tuple(float(one.broken) for one in rounds),
            goals=(at_most("= 0", [max(one.broken for one in rounds)] if rounds else [], 0),), trouble=trouble),
    ]  # fmt: skip


def _once(settings: Settings, place: Path) -> Resized:
    run = place / "x.run"
    with serve(place / "nginx", settings.server, Serving(latency_ms=LATENCY_MS, logged=True)) as server:
        urls = write_urls(place / "urls.txt", server.url, _ROWS)
        words = [*fetchdeck.command(), "run", str(urls), "--tui", "--run", str(run), "-c", str(_LOW)]
        with Child(
            words, place, settings.client, terminal=fetchdeck.SIZE, environment=fetchdeck.environment(place)
        ) as child:
            _work_on(child, run, _stays_s(settings))
            _type(child, _HIGH, _stays_s(settings))
            _type(child, _LOW, _stays_s(settings))
            fetchdeck.leave(child, by=signal.SIGTERM)
        return _judged(run, server.log)


def _work_on(child: Child, run: Path, stays_s: float) -> None:
    """Wait until the run is under way, and then as long as it is to stay as it is."""
    with Watch(run) as watch:
        ends = monotonic() + _LIMIT_S
        while watch.ended() < _LOW:
            if monotonic() > ends or child.ended is not None:
                raise TroubleError("the run did not begin")
            child.read(0.1)
    _stay(child, stays_s)


def _type(child: Child, limit: int, stays_s: float) -> None:
    child.type("c")
    _stay(child, 0.5)
    child.type(f"{limit}\r")
    _stay(child, stays_s)


def _stay(child: Child, seconds: float) -> None:
    ends = monotonic() + seconds
    while (left := ends - monotonic()) > 0:
        child.read(left)


def _judged(run: Path, log: Path) -> Resized:
    with closing(sqlite3.connect(f"file:{run / JOURNAL}?mode=ro", uri=True)) as db:
        said = db.execute("SELECT at, text FROM events WHERE kind = 'concurrency' ORDER BY at").fetchall()
        took = [row[0] / 1000 for row in db.execute("SELECT elapsed_ms FROM attempts WHERE kind IS NULL")]
        failed = db.execute("SELECT count(*) FROM attempts WHERE kind IS NOT NULL").fetchone()[0]
    at = {int(to[1]): when for when, text in said if (to := re.search(r"→(\d+)", text))}
    if not took:
        raise TroubleError(f"{failed:,} attempts failed, and none succeeded")
    if set(at) != {_LOW, _HIGH}:
        raise TroubleError(f"the limit was not changed as asked: {[text for _, text in said]}")
    requests = seen(log)
    found, latency = levels(requests), percentile(took, 99)
    up, down = reached(found, at[_HIGH], _HIGH), drained(found, at[_LOW], _LOW)
    if up is None or down is None:
        raise TroubleError("the new level was never reached")
    held = average(found, at[_HIGH] + latency, at[_LOW]) / _HIGH
    given_up = sum(one.status != 200 for one in requests)
    return Resized(latency, up, down, held, failed + given_up)


CASE = Case("resize", _work, measure)
