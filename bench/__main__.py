"""fetchdeck side by side with bare scripts and its peers: `python -m bench [CASE …]`; see bench/README.md."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path
from time import monotonic

from .nginx import MissingError
from .suite.case import Case
from .suite.cases import CASES
from .suite.installing import install
from .suite.machine import describe
from .suite.report import Done, markdown, read, write
from .suite.rows import Row
from .suite.settings import Settings, processors

_TERMINATED = 128 + signal.SIGTERM


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"all without any: {', '.join(CASES)}")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="rounds (default 5)")
    parser.add_argument("--quick", action="store_true", help="small loads, to try the bench itself")
    parser.add_argument("--list", action="store_true", help="say what the cases do, and end")
    parser.add_argument("--install", action="store_true", help="first install what the cases compare with")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure here after each case")
    parser.add_argument(
        "--add-to", type=Path, metavar="FILE", help="the same, keeping other cases in the file"
    )
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table here after each case")
    parser.add_argument("--show", type=Path, metavar="FILE", help="only show the table of a file of results")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.cases if name not in CASES]
    if unknown:
        parser.error(f"no such case: {', '.join(unknown)}; there are {', '.join(CASES)}")
    return given


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _measured(case: Case, settings: Settings) -> Done:
    """A case on its own: what goes wrong in it stands in its row."""
    machine, began = describe(), monotonic()
    with tempfile.TemporaryDirectory(prefix="fetchdeck-bench-", ignore_cleanup_errors=True) as name:
        try:
            rows = case.measure(settings, Path(name))
        except MissingError as reason:
            rows = [Row(case.name, trouble=str(reason))]
        except Exception as error:  # whatever it is, the other cases are to be measured
            rows = [Row(case.name, trouble=f"{type(error).__name__}: {error}")]
    for row in rows:
        if row.trouble:
            _say(f"  {row.what}: {row.trouble}")
    machine["took_s"] = round(monotonic() - began)
    return Done(case.name, case.work(settings), settings.quick, settings.rounds, tuple(rows), machine)


def main(arguments: list[str]) -> int:
    """Entry point; 1 where a goal was missed or could not be judged."""
    given = _options(arguments)
    client, server = processors()
    settings = Settings(given.runs, given.quick, client, server, _say)
    if given.list:
        print("\n".join(f"{case.name}: {case.work(settings)}" for case in CASES.values()))
        return 0
    if given.show:
        print(markdown(_in_order(read(given.show))))
        return 0
    if given.install:
        install(_say)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(_TERMINATED))
    # The bench does little, and that beside the server.
    os.sched_setaffinity(0, server)
    done = read(given.add_to) if given.add_to else {}
    names = given.cases or list(CASES)
    for name in names:
        _say(f"{name}: {CASES[name].work(settings)}")
        done[name] = _measured(CASES[name], settings)
        for file in filter(None, (given.json, given.add_to)):
            write(file, done)
        if given.markdown:
            given.markdown.write_text(markdown(_in_order(done)) + "\n")
    print(markdown(_in_order({name: done[name] for name in names})))
    missed = [text for name in names for text in done[name].missed]
    failed = [name for name in names if any(row.trouble and not row.values for row in done[name].rows)]
    _say("\n".join(["", *(f"not reached: {text}" for text in missed)]))
    _say("\n".join(f"could not run, in whole or in part: {name}" for name in failed))
    return 1 if missed else 0


def _in_order(done: dict[str, Done]) -> list[Done]:
    return [done[name] for name in CASES if name in done]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
