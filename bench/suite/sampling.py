"""What a process has used so far, from /proc, while somebody measures it."""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from .child import Child
from .standing import Standing

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6


@dataclass(frozen=True, slots=True)
class Sample:
    """One look."""

    done: int
    """Requests that had ended."""
    total: int
    """Rows that had been read."""
    cpu_s: float
    resident_mb: float


@dataclass(slots=True)
class Sampler:
    """Looks no more often than it is told to."""

    every_s: float = 1.0
    samples: list[Sample] = field(default_factory=list)
    _next: float = 0.0

    def look(self, child: Child, standing: Standing) -> None:
        """Take a sample if it is time."""
        if (now := monotonic()) < self._next:
            return
        self._next = now + self.every_s
        with suppress(OSError):  # it has just ended
            self.samples.append(sample(child, standing))


def sample(child: Child, standing: Standing) -> Sample:
    """Look now; raises OSError where the command has ended."""
    fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
    cpu_s = (int(fields[11]) + int(fields[12])) * _TICK_S
    return Sample(standing.done, standing.total, cpu_s, int(fields[21]) * _PAGE_MB)


def cost_us(samples: Sequence[Sample], begin: float, end: float) -> float | None:
    """Processor time a request between two counts of ended requests; None where too few samples fall between."""
    inside = [one for one in samples if begin <= one.done <= end]
    if len(inside) < 2 or inside[-1].done == inside[0].done:
        return None
    return 1e6 * (inside[-1].cpu_s - inside[0].cpu_s) / (inside[-1].done - inside[0].done)


def read_at(samples: Sequence[Sample], rows: int) -> int | None:
    """How many requests had ended when all rows had been read; None where that was never seen."""
    return next((one.done for one in samples if one.total >= rows), None)


def resident_mb(samples: Sequence[Sample], begin: float, end: float) -> float | None:
    """The median between two shares of all samples; None of none."""
    part = samples[int(len(samples) * begin) : max(int(len(samples) * begin) + 1, int(len(samples) * end))]
    return statistics.median(one.resident_mb for one in part) if part else None
