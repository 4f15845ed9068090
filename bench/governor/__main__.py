"""`python -m bench.governor`: `--auto` against servers with limits, side by side with what others do."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from ..nginx import MissingError
from .cases import CASES, Case, Kind
from .clients import Tool
from .figures import Figures
from .measure import Result, measure

_PATH = click.Path(path_type=Path)
_BY_NAME = {case.name: case for case in CASES}
_EXPLAINED = """\
- *of the allowed*: requests accepted over the whole run, from the first attempt on, of rate × time
- *refused*: attempts answered 429, of those that started after the first 10 s (and not within 10 s after a halving)
- *locked in*: first second from which on the requests sent a second and the ones accepted both stay within 15 % of
  the allowed rate: in the next five windows without exception, in all further ones but one in twenty; a window lasts
  1 s (below 20/s as long as 20 requests), and one begins each second
- *settled*: the same for the halved limit, in seconds since it was halved
- *latency*: median after the first 10 s over that at rest, where the server queues instead of refusing
"""


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.argument("names", nargs=-1, metavar="[CASE]...")
@click.option("--seconds", type=click.FloatRange(min=2), default=60.0, help="For each client in each case.")
@click.option("--rounds", type=click.IntRange(min=1), default=1, help="How often each case is measured.")
@click.option("--at-once", type=click.IntRange(1, 4),
              help="Clients at the same time; by default all, in cases above 300/s one.")  # fmt: skip
@click.option("--client", "clients", type=click.Choice([tool.name.lower() for tool in Tool]), multiple=True,
              help="Only this client; all four without.")  # fmt: skip
@click.option("--all", "every", is_flag=True, help="All cases, not only the usual ones.")
@click.option("--list", "listing", is_flag=True, help="Name the cases and leave.")
@click.option("--folder", type=_PATH, help="Keep configurations and run folders in this new folder.")
@click.option("--json", "report", type=_PATH, help="Write every figure and decision to this file.")
def main(
    names: tuple[str, ...],
    seconds: float,
    rounds: int,
    at_once: int | None,
    clients: tuple[str, ...],
    every: bool,
    listing: bool,
    folder: Path | None,
    report: Path | None,
) -> None:
    """Measure each CASE, or the usual ones; the exit status is 1 where fetchdeck misses a goal."""
    if listing:
        for case in CASES:
            click.echo(case.name + ("" if case.usual else " (only by name or --all)"))
        return
    unknown = [name for name in names if name not in _BY_NAME]
    if unknown:
        raise click.UsageError(f"no such case: {', '.join(unknown)}; --list names them")
    cases = [_BY_NAME[name] for name in names] or [case for case in CASES if case.usual or every]
    tools = [Tool[name.upper()] for name in clients] or list(Tool)
    results: list[Result] = []
    with ExitStack() as stack:
        inside = folder or Path(stack.enter_context(TemporaryDirectory(prefix="governor-")))
        click.echo(f"{seconds:g} s for each client in each case.\n\n{_EXPLAINED}\n{_head()}")
        for number in range(rounds):
            for case in cases:
                together = at_once or (1 if case.heavy else len(tools))
                try:
                    found = measure(case, number, tools, seconds, together, inside.absolute())
                except MissingError as reason:
                    click.echo(f"| {case.name} | could not run: {reason} |" + " |" * 6)
                    continue
                results += found
                for result in sorted(found, key=lambda one: list(Tool).index(one.tool)):
                    click.echo(_line(result))
                if report is not None:
                    report.write_text(json.dumps([result.as_json() for result in results], indent=1) + "\n")
    missed = _verdicts(results)
    sys.exit(missed)


def _head() -> str:
    columns = ("case", "client", "of the allowed", "refused", "locked in", "settled", "latency", "goals")
    return f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}"


def _line(result: Result) -> str:
    figures, case = result.figures, result.case
    goals = "" if not result.checks else "PASS" if all(check.passed for check in result.checks) else "FAIL"
    cells = (
        case.name,
        result.tool.value,
        f"{figures.share:.1%}",
        f"{figures.refused:.2%}",
        "" if case.kind is Kind.WINDOW else _seconds(figures.locked_s),
        _settled(case, figures),
        "" if figures.latency is None else f"{figures.latency:.2f}",
        goals,
    )
    return f"| {' | '.join(cells)} |"


def _settled(case: Case, figures: Figures) -> str:
    if not case.halved or figures.refused_halved is None:
        return ""
    return f"{_seconds(figures.settled_s)}, then {figures.refused_halved:.2%} refused"


def _seconds(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.0f} s"


def _verdicts(results: list[Result]) -> bool:
    """Tell the goals that were missed; whether there are any."""
    click.echo()
    missed = False
    for result in results:
        for check in result.checks:
            if not check.passed:
                missed = True
                click.echo(f"- FAIL: {result.case.name}: {check.name}: {check.detail}")
    if not missed:
        click.echo("- PASS: every goal in every case that ran")
    return missed


if __name__ == "__main__":
    main()
