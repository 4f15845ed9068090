"""The command seen from outside: its memory, descriptors and threads, and how far its journal has come."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

_KIB = 1024
_TERMINAL = ("succeeded", "failed", "skipped", "invalid")
_PENDING = ("queued", "in_flight", "waiting")


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """A time for which the command's event loop did not come round, in milliseconds."""

    ms: float = 0.0
    ran_ms: float = 0.0
    """For which the loop's thread ran: work that should have been done in smaller pieces."""
    waited_ms: float = 0.0
    """For which it was ready to run and had no processor."""

    @property
    def own_ms(self) -> float:
        """What the command is to blame for at most: it ran, or waited for a disk or one of its own threads."""
        return self.ms - self.waited_ms


@dataclass(frozen=True, slots=True)
class Sample:
    """The command at one moment."""

    at_s: float
    """Since its start."""
    done: int
    """Rows in a terminal state."""
    total: int
    """Rows accepted so far."""
    rss: int
    """Resident memory in bytes (VmRSS, proc(5))."""
    peak: int
    """The most it ever was (VmHWM)."""
    descriptors: int
    threads: int
    journal: int
    """Bytes of the database file."""
    wal: int
    """Bytes of its write-ahead log."""
    gap: Gap
    """The longest one since the last sample."""
    own_gap: Gap
    """The one since then for which the command is most to blame."""


def take_sample(pid: int, folder: Path, at_s: float, gap: Gap, own_gap: Gap) -> Sample | None:
    """Look at a process and its run folder; None where the process has ended."""
    proc = Path(f"/proc/{pid}")
    try:
        status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
        descriptors = sum(1 for _ in (proc / "fd").iterdir())
        rss, peak = _bytes(status["VmRSS"]), _bytes(status["VmHWM"])
    except (OSError, KeyError):
        return None
    journal = folder / "journal.sqlite"
    done, total = count_rows(folder)
    return Sample(
        at_s=at_s,
        done=done,
        total=total,
        rss=rss,
        peak=peak,
        descriptors=descriptors,
        threads=int(status["Threads"]),
        journal=_size(journal),
        wal=_size(journal.with_name(journal.name + "-wal")),
        gap=gap,
        own_gap=own_gap,
    )


def count_rows(folder: Path) -> tuple[int, int]:
    """Rows in a terminal state, and all rows accepted so far, as the journal counts them."""
    # Opened anew each time: a connection held open would keep the command from tidying up its log at the end.
    try:
        with closing(sqlite3.connect(f"file:{folder / 'journal.sqlite'}?mode=ro", uri=True)) as db:
            counts: dict[str, int] = dict(db.execute("SELECT name, n FROM counters"))
    except sqlite3.Error:
        return 0, 0  # not made yet
    done = sum(counts.get(state, 0) for state in _TERMINAL)
    return done, done + sum(counts.get(state, 0) for state in _PENDING)


def _bytes(field: str) -> int:
    return int(field.split()[0]) * _KIB


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
