"""The commands that send requests: `run`, `resume`, `retry` and `demo`.

What costs time to load (aiohttp, Textual, Jinja2) is imported inside the commands, so that `--help` and a mistyped
option answer at once.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from ..core.errors import OptionError
from ..core.journal.filter import SYNTAX, RowFilter
from ..core.model import State
from .job_command import JobCommand, is_job_file
from .options import (
    DEFAULTS,
    DEMO_DEFAULTS,
    FOLDER,
    HEADER,
    Headers,
    build_job,
    build_options,
    default_folder,
    effort_options,
    front_end,
    front_end_options,
    gives_proxy,
    output_option,
    request_options,
)
from .rule_options import given_rules
from .shell_words import quote_path
from .terminal import take_standard_input, use_dashboard

header_option = click.option(
    "-H",
    "--header",
    "headers",
    type=HEADER,
    multiple=True,
    metavar="'NAME: VALUE'",
    help="Another header or value from now on; or one again that was secret, and so was not stored.",
)


@click.command(cls=JobCommand)
@click.argument("source", metavar="INPUT")
@request_options
@effort_options(DEFAULTS)
@click.option(
    "--run", "folder", type=FOLDER, metavar="DIR", help="The run folder (default INPUT's stem + .run)."
)
@click.option("--fresh", is_flag=True, help="Discard the run that is in the folder, and start over.")
@front_end_options
@output_option
@click.pass_context
def run(ctx: click.Context, source: str, folder: Path | None, fresh: bool, **given: Any) -> None:
    """Fetch every row of INPUT: .txt (a URL a line), .csv, .tsv, .jsonl, or - for standard input.

    The same command again goes on with the same run, also after a crash. INPUT may also be a job file (.toml, see
    'fetchdeck init') with these options by their long names; those of the command line win.
    """
    job = build_job(source, given)
    options = build_options(DEFAULTS, given)
    _check_output(given)
    dashboard = use_dashboard(front_end(given))
    stdin = take_standard_input(piped=source == "-", dashboard=dashboard)

    from .session import Session, run_session

    session = Session(
        job,
        options,
        folder or default_folder(source),
        os.environ,
        dashboard,
        fresh=fresh,
        stdin=stdin,
        output=given["output"],
        keep_running=given["keep_running"],
    )
    ctx.exit(run_session(session))


@click.command()
@click.argument("folder", type=FOLDER, metavar="RUN")
@header_option
@effort_options(None)
@front_end_options
@output_option
@click.pass_context
def resume(ctx: click.Context, folder: Path, headers: Headers, **given: Any) -> None:
    """Go on with the run in folder RUN, with its own options except those given here."""
    ctx.exit(_go_on(folder, headers, None, given))


@click.command()
@click.argument("folder", type=FOLDER, metavar="RUN")
@click.option("--where", metavar="FILTER", default="", help=f"Only these: {SYNTAX}")
@header_option
@effort_options(None)
@front_end_options
@output_option
@click.pass_context
def retry(ctx: click.Context, folder: Path, where: str, headers: Headers, **given: Any) -> None:
    """Queue RUN's failures again, all or those that FILTER selects, and go on with the run."""
    again = RowFilter.parse(where).within((State.FAILED,))
    ctx.exit(_go_on(folder, headers, again, given))


@click.command()
@click.option(
    "--rows", type=click.IntRange(min=1), metavar="N", help="Only the first N places (default all 27,000)."
)
@click.option("--latency", type=click.FloatRange(min=0), default=333.0, show_default=True, metavar="MS",
              help="Mean time of an answer.")  # fmt: skip
@click.option("--faults", default="", metavar="SHARES",
              help="What goes wrong: 429=1%,500=0.5%,reset=0.2%,slow=0.2% is the default; also truncated, "
              "garbage (no HTTP) and silent.")  # fmt: skip
@click.option("--no-faults", is_flag=True, help="Every place is answered, in about the usual time.")
@effort_options(DEMO_DEFAULTS)
@click.option("--run", "folder", type=FOLDER, default=Path("places.run"), show_default=True, metavar="DIR")
@click.option("--fresh", is_flag=True, help="Discard the demo that is in the folder, and start over.")
@front_end_options
@output_option
@click.pass_context
def demo(ctx: click.Context, folder: Path, fresh: bool, **given: Any) -> None:
    """Fetch 27,000 places from an API server of its own on this machine; no network needed.

    Kill it and give the same command again: it goes on where it was.
    """
    from .demo.setup import check_folder, demo_job, demo_setup

    wanted = demo_setup(given["rows"], given["latency"], given["faults"], no_faults=given["no_faults"])
    options = build_options(DEMO_DEFAULTS, given)
    _check_output(given)
    dashboard = use_dashboard(front_end(given))
    setup = check_folder(folder, wanted, fresh=fresh)
    take_standard_input(piped=False, dashboard=dashboard)

    from .session import Session, run_session

    with demo_job(folder, setup) as (job, environ):
        session = Session(
            job,
            options,
            folder,
            environ,
            dashboard,
            fresh=fresh,
            output=given["output"],
            keep_running=given["keep_running"],
        )
        ctx.exit(run_session(session))


def _go_on(folder: Path, headers: Headers, again: RowFilter | None, given: dict[str, Any]) -> int:
    if is_job_file(str(folder)):
        raise OptionError(
            f"{folder} is a job file, and no run folder. 'fetchdeck run {quote_path(str(folder))}' goes on with its "
            f"run, as the file has it now; the folder is {default_folder(str(folder))} where the file names no other."
        )
    _check_output(given)
    dashboard = use_dashboard(front_end(given))

    from ..core.engine.run import stored_job
    from .demo.setup import server_of
    from .session import Session, run_session

    other_rules = given_rules(given)
    job, stored = stored_job(folder, headers, other_proxy=gives_proxy(given), other_rules=other_rules)
    options = build_options(stored, given)
    take_standard_input(piped=False, dashboard=dashboard)
    with server_of(folder) as environ:
        return run_session(
            Session(
                job,
                options,
                folder,
                environ,
                dashboard,
                again=again,
                other_headers=bool(headers),
                output=given["output"],
                keep_running=given["keep_running"],
            )
        )


def _check_output(given: dict[str, Any]) -> None:
    """Refuse an export file of an unknown kind before anything is sent rather than after everything is."""
    if given["output"] is not None:
        from ..core.export import check_output

        check_output(given["output"])
