"""Export of a run, while it runs or after: one line per row, in input order, in a thread of its own."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event
from typing import Any, cast

from ..errors import OptionError, RunError
from ..journal.damage import unusable
from ..journal.folder import RunFolder
from ..journal.meta import read_meta
from ..journal.reader import connect
from .csv_lines import csv_lines
from .jsonl import jsonl, jsonl_to_print
from .output import STDOUT, whole_file
from .records import EVERYTHING, Choice, JournalRows
from .unmasked import SecretSources, unmasked_rows

Writer = Callable[[JournalRows], Iterator[tuple[int, bytes]]]
_WRITERS: dict[str, Writer] = {".jsonl": jsonl, ".csv": csv_lines}


def check_output(output: Path) -> Writer:
    """The writer for a file's suffix, JSONL for `-`; raises OptionError for what cannot be written."""
    if output == STDOUT:
        return jsonl_to_print
    writer = _WRITERS.get(output.suffix.lower())
    if writer is None:
        known = " or ".join(_WRITERS)
        raise OptionError(f"--output {output}: the name must end in {known}, which says what to write.")
    folder = output.absolute().parent
    if output.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        why = "it is a folder" if output.is_dir() else f"the folder {folder} is missing or may not be written"
        raise OptionError(f"--output {output} cannot be written: {why}. Name another file.")
    return writer


async def export_run(
    folder: Path,
    output: Path,
    *,
    choice: Choice = EVERYTHING,
    secrets: SecretSources | None = None,
) -> int:
    """Write the chosen rows of the run as they are at this moment to `output`; returns how many.

    `.jsonl` or `.csv` by suffix, `-` for JSONL on standard output. The file appears whole, replacing an older one,
    or not at all; only its owner may read it. Secrets were masked before they were stored and are not in it; with
    `secrets`, columns and URLs get theirs back. Raises OptionError for an output that cannot be written, RunError
    for a folder without a readable run, and, where secrets cannot be found again, InputError, TemplateError or
    RunError.
    """
    writer = check_output(output)
    _spare_input(folder, output)
    cancelled = Event()
    # Name look-ups may fill the loop's default executor for seconds.
    thread = ThreadPoolExecutor(1, thread_name_prefix="export")
    try:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            thread, _export, RunFolder(folder), output, choice, secrets, writer, cancelled
        )
    finally:
        cancelled.set()
        thread.shutdown(wait=False)


def _export(
    folder: RunFolder,
    output: Path,
    choice: Choice,
    secrets: SecretSources | None,
    writer: Writer,
    cancelled: Event,
) -> int:
    written = 0
    try:
        with (
            _rows(folder, choice, secrets, rehearse=output == STDOUT) as rows,
            whole_file(output) as write,
        ):
            for lines, data in writer(rows):
                if cancelled.is_set():
                    raise RunError(f"The export to {output} was cancelled; nothing was written.")
                write(data)
                written += lines
    except (sqlite3.Error, ValueError, TypeError, AttributeError, OverflowError) as error:
        # A damaged page may give a value of any type, or none.
        raise unusable(folder.journal, error) from error
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OptionError(f"--output {output} cannot be written: {error.strerror}.") from error
    return written


@contextmanager
def _rows(
    folder: RunFolder, choice: Choice, secrets: SecretSources | None, *, rehearse: bool
) -> Generator[JournalRows]:
    """The rows of one moment; `rehearse` finds a missing secret before anything is written."""
    with closing(connect(folder.journal)) as db:
        db.execute("BEGIN")
        if secrets is None:
            yield JournalRows(db, choice)
            return
        job = cast("dict[str, Any] | None", read_meta(folder.journal, "job"))
        if job is None:
            raise RunError(f"There is no run in {folder.path}.")
        with unmasked_rows(db, choice, job, secrets) as rows:
            if rehearse:
                for _ in rows.columns():
                    pass
            yield rows


def _spare_input(folder: Path, output: Path) -> None:
    """Refuse to write over the file that the run reads its rows from; raises OptionError."""
    job = cast("dict[str, Any] | None", read_meta(RunFolder(folder).journal, "job"))
    if job is None or not output.exists():
        return
    source = Path(job["input"])
    if source.exists() and output.samefile(source):
        raise OptionError(f"--output {output} is the input of the run. Name another file.")
