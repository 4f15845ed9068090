"""Tables over a million rows: `python -m bench.tables [--rows N]`."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from time import perf_counter

from . import memory, reading, widget
from .figures import Figure, as_json, markdown
from .journal import make

SMALL = 10_000
MEMORY_GROWTH = 1.5
"""A journal of a million rows may take so much more memory than one of 10,000; caches of fixed size fill."""


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.tables", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=200, help="samples of a page or a turn of the wheel")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long the journal grows")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every sample here")
    return parser.parse_args(arguments)


def load() -> str:
    """How busy the machine is, without which no percentile can be judged."""
    return f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def run(given: argparse.Namespace, folder: Path) -> list[Figure]:
    path, small = folder / "journal.sqlite", folder / "small.sqlite"
    began = perf_counter()
    with closing(make(path, given.rows)) as writer, closing(make(small, min(SMALL, given.rows))):
        size, took = path.stat().st_size / 1e6, perf_counter() - began
        print(f"journal of {given.rows:,} rows, {size:,.0f} MB, in {took:.1f} s; {load()}")
        figures = asyncio.run(reading.measure(path, given.times))
        few, many = memory.peak_mb(small), memory.peak_mb(path)
        figures += asyncio.run(widget.measure(path, writer, given.times, given.seconds))
    return [
        *figures,
        Figure(f"peak memory, {min(SMALL, given.rows):,} rows", (few,), "MB"),
        Figure(f"peak memory, {given.rows:,} rows", (many,), "MB", target=few * MEMORY_GROWTH),
    ]


def main(arguments: list[str]) -> int:
    given = options(arguments)
    with tempfile.TemporaryDirectory(prefix="fetchdeck-tables-") as name:
        figures = run(given, Path(name))
    print(f"\n{markdown(figures)}")
    if given.json is not None:
        given.json.write_text(json.dumps({"rows": given.rows, "figures": as_json(figures)}, indent=1))
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
