"""What the samples of a run come to: a line a minute, and the figures that are held against limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from .sampling import Gap, Sample

BASE_ROWS = 50_000
"""Memory at the end is compared with memory after so many rows."""
_STEADY = 20
"""Samples whose median stands for one moment, so that a garbage collection more or less does not decide."""
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Figures:
    """One run in numbers; bytes, milliseconds and descriptors."""

    base_rss: int | None
    """After the first rows; None where there were too few for a comparison."""
    end_rss: int
    most_rss: int
    """The most it was in a sample after the base."""
    base_descriptors: int | None
    end_descriptors: int
    most_descriptors: int
    most_threads: int
    gap: Gap
    """The loop's longest one."""
    own_gap: Gap
    """The longest one without the time for which the processors were with others."""
    most_wal: int

    @property
    def growth(self) -> float | None:
        """Memory at the end as a multiple of memory after the first rows."""
        return self.end_rss / self.base_rss if self.base_rss else None


def figures_of(samples: Sequence[Sample], done: int, base_rows: int) -> Figures:
    """Boil a run's samples down; with fewer than twice `base_rows` rows done in all there is no base."""
    later = [one for one in samples if one.done >= base_rows]
    comparable = bool(later) and done >= 2 * base_rows
    return Figures(
        base_rss=int(median(one.rss for one in later[:_STEADY])) if comparable else None,
        end_rss=int(median(one.rss for one in samples[-_STEADY:])),
        most_rss=max(one.rss for one in (later if comparable else samples)),
        base_descriptors=int(median(one.descriptors for one in later[:_STEADY])) if comparable else None,
        end_descriptors=int(median(one.descriptors for one in samples[-_STEADY:])),
        most_descriptors=max(one.descriptors for one in samples),
        most_threads=max(one.threads for one in samples),
        gap=max(one.gap for one in samples),
        own_gap=max((one.own_gap for one in samples), key=lambda gap: gap.own_ms),
        most_wal=max(one.wal for one in samples),
    )


class Lines:
    """The Markdown table that grows while the run goes on."""

    HEADING = (
        "| s | rows | rows/s | memory MiB | peak MiB | open files | threads | loop gap ms | running ms "
        "| waiting ms | journal MiB | WAL MiB |\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    )

    def __init__(self, every_s: float, show: Callable[[str], None]) -> None:
        """Show the heading, then a line every so many seconds."""
        show(self.HEADING)
        self._every_s = every_s
        self._show = show
        self._since: list[Sample] = []
        self._before = (0.0, 0)

    def add(self, sample: Sample) -> None:
        """Take in a sample, and show a line if it is time."""
        self._since.append(sample)
        if sample.at_s - self._before[0] >= self._every_s:
            self.flush()

    def flush(self) -> None:
        """Show a line of what has not been shown."""
        if not self._since:
            return
        last, worst = self._since[-1], max(one.gap for one in self._since)
        at_s, done = self._before
        rate = (last.done - done) / max(last.at_s - at_s, 1e-9)
        cells = (
            f"{last.at_s:.0f}", f"{last.done:,}", f"{rate:,.0f}",
            f"{last.rss / _MIB:.1f}", f"{last.peak / _MIB:.1f}",
            f"{max(one.descriptors for one in self._since):,}", str(last.threads),
            f"{worst.ms:.0f}", f"{worst.ran_ms:.0f}", f"{worst.waited_ms:.0f}",
            f"{last.journal / _MIB:.0f}", f"{max(one.wal for one in self._since) / _MIB:.0f}",
        )  # fmt: skip
        self._show("| " + " | ".join(cells) + " |")
        self._before = (last.at_s, last.done)
        self._since.clear()
