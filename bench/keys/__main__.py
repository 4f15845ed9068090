"""Key to paint while the engine is saturated: `python -m bench.keys`; see bench/README.md."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ..nginx import MissingError
from ..suite.settings import processors
from .measuring import Figures, Load, measure


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
    client, server = processors()
    os.sched_setaffinity(0, server)
    for concurrency in options.concurrency:
        try:
            load = Load(concurrency, options.keys, tuple(options.size), options.rows_per_second)
            found += measure(load, client, server).figures
        except MissingError as reason:
            sys.exit(f"could not run: {reason}")
    print(table(found))
    if options.json:
        options.json.write_text(json.dumps([asdict(one) | {"met": one.met} for one in found], indent=1))
    return 0 if all(one.met for one in found if one.keys == "all") else 1


if __name__ == "__main__":
    sys.exit(main())
