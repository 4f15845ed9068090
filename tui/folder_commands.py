"""The commands that send nothing: those that look at a run folder or write out of one, and `init`.

What costs time to load is imported inside the commands that need it, as in `run_commands.py`.
"""

from __future__ import annotations

import os
from pathlib import Path

import click

from ..core.errors import OptionError
from ..core.journal.filter import SYNTAX, RowFilter
from ..core.printable import printable
from .options import FOLDER, RUN
from .shell_words import quote_path
from .terminal import FrontEnd, take_standard_input, use_dashboard


@click.command()
@click.argument("folder", type=RUN, metavar="RUN")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def status(folder: Path, as_json: bool) -> None:
    """Say how RUN stands: counts, state, causes of failure. Works while it runs."""
    from ..core.report import run_status
    from .summary import summary_lines

    found = run_status(folder)
    click.echo(found.json() if as_json else "\n".join(summary_lines(found, causes_in_full=True)))


@click.command("open")
@click.argument("folder", type=RUN, metavar="RUN")
@click.pass_context
def open_run(ctx: click.Context, folder: Path) -> None:
    """Look at RUN in the dashboard, without fetching: finished, interrupted, or while another process works on it.

    Nothing is sent or written; q leaves. RUN may also be the run's input or its journal file.
    """
    if not use_dashboard(FrontEnd.AUTO):
        raise OptionError(
            "'open' needs a terminal: standard error must be one, /dev/tty must open, and TERM must be set. "
            f"'fetchdeck status {quote_path(str(folder))}' tells how the run stands without one."
        )
    take_standard_input(piped=False, dashboard=True)

    from .viewing import view_run

    ctx.exit(view_run(folder))


@click.command()
@click.argument("folder", type=RUN, metavar="RUN")
@click.option("-o", "--output", type=FOLDER, required=True, metavar="FILE",
              help=".jsonl or .csv; - writes JSON lines to standard output.")  # fmt: skip
@click.option("--state", "states", type=click.Choice(["all", "succeeded", "failed"]), default="all",
              show_default=True, help="Which rows; 'failed' includes invalid ones.")  # fmt: skip
@click.option("--where", metavar="FILTER", default="",
              help=f"Only the rows that a filter selects, such as 'cause:3 host:api.': {SYNTAX}")  # fmt: skip
@click.option("--with-secrets", is_flag=True,
              help="Columns and URLs in full, read again from the input and the environment.")  # fmt: skip
@click.option("--url", metavar="TEMPLATE",
              help="With --with-secrets: the first command's --url, if a secret stood in it.")  # fmt: skip
def export(folder: Path, output: Path, states: str, where: str, with_secrets: bool, url: str | None) -> None:
    """Write RUN's rows to FILE in input order, with responses and attempts. Works while it runs."""
    from ..core.export import Choice, ExportStates, SecretSources
    from .exporting import write_export

    if url is not None and not with_secrets:
        raise OptionError("--url is for --with-secrets: without it an export needs no template.")
    secrets = SecretSources(os.environ, url) if with_secrets else None
    rows = write_export(folder, output, Choice(ExportStates(states), RowFilter.parse(where)), secrets)
    file = "standard output" if str(output) == "-" else printable(str(output))
    click.echo(f"Wrote {rows:,} {'row' if rows == 1 else 'rows'} to {file}.", err=True)


@click.command()
@click.argument("folder", type=FOLDER, metavar="RUN")
@click.argument("new", type=FOLDER, metavar="NEW")
def salvage(folder: Path, new: Path) -> None:
    """Save what still reads of a damaged RUN into NEW, a new run folder to go on with; RUN is only read."""
    from .salvaging import salvage_lines

    click.echo("\n".join(salvage_lines(folder, new)))


@click.command()
@click.argument("file", type=FOLDER, default="job.toml", metavar="[FILE]")
@click.option("--force", is_flag=True, help="Replace FILE if it is there already.")
@click.pass_context
def init(ctx: click.Context, file: Path, force: bool) -> None:
    """Write a job file (job.toml by default; - for standard output) with every option of 'run', explained.

    Edit it, and start it with 'fetchdeck run FILE'.
    """
    from .job_template import job_template, write_job_file

    group = ctx.find_root().command
    run = group.get_command(ctx, "run") if isinstance(group, click.Group) else None
    text = job_template(run.params if run is not None else ())
    if str(file) == "-":
        click.echo(text, nl=False)
        return
    write_job_file(file, text, replace=force)
    path = quote_path(str(file))
    click.echo(f"Wrote {path}. Edit it, and start with: fetchdeck run {path}", err=True)
