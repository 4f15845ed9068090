"""Exports from the command line."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from ..core.export import EVERYTHING, Choice, SecretSources, export_run
from ..core.export.output import STDOUT


def write_export(
    folder: Path,
    output: Path,
    choice: Choice = EVERYTHING,
    secrets: SecretSources | None = None,
) -> int:
    """Export a run, with its secrets where their sources are given; returns the number of rows.

    A closed standard output ends the process, as with other tools.
    """
    if output == STDOUT:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    return asyncio.run(export_run(folder, output, choice=choice, secrets=secrets))
