"""What was measured: percentiles against a target, as a Markdown table and as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    what: str
    samples: tuple[float, ...]
    unit: str = "ms"
    target: float | None = None
    """What the 99th percentile must stay below; None where there is no goal."""

    @property
    def p50(self) -> float:
        return percentile(self.samples, 50)

    @property
    def p99(self) -> float:
        return percentile(self.samples, 99)

    @property
    def met(self) -> bool:
        return self.target is None or self.p99 < self.target


def percentile(samples: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


def markdown(figures: Sequence[Figure]) -> str:
    lines = ["| what | n | p50 | p99 | target | met |", "|---|---:|---:|---:|---:|---|"]
    for one in figures:
        target = "" if one.target is None else f"< {one.target:g} {one.unit}"
        met = "" if one.target is None else "yes" if one.met else "NO"
        p50, p99 = f"{one.p50:.2f} {one.unit}", f"{one.p99:.2f} {one.unit}"
        lines.append(f"| {one.what} | {len(one.samples)} | {p50} | {p99} | {target} | {met} |")
    return "\n".join(lines)


def as_json(figures: Sequence[Figure]) -> list[dict[str, Any]]:
    return [
        {
            "what": one.what,
            "unit": one.unit,
            "p50": one.p50,
            "p99": one.p99,
            "target": one.target,
            "met": one.met,
            "samples": list(one.samples),
        }
        for one in figures
    ]
