"""The command line: which commands there are, and how the process ends.

A command's module is loaded when it is wanted, so that `fetchdeck --version` answers at once.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from contextlib import suppress
from pathlib import Path

import click

from ..core.printable import printable_lines
from ..core.version import VERSION
from .refusals import Commands, LazyCommands
from .terminal import FrontEnd, open_standard_streams, use_dashboard

_NEW_OBJECTS = 100_000
"""So many between two searches for garbage: 700, as it comes, make loading a tenth slower, and hardly any is found."""
EXIT_INTERRUPTED = 130
EXIT_IO_ERROR = 74
"""`EX_IOERR` of sysexits.h: an output that cannot be written."""
EXIT_INTERNAL_ERROR = 70
"""`EX_SOFTWARE` of sysexits.h: neither a usage error nor a failed request."""
COMMANDS = {
    "config": "config_command:config",
    "demo": "run_commands:demo",
    "export": "folder_commands:export",
    "init": "folder_commands:init",
    "open": "folder_commands:open_run",
    "resume": "run_commands:resume",
    "retry": "run_commands:retry",
    "run": "run_commands:run",
    "salvage": "folder_commands:salvage",
    "status": "folder_commands:status",
}
"""Where each command is declared."""


@click.group(
    cls=Commands,
    commands=LazyCommands(COMMANDS),
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(VERSION, message="fetchdeck %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Fetch a long list of HTTP requests: watch it, tune it, retry what failed, lose nothing.

    Without a command, on a terminal: choose an input, see its first requests, and start.

    Exit status: 0 all succeeded, 1 finished with failures, 2 usage or input error, 3 stopped by --max-failures,
    130 interrupted and resumable. The first Ctrl-C drains and saves, the second leaves at once.
    """

    if ctx.invoked_subcommand is None:
        ctx.exit(_set_up(ctx))


def _set_up(ctx: click.Context) -> int:
    """Let the user choose on a terminal, and carry the command out that this comes to; else print the help."""
    if not (os.isatty(0) and use_dashboard(FrontEnd.AUTO)):
        raise click.exceptions.NoArgsIsHelpError(ctx)

    from .setup_app import set_up

    chosen = set_up(Path())
    return cli.main(args=list(chosen.words), standalone_mode=False) or 0 if chosen is not None else 0


def main() -> None:
    """Entry point; ends the process with the exit status."""
    gc.set_threshold(_NEW_OBJECTS)
    open_standard_streams()
    # What a run writes is its owner's alone, whatever the shell's mask leaves open or takes away.
    os.umask(0o077)
    try:
        status = cli.main(standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        text = io.StringIO()
        error.show(text)
        # Loaded here, because it costs time that only an error is worth.
        from .told import told

        click.echo(printable_lines(told(text.getvalue())), nl=False, err=True)
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        status = EXIT_INTERRUPTED
    except OSError as error:
        with suppress(OSError):
            click.echo(
                f"fetchdeck: {error.strerror or type(error).__name__}. The run, if any, can be resumed.",
                err=True,
            )
        status = EXIT_IO_ERROR
    except Exception as error:
        # Loaded here, because it costs time that only an error is worth.
        import traceback

        # The message may hold a URL with a key in it; the stack holds none.
        click.echo("".join(traceback.format_tb(error.__traceback__)), err=True)
        click.echo(f"fetchdeck: internal error: {type(error).__name__}. The run can be resumed.", err=True)
        status = EXIT_INTERNAL_ERROR
    _drop_what_cannot_be_written()
    # The interpreter would look for garbage once more, for a tenth of the time that a short command takes.
    gc.freeze()
    sys.exit(status)


def _drop_what_cannot_be_written() -> None:
    """Empty the buffers of standard output and error: what stays in them fails once more at the end, as status 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
