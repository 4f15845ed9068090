"""Contestants one after the other, round by round, so that what else the machine does falls on all of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import sleep

from ..nginx import MissingError
from .child import TroubleError
from .figures import Results, Run, turned
from .rows import About
from .settings import Settings

_PATIENCE = 2
"""Failures after which a contestant is not asked again."""
_REST_S = 0.3
"""Between two of them, in which connections of the first are closed."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """Somebody who does the work of a case."""

    about: About
    run: Callable[[Path], Run]
    """Does it once, in an empty folder of its own; raises TroubleError, or MissingError where it is not there."""

    @property
    def name(self) -> str:
        return self.about.name


def paired(contestants: Sequence[Contestant], settings: Settings, folder: Path) -> Results:
    """Let all of them run in every round, another one first in each; what one leaves on the disk is deleted."""
    by_name = {one.name: one for one in contestants}
    runs: dict[str, list[Run | None]] = {name: [] for name in by_name}
    troubles: dict[str, str] = {}
    for number in range(settings.rounds):
        for name in turned(list(by_name), number):
            failed = runs[name].count(None)
            asked = failed < _PATIENCE and not troubles.get(name, "").startswith(_MISSING)
            runs[name].append(_once(by_name[name], number, settings, folder, troubles) if asked else None)
    return Results(runs, troubles)


def at_once(contestants: Sequence[Contestant], settings: Settings, folder: Path) -> Results:
    """Let all of them run at the same time in every round, on the one processor that they have.

    Whatever else the machine does falls on all of them within milliseconds, so that what they take of the processor can
    be compared within a few percent; how long they take cannot.
    """
    troubles: dict[str, str] = {}
    rounds: list[list[Run | None]] = []
    for number in range(settings.rounds):
        _settle()
        with ThreadPoolExecutor(len(contestants)) as pool:
            begun = [pool.submit(_run, one, number, settings, folder / f"at-once-{n}", troubles)
                     for n, one in enumerate(contestants)]  # fmt: skip
        rounds.append([one.result() for one in begun])
    return Results({one.name: list(runs) for one, runs in zip(contestants, zip(*rounds, strict=True), strict=True)},
                   troubles)  # fmt: skip


_MISSING = "not there: "


def _once(
    one: Contestant, number: int, settings: Settings, folder: Path, troubles: dict[str, str]
) -> Run | None:
    _settle()
    return _run(one, number, settings, folder / "contestant", troubles)


def _settle() -> None:
    """What earlier ones have left to be written must not be written at the cost of the next one."""
    os.sync()
    sleep(_REST_S)


def _run(
    one: Contestant, number: int, settings: Settings, place: Path, troubles: dict[str, str]
) -> Run | None:
    place.mkdir()
    try:
        run = one.run(place)
    except MissingError as reason:
        troubles[one.name] = f"{_MISSING}{reason}"
        settings.say(f"  {one.name}: {troubles[one.name]}")
        return None
    except (TroubleError, OSError) as reason:
        troubles[one.name] = str(reason)
        settings.say(f"  round {number + 1}: {one.name} failed: {reason}")
        return None
    finally:
        shutil.rmtree(place, ignore_errors=True)
    took = f"{run.count:,} in {run.wall_s:.2f} s" if run.count > 1 else f"{run.wall_s:.3f} s"
    settings.say(f"  round {number + 1}: {one.name}: {took}, {run.peak_mb:.0f} MB")
    return run
