"""`python -m bench.soak`: a long run of the real command under mixed faults, and whether it stayed sound."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from .command import Front
from .fates import MOST_SPOILT
from .figures import BASE_ROWS
from .soak import Result, Settings, soak

_MILLION = 1_000_000
_PATH = click.Path(path_type=Path)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--rows", type=click.IntRange(min=1), default=100_000, help="Rows of the input.")
@click.option("--million", is_flag=True, help="The same as --rows 1000000.")
@click.option("--front", "fronts", type=click.Choice([front.value for front in Front]), multiple=True,
              help="Only this front end; both without.")  # fmt: skip
@click.option("--minutes", type=click.FloatRange(min=0), help="Stop each run with SIGTERM after so many.")
@click.option("-c", "--concurrency", type=click.IntRange(min=1), default=200, help="Requests in flight.")
@click.option("--timeout", "timeout_s", default=10.0, help="Seconds for one attempt.")
@click.option("--retries", type=click.IntRange(min=MOST_SPOILT), default=4, help="Further attempts.")
@click.option("--every", "every_s", default=60.0, help="Seconds between two lines of the table.")
@click.option("--base-rows", type=click.IntRange(min=1), default=BASE_ROWS,
              help="Rows after which memory is taken as the base.")  # fmt: skip
@click.option("--folder", type=_PATH, help="Keep the run folders in this new folder.")
@click.option("--stacks", type=_PATH, help="Append all stacks to this file whenever the loop stands still.")
@click.option("--json", "report", type=_PATH, help="Write every figure and sample to this file.")
def main(
    million: bool, fronts: tuple[str, ...], folder: Path | None, report: Path | None, **given: Any
) -> None:
    """Run `fetchdeck run` over many rows under mixed faults; the exit status is 1 where a check fails."""
    if million:
        given["rows"] = _MILLION
    settings = Settings(**given)
    results: list[Result] = []
    with ExitStack() as stack:
        inside = folder or Path(stack.enter_context(TemporaryDirectory(prefix="soak-")))
        for front in [Front(name) for name in fronts] or Front:
            results.append(soak(front, settings, inside.absolute() / front, click.echo))
            if report is not None:
                report.write_text(json.dumps([result.as_json() for result in results], indent=1) + "\n")
    sys.exit(not all(result.passed for result in results))


if __name__ == "__main__":
    main()
