"""One run of the dashboard at full load, on which keys are typed."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from fetchdeck.core.report import run_status

from ..pseudo_terminal import Size
from ..suite.figures import percentile
from ..suite.inputs import write_urls
from ..suite.servers import serve
from .terminal import NoPaintError, Terminal
from .typing import KINDS, type_keys

_SETTLES_S = 5.0
_START_S = 60.0
MEDIAN_MS, P99_MS = 20.0, 50.0


@dataclass(frozen=True)
class Figures:
    """Of one kind of key at one concurrency, in milliseconds."""

    concurrency: int
    per_s: float
    """Requests that ended a second meanwhile."""
    keys: str
    count: int
    p50: float
    p95: float
    p99: float
    worst: float

    @property
    def met(self) -> bool:
        return self.p50 <= MEDIAN_MS and self.p99 <= P99_MS


@dataclass(frozen=True)
class Typed:
    """What one run of the dashboard has told."""

    concurrency: int
    per_s: float
    waits: dict[str, list[float]]
    """Key to paint, in seconds, of each kind of key."""

    @property
    def all(self) -> list[float]:
        return [wait for each in self.waits.values() for wait in each]

    @property
    def figures(self) -> list[Figures]:
        """Of each kind, and of all."""
        kinds = {**self.waits, "all": self.all}
        return [figures(self.concurrency, self.per_s, kind, each) for kind, each in kinds.items()]


@dataclass(frozen=True)
class Load:
    """How one run is set up."""

    concurrency: int
    keys: int
    """Of each kind."""
    size: Size = (120, 40)
    per_s: int = 6000
    """What the machine fetches at most."""

    @property
    def rows(self) -> int:
        """Enough to last until all keys are typed."""
        return int(self.per_s * (_SETTLES_S + 5 + self.keys * len(KINDS) * 0.4))


def measure(load: Load, client: Collection[int], server: Collection[int]) -> Typed:
    """One run of the dashboard on these processors; raises MissingError or NoPaintError."""
    with tempfile.TemporaryDirectory() as name, serve(Path(name) / "nginx", server) as serving:
        folder = Path(name)
        write_urls(folder / "rows.txt", serving.url, load.rows)
        words = ["run", "rows.txt", "--tui", "-c", str(load.concurrency)]
        terminal = Terminal(words, folder, load.size, client)
        try:
            return _run(terminal, folder, load)
        finally:
            terminal.close()


def _run(terminal: Terminal, folder: Path, load: Load) -> Typed:
    run = folder / "rows.run"
    terminal.until(lambda: "running" in terminal.screen.text, _START_S)
    terminal.press("p", lambda: run_status(run).counts.total == load.rows, _START_S)
    terminal.press("p", lambda: "running" in terminal.screen.text, _START_S)
    terminal.read(_SETTLES_S)
    began, before = monotonic(), run_status(run).counts.done
    typed = type_keys(terminal, load.keys)
    counts = run_status(run).counts
    if not counts.pending:
        raise NoPaintError("the run ended before all keys were typed; ask for more rows a second")
    return Typed(load.concurrency, (counts.done - before) / (monotonic() - began), typed.waits)


def figures(concurrency: int, per_s: float, kind: str, waits: Sequence[float]) -> Figures:
    """Percentiles by nearest rank."""
    ordered = sorted(1000 * wait for wait in waits)
    p95, p99 = (percentile(ordered, share) for share in (95, 99))
    return Figures(concurrency, per_s, kind, len(ordered), statistics.median(ordered), p95, p99, ordered[-1])
