"""Which of the standard streams are a terminal, and how a dashboard gets its keys when input is piped."""

from __future__ import annotations

import io
import os
import sys
from enum import Enum
from typing import BinaryIO

from ..core.errors import OptionError
from .job_control import in_background, wait_for_foreground

_TTY = "/dev/tty"
_STANDARD_ERROR = 2


class FrontEnd(Enum):
    """What a user asked to watch the run with."""

    AUTO = "auto"
    PLAIN = "plain"
    DASHBOARD = "dashboard"


def open_standard_streams() -> None:
    """Open the null device on standard descriptors that the caller has closed, as daemons and cron jobs do.

    Otherwise the next socket or file would get such a number, and be taken for the terminal. Textual asks the
    interpreter's original streams for their numbers.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdin = sys.__stdin__ = sys.stdin or open(0, closefd=False)  # noqa: SIM115 - lives as long as the process
    sys.stdout = sys.__stdout__ = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.__stderr__ = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        # As standard error has it: a locale without our characters must not end the process.
        sys.stdout.reconfigure(errors="backslashreplace")


def is_dumb() -> bool:
    """Whether the terminal has no escape sequences, or nobody says which it has."""
    return os.environ.get("TERM", "dumb") == "dumb"


def use_dashboard(asked: FrontEnd) -> bool:
    """Whether the dashboard is to be shown: where standard error is a terminal, /dev/tty opens, and it is ours.

    In the background there is plain progress; one who insists on the dashboard is stopped until `fg`, as any
    full-screen program is. Raises OptionError when it was insisted on where it cannot be.
    """
    if asked is FrontEnd.PLAIN:
        return False
    possible = sys.stderr.isatty() and not is_dumb() and _has_tty()
    if asked is FrontEnd.DASHBOARD and not possible:
        raise OptionError(
            "--tui needs a terminal: standard error must be one, /dev/tty must open, and TERM must be set."
        )
    if possible and in_background(_STANDARD_ERROR):
        if asked is FrontEnd.AUTO:
            return False
        if not wait_for_foreground(_STANDARD_ERROR):
            raise OptionError("--tui needs the terminal, which another program has.")
    return possible


def take_standard_input(*, piped: bool, dashboard: bool) -> BinaryIO | None:
    """The run's rows from standard input where `piped`; a dashboard gets the keyboard on descriptor 0 instead.

    Textual reads keys from descriptor 0, so piped rows would be taken for keys: the pipe moves to a duplicate.
    Raises OptionError where standard input is closed, or is the very terminal whose keys the dashboard needs.
    """
    if not piped:
        if dashboard and not os.isatty(0):
            _keyboard_to_descriptor_0()
        return None
    if dashboard and os.isatty(0):
        raise OptionError(
            "The input '-' is this terminal, which the dashboard needs. Pipe the rows in, or use --headless."
        )
    try:
        rows = open(os.dup(0), "rb", buffering=0)  # noqa: PTH123, SIM115 - the caller owns it
    except OSError as error:
        raise OptionError("The input is '-', but standard input is closed.") from error
    if dashboard:
        _keyboard_to_descriptor_0()
    return rows


def _keyboard_to_descriptor_0() -> None:
    tty = os.open(_TTY, os.O_RDWR)
    try:
        os.dup2(tty, 0)
    finally:
        os.close(tty)


def _has_tty() -> bool:
    try:
        os.close(os.open(_TTY, os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
