"""A line of the table, with every figure that it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .figures import Results
from .goals import Goal

RATE = "requests/s"


@dataclass(frozen=True, slots=True)
class Row:
    """What one contestant, or one measurement, came to over all rounds."""

    what: str
    unit: str = RATE
    values: tuple[float, ...] = ()
    """One of each round, or as many as its note says."""
    cpu_us: tuple[float, ...] = ()
    """A request."""
    peak_mb: tuple[float, ...] = ()
    ratios: tuple[float, ...] = ()
    """How many times as fast as this fetchdeck was, round by round."""
    keeps: str = ""
    """Whether it keeps the bodies."""
    survives: str = ""
    """Whether a kill loses nothing that it had."""
    goals: tuple[Goal, ...] = ()
    note: str = ""
    trouble: str = ""
    """Why there are no figures, or why there are fewer."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Row:
        lists = {name: tuple(found[name]) for name in ("values", "cpu_us", "peak_mb", "ratios")}
        return cls(**{**found, **lists, "goals": tuple(Goal(**goal) for goal in found["goals"])})


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a contestant beforehand."""

    name: str
    keeps: str = "no"
    survives: str = "no"
    note: str = ""


def row_of(about: About, results: Results, base: str, goals: Sequence[Goal] = (), note: str = "") -> Row:
    """The line of one contestant; `base` is the fetchdeck that it is compared with."""
    done = results.done(about.name)
    return Row(
        about.name,
        values=tuple(run.rate for run in done),
        cpu_us=tuple(run.cpu_us for run in done),
        peak_mb=tuple(run.peak_mb for run in done),
        ratios=results.ratios(base, about.name),
        keeps=about.keeps,
        survives=about.survives,
        goals=tuple(goals),
        note="; ".join(filter(None, (about.note, note))),
        trouble=results.troubles.get(about.name, ""),
    )
