"""The one table, and the file that keeps every figure of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .figures import median
from .goals import figure
from .rows import RATE, Row

_TITLES = (
    "case", "what", "median", "min–max", "CPU µs/request", "peak MB", "fetchdeck ÷ this", "keeps bodies",
    "survives a kill", "goals",
)  # fmt: skip
_RIGHT = range(2, 7)
_EXPLAINED = (
    "Medians over the rounds. *fetchdeck ÷ this* is how many times as fast as the line's own contestant the plain "
    "fetchdeck was (above 1: fetchdeck is faster), the median of the ratios within each round. CPU is user and system "
    "time of the command, peak memory its `ru_maxrss`, both by `wait4`. Times are of whole commands, start to exit."
)


@dataclass(frozen=True, slots=True)
class Done:
    """A case that was measured."""

    name: str
    work: str
    """What its load was, in a sentence."""
    quick: bool
    rounds: int
    rows: tuple[Row, ...]
    machine: Mapping[str, Any]
    """What it was measured on, and when."""

    @property
    def missed(self) -> list[str]:
        """Goals that were not met, or could not be judged."""
        return [f"{self.name}, {row.what}: {goal}" for row in self.rows for goal in row.goals if not goal.met]

    def as_json(self) -> dict[str, Any]:
        return {
            "work": self.work,
            "quick": self.quick,
            "rounds": self.rounds,
            "machine": dict(self.machine),
            "rows": [row.as_json() for row in self.rows],
        }

    @classmethod
    def from_json(cls, name: str, found: Mapping[str, Any]) -> Done:
        rows = tuple(Row.from_json(row) for row in found["rows"])
        return cls(name, found["work"], found["quick"], found["rounds"], rows, found["machine"])


def read(path: Path) -> dict[str, Done]:
    """What a file of results holds, nothing where there is none."""
    if not path.exists():
        return {}
    found = json.loads(path.read_text())
    return {name: Done.from_json(name, case) for name, case in found["cases"].items()}


def write(path: Path, cases: Mapping[str, Done]) -> None:
    """Put a file in the place of the one before, whole or not at all."""
    text = json.dumps({"cases": {name: case.as_json() for name, case in cases.items()}}, indent=1)
    beside = path.with_name(path.name + ".new")
    beside.write_text(text + "\n")
    beside.replace(path)


def markdown(cases: Sequence[Done]) -> str:
    """One table with what it means above it, and below it what the cases did and what is to be known."""
    quick = [case.name for case in cases if case.quick]
    lines = (
        [f"**A quick run, of small loads: these figures say nothing** ({', '.join(quick)}).\n"]
        if quick
        else []
    )
    lines += [_EXPLAINED, "", _line(_TITLES)]
    lines.append(_line("---:" if n in _RIGHT else "---" for n in range(len(_TITLES))))
    lines += [_line(_cells(case, row)) for case in cases for row in case.rows]
    lines += ["", *(f"- *{case.name}*: {case.work} {_when(case)}" for case in cases)]
    notes = [(case.name, row.what, text) for case in cases for row in case.rows for text in _notes(row)]
    lines += ["", *(f"- {name}, {what}: {text}." for name, what, text in notes)] if notes else []
    return "\n".join(lines)


def _when(case: Done) -> str:
    on = case.machine
    facts = (
        f"{case.rounds} rounds",
        f"{on.get('at')} in {on.get('took_s')} s",
        f"commit {on.get('commit')}",
        f"{on.get('cores')} cores of {on.get('processor')}, load {on.get('load')} before",
        f"Python {on.get('python')}",
        f"aiohttp {on.get('aiohttp')}",
    )
    return f"({'; '.join(facts)})"


def _notes(row: Row) -> list[str]:
    few = f"failed in a round: {row.trouble}" if row.trouble and row.values else ""
    return [text.rstrip(".") for text in (row.note, few) if text]


def _cells(case: Done, row: Row) -> list[str]:
    found = median(row.values)
    value = f"could not run: {row.trouble or 'no figures'}" if found is None else shown(found, row.unit)
    spread = f"{figure(min(row.values))}–{figure(max(row.values))}" if len(row.values) > 1 else ""
    ratio = median(row.ratios)
    return [
        case.name,
        row.what,
        value,
        spread,
        *(
            figure(middle) if (middle := median(each)) is not None else ""
            for each in (row.cpu_us, row.peak_mb)
        ),
        "" if ratio is None else f"{ratio:.2f}",
        row.keeps,
        row.survives,
        "; ".join(map(str, row.goals)),
    ]


def shown(value: float, unit: str) -> str:
    """A figure with its unit."""
    return f"{figure(value)}/s" if unit == RATE else f"{figure(value)} {unit}".rstrip()


def _line(cells: Any) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
