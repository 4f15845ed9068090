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
from ..servers import Seen, Serving, seen, serve
from ..settings import Settings
from ..standing import JOURNAL
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
    """The average level by the journal's attempts while the high limit held, of that limit."""
    held_at_server: float
    """The same as the server saw it: without the time in which a request, or its reply, waits for the client."""
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
    return _rows(rounds, troubles[-1] if troubles else "")


def _rows(rounds: list[Resized], trouble: str) -> list[Row]:
    """Ups and downs in terms of a latency are compared within each round."""
    seen_held = median([one.held_at_server for one in rounds])
    latency = median([one.latency_s for one in rounds])
    known = f"one latency is {1000 * latency:.0f} ms, the 99th percentile of its attempts" if latency else ""
    at_server = f"{seen_held:.3f} as the server saw it" if seen_held else ""
    return [
        Row(f"{_LOW}→{_HIGH}: until {_HELD:.0%} of {_HIGH} are at the server", "ms",
            tuple(1000 * one.up_s for one in rounds), note=known, trouble=trouble,
            goals=(at_most("≤ 1 latency", [one.up_s / one.latency_s for one in rounds], 1),)),
        Row(f"average level at {_HIGH}, of that", "", tuple(one.held for one in rounds), note=at_server,
            goals=(at_least(f"held ≥ {_HELD}", [one.held for one in rounds], _HELD),), trouble=trouble),
        Row(f"{_HIGH}→{_LOW}: until {_LOW} are at the server", "ms", tuple(1000 * one.down_s for one in rounds),
            goals=(at_most("≤ 1 latency", [one.down_s / one.latency_s for one in rounds], 1),), trouble=trouble),
        Row("cancelled or failed", "attempts", tuple(float(one.broken) for one in rounds),
            goals=(at_most("= 0", [max(one.broken for one in rounds)] if rounds else [], 0),), trouble=trouble),
    ]  # fmt: skip


def _once(settings: Settings, place: Path) -> Resized:
    with serve(place / "nginx", settings.server, Serving(latency_ms=LATENCY_MS, logged=True)) as server:
        urls = write_urls(place / "urls.txt", server.url, _ROWS)
        words = [str(urls), "-c", str(_LOW)]
        with fetchdeck.start_dashboard(words, settings, place) as child:
            _work_on(child, place, _stays_s(settings))
            _type(child, _HIGH, _stays_s(settings))
            _type(child, _LOW, _stays_s(settings))
            fetchdeck.leave(child, by=signal.SIGTERM)
        return _judged(place / fetchdeck.RUN, server.log)


def _work_on(child: Child, place: Path, stays_s: float) -> None:
    """Wait until the run is under way, and then as long as it is to stay as it is."""
    with fetchdeck.watched(place) as watch:
        ends = monotonic() + _LIMIT_S
        while watch.now().done < _LOW:
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
        tried = [
            Seen(began, began + ms / 1000, status)
            for began, ms, status in db.execute("SELECT started, elapsed_ms, ifnull(status, 0) FROM attempts")
        ]
        failed = db.execute("SELECT count(*) FROM attempts WHERE kind IS NOT NULL").fetchone()[0]
    if failed == len(tried):
        raise TroubleError(f"{failed:,} attempts failed, and none succeeded")
    at = {int(to[1]): when for when, text in said if (to := re.search(r"→(\d+)", text))}
    if set(at) != {_LOW, _HIGH}:
        raise TroubleError(f"the limit was not changed as asked: {[text for _, text in said]}")
    latency = percentile([one.ended - one.began for one in tried], 99)
    served = seen(log)
    own, at_server = levels(tried), levels(served)
    up = reached(at_server, at[_HIGH], round(_HELD * _HIGH))
    down = drained(at_server, at[_LOW], _LOW)
    if up is None or down is None:
        raise TroubleError("the new level was never reached")
    span = at[_HIGH] + latency, at[_LOW]
    return Resized(
        latency,
        up,
        down,
        average(own, *span) / _HIGH,
        average(at_server, *span) / _HIGH,
        failed + sum(one.status != 200 for one in served),
    )


CASE = Case("resize", _work, measure)
