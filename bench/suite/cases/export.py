"""How fast a run is written out."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from .. import bare, fetchdeck
from ..case import Case
from ..child import Child, TroubleError
from ..figures import Run
from ..goals import at_least
from ..journals import make_run
from ..rounds import Contestant, paired
from ..rows import About, Row, row_of
from ..settings import Settings

_NAME = "fetchdeck export, .jsonl"
_ABOUT = About(_NAME)
_LEAST = 150_000
_URL = "http://127.0.0.1:8000"
"""Where the requests would have gone; nobody is asked."""
_BLOCK = 1 << 20


def _rows(settings: Settings) -> int:
    return settings.load(1_000_000, 40_000)


def _work(settings: Settings) -> str:
    return f"a run of {_rows(settings):,} succeeded rows with 932-byte JSON bodies and their headers, to JSON lines."


def measure(settings: Settings, folder: Path) -> list[Row]:
    """The run is made once."""
    count = _rows(settings)
    settings.say("  making the run")
    run = make_run(folder / "done.run", _URL, count, count, concurrency=100)
    contestants = [
        Contestant(_ABOUT, partial(_export, run, count, settings)),
        Contestant(bare.ABOUT_EXPORT, partial(bare.export, run, count, settings)),
    ]
    results = paired(contestants, settings, folder)
    rates, script = ([one.rate for one in results.done(name)] for name in (_NAME, bare.EXPORT))
    goals = {_NAME: (at_least(f"≥ {_LEAST:,} rows/s", rates, _LEAST).beside(bare.EXPORT, script),)}
    return [
        replace(row_of(one.about, results, _NAME, goals.get(one.name, ())), unit="rows/s")
        for one in contestants
    ]


def _export(run: Path, count: int, settings: Settings, place: Path) -> Run:
    words = [*fetchdeck.command(), "export", str(run), "--output", "out.jsonl"]
    with Child(words, place, settings.client, environment=fetchdeck.environment(place)) as child:
        ended = child.succeed(fetchdeck.limit_s(count))
        with (place / "out.jsonl").open("rb") as file:
            lines = sum(block.count(b"\n") for block in iter(partial(file.read, _BLOCK), b""))
        if lines != count:
            raise TroubleError(f"{lines:,} of {count:,} lines were written")
        return Run(count, ended.ended - child.began, ended.cpu_s, ended.peak_mb)


CASE = Case("export", _work, measure)
