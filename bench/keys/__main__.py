"""Key to paint while the engine is saturated: `python -m bench.keys`; see bench/README.md."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from time import monotonic

from fetchdeck.core.report import run_status

from ..nginx import MissingError, config, free_ports, nginx
from .terminal import NoPaintError, Terminal
from .typing import KINDS, type_keys

_BODY = '{"place":"' + "x" * 900 + '","status":"OK"}'
_SETTLES_S = 5.0
_START_S = 60.0
_MEDIAN_MS, _P99_MS = 20.0, 50.0


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
        return self.p50 <= _MEDIAN_MS and self.p99 <= _P99_MS


def measure(concurrency: int, keys: int, size: tuple[int, int], rate: int) -> list[Figures]:
    """One run of the dashboard; raises MissingError or NoPaintError."""
    cores = sorted(os.sched_getaffinity(0))
    client, server = {cores[0]}, {cores[-1]}
    os.sched_setaffinity(0, server)
    rows = int(rate * (_SETTLES_S + 5 + keys * len(KINDS) * 0.4))
    port = free_ports(1)[0]
    http = f"server {{ listen 127.0.0.1:{port} backlog=16384; default_type application/json; return 200 '{_BODY}'; }}\n"
    try:
        with (
            tempfile.TemporaryDirectory() as name,
            nginx(Path(name), config(http, connections=16384), [port], server),
        ):
            folder = Path(name)
            with (folder / "rows.txt").open("w") as file:
                file.writelines(f"http://127.0.0.1:{port}/{n}\n" for n in range(rows))
            terminal = Terminal(["run", "rows.txt", "--tui", "-c", str(concurrency)], folder, size, client)
            try:
                terminal.until(lambda: "running" in terminal.screen.text, _START_S)
                terminal.press("p", lambda: run_status(folder / "rows.run").counts.total == rows, _START_S)
                terminal.press("p", lambda: "running" in terminal.screen.text, _START_S)
                terminal.read(_SETTLES_S)
                return _typed(terminal, folder / "rows.run", concurrency, keys)
            finally:
                terminal.close()
    finally:
        os.sched_setaffinity(0, cores)


def _typed(terminal: Terminal, run: Path, concurrency: int, keys: int) -> list[Figures]:
    began, before = monotonic(), run_status(run).counts.done
    typed = type_keys(terminal, keys)
    counts = run_status(run).counts
    if not counts.pending:
        raise NoPaintError("the run ended before all keys were typed; ask for a higher --rows-per-second")
    per_s = (counts.done - before) / (monotonic() - began)
    waits = {**typed.waits, "all": [wait for each in typed.waits.values() for wait in each]}
    return [figures(concurrency, per_s, kind, each) for kind, each in waits.items()]


def figures(concurrency: int, per_s: float, kind: str, waits: Sequence[float]) -> Figures:
    """Percentiles by nearest rank."""
    ordered = sorted(1000 * wait for wait in waits)
    p95, p99 = (ordered[ceil(len(ordered) * share) - 1] for share in (0.95, 0.99))
    return Figures(concurrency, per_s, kind, len(ordered), statistics.median(ordered), p95, p99, ordered[-1])


def table(found: Sequence[Figures]) -> str:
    """In Markdown."""
    lines = [
        "| in flight | requests/s | keys | count | p50 ms | p95 ms | p99 ms | worst ms | goal |",
        "|---:|---:|---|---:|---:|---:|---:|---:|---|",
    ]
    lines += [
        f"| {one.concurrency:,} | {one.per_s:,.0f} | {one.keys} | {one.count} | {one.p50:.1f} | {one.p95:.1f} |"
        f" {one.p99:.1f} | {one.worst:.1f} | {'met' if one.met else 'missed'} |"
        for one in found
    ]
    return "\n".join(lines)


def main() -> int:
    """Entry point; 1 where a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.keys", description=__doc__)
    parser.add_argument("-c", "--concurrency", type=int, nargs="+", default=[100, 2000])
    parser.add_argument("--keys", type=int, default=150, help="of each kind")
    parser.add_argument("--size", type=int, nargs=2, default=(120, 40), metavar=("COLUMNS", "ROWS"))
    parser.add_argument("--rows-per-second", type=int, default=6000, help="what the machine fetches at most")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found: list[Figures] = []
    for concurrency in options.concurrency:
        try:
            found += measure(concurrency, options.keys, tuple(options.size), options.rows_per_second)
        except MissingError as reason:
            sys.exit(f"could not run: {reason}")
    print(table(found))
    if options.json:
        options.json.write_text(json.dumps([asdict(one) | {"met": one.met} for one in found], indent=1))
    return 0 if all(one.met for one in found if one.keys == "all") else 1


if __name__ == "__main__":
    sys.exit(main())
